import AgentCore
import Devices
import Glibc
import SearchSpace
import TrialSandbox
import TuningModel
import Wire

/// What a trial is started with: words and variables. Of the agent's own environment only what stands in these lists
/// goes over.
enum TrialEnvironment {
  /// Variables that go over where the agent has them.
  private static let passedOn = ["HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "TZ", "CUDA_VISIBLE_DEVICES"]
  /// What `setup` may need beyond that to reach its package servers.
  private static let passedOnToSetup = [
    "http_proxy", "https_proxy", "no_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY",
    "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_CERT", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "UV_INDEX_URL",
  ]
  private static let defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

  /// The words of the command: the entry point, `--name value` for each hyperparameter, the checkpoint directory. Each
  /// is one argument, whatever it holds.
  static func arguments(_ launch: AgentLaunch, program: String, trial: TrialFolder) -> [String] {
    var words = [program] + launch.program.entryPoint.dropFirst()
    for entry in launch.start.configuration.entries { words += ["--\(entry.name)", entry.value.argumentText] }
    return words + ["--st_checkpoint_dir", trial.checkpoints]
  }

  static func variables(
    _ launch: AgentLaunch, trial: TrialFolder, folder: AttemptFolder, pythonFolder: String, devices: SlotPlan
  ) -> [EnvironmentEntry] {
    let start = launch.start
    var list = VariableList(common)
    list["TMPDIR"] = trial.temporary
    list["OMP_NUM_THREADS"] = "1"
    let variables = devices.variables(of: start.slot)
    if devices.managesDevices { for name in SlotPlan.variableNames { list[name] = nil } }
    for variable in variables { list[variable.name] = variable.value }
    for entry in launch.program.environment { list[entry.name] = entry.value }
    // The cluster file may let a trial see GPUs that no slot holds, but not others than its own.
    if devices.hasDevices { for variable in variables { list[variable.name] = variable.value } }
    list["PYTHONPATH"] = list["PYTHONPATH"].map { "\(pythonFolder):\($0)" } ?? pythonFolder
    list["PASHA_RUN"] = launch.run
    list["PASHA_TRIAL_ID"] = "\(start.attempt.trial)"
    list["PASHA_TRIAL_ATTEMPT"] = "\(start.attempt.attempt)"
    list["PASHA_CHECKPOINT_DIR"] = trial.checkpoints
    list["PASHA_CONFIG"] = folder.configuration
    list["PASHA_MILESTONE"] = "\(start.milestone)"
    list["PASHA_RESOURCE_ATTR"] = launch.program.resourceAttribute
    list[maximumVariable] = "\(start.maximum)"
    return list.entries
  }

  /// The variable of a plan that names the maximum resource.
  static let maximumVariable = "PASHA_MAX_RESOURCE"

  /// The environment of `setup`, as `NAME=value`.
  static func setup(_ program: Program) -> [String] {
    var list = VariableList(common)
    for name in passedOnToSetup { list[name] = variable(name) }
    for entry in program.environment { list[entry.name] = entry.value }
    return list.entries.map { "\($0.name)=\($0.value)" }
  }

  /// The environment of the supervisor itself.
  static var supervisor: [String] {
    (["PATH", "HOME", "LD_LIBRARY_PATH"] as [String]).compactMap { name in variable(name).map { "\(name)=\($0)" } }
  }

  private static var common: [EnvironmentEntry] {
    var list = VariableList([])
    list["PATH"] = variable("PATH") ?? defaultPath
    for name in passedOn { list[name] = variable(name) }
    return list.entries
  }

  static func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
}

/// Variables in the order in which they came, each once.
private struct VariableList {
  private(set) var entries: [EnvironmentEntry]

  init(_ entries: [EnvironmentEntry]) { self.entries = entries }

  subscript(name: String) -> String? {
    get { entries.first { $0.name == name }?.value }
    set {
      entries.removeAll { $0.name == name }
      if let newValue { entries.append(EnvironmentEntry(name: name, value: newValue)) }
    }
  }
}
