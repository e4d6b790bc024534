import AgentCore
import Devices
import HostSystem
import SearchSpace
import TrialSandbox
import TuningModel
import Wire

/// Carries out the start of an attempt: folders, plan, supervisor.
struct TrialLauncher {
  let home: AgentHome
  /// What runs `pasha-agent supervise`, without the plan's path.
  let supervisor: [String]
  let devices: DeviceOffer

  func launch(_ launch: AgentLaunch) throws(LaunchFailure) -> SupervisorClient {
    do {
      return try start(launch)
    } catch let failure as LaunchFailure {
      throw failure
    } catch let error as SpawnError {
      throw LaunchFailure(.hostFault, "the supervisor: \(error.message)")
    } catch let error as SystemError where error.code == .noSpace {
      throw LaunchFailure(
        .hostFault, "\(error.message): make room there, or move the runs with work_dir in the cluster file")
    } catch {
      throw LaunchFailure(.hostFault, "\(error)")
    }
  }

  private func start(_ launch: AgentLaunch) throws -> SupervisorClient {
    let name = launch.start.attempt
    let trial = home.trial(name.trial)
    let folder = trial.attempt(name.attempt)
    try checkDevices(launch.start.slot)
    try trial.make()
    guard try trial.claim(name.attempt) else {
      let seen = trial.highestAttempt ?? name.attempt
      throw LaunchFailure(.staleAttempt, "attempt \(seen) of trial \(name.trial) was started on this host")
    }
    if let generation = launch.start.resumeFrom { try checkSeal(generation, of: trial) }
    try Files.makeFolder(folder.path)
    try folder.setOwner(home.index)
    try link(CodePlace(home: home, program: launch.program).folder, into: trial.work)
    try Files.writeAtomically(folder.configuration, launch.start.configuration.json.jsonBytes(.python) + [0x0A])
    let variables = TrialEnvironment.variables(
      launch, trial: trial, folder: folder, pythonFolder: home.pythonFolder, devices: devices.plan)
    let program = try find(launch.program.entryPoint.first ?? "", in: trial.work, variables: variables)
    let plan = AttemptPlan(
      run: launch.run, attempt: name, slot: launch.start.slot,
      arguments: TrialEnvironment.arguments(launch, program: program, trial: trial), environment: variables,
      workFolder: trial.work, checkpointFolder: trial.checkpoints, sealFolder: trial.seals,
      resumeFrom: launch.start.resumeFrom, milestone: launch.start.milestone,
      isLastMilestone: launch.start.milestone >= launch.start.maximum,
      holdsAtMilestone: launch.program.holdsAtMilestone, resourceAttribute: launch.program.resourceAttribute,
      metric: launch.program.metric, settle: launch.program.settle, holdLimit: launch.program.holdLimit,
      grace: launch.program.grace, keptGenerations: launch.program.keptGenerations, lease: launch.lease,
      lockFiles: [home.slotLock(launch.start.slot), trial.lock] + devices.lockWords(of: launch.start.slot),
      sandbox: launch.program.sandbox, quota: launch.program.quota, lastGeneration: launch.start.lastGeneration)
    try Files.writeDurably(folder.plan, plan.encoded())
    do throws(SpawnError) {
      return try SupervisorClient.start(folder, command: supervisor, environment: TrialEnvironment.supervisor)
    } catch {
      // Without its plan the attempt was never started: no agent takes it up.
      try? Files.removeFile(folder.plan)
      throw error
    }
  }

  /// Another run may have taken the slot's GPUs since the coordinator chose it.
  private func checkDevices(_ slot: Int) throws {
    guard devices.plan.slots.indices.contains(slot) else { return }
    let conflict = try devices.locks.conflict(of: devices.plan.slots[slot], trialsPerGPU: devices.plan.trialsPerGPU)
    if let conflict { throw LaunchFailure(.slotBusy, conflict, isDeviceConflict: true) }
  }

  private func checkSeal(_ generation: Int, of trial: TrialFolder) throws {
    for suffix in ["", ".manifest", ".seal"] where !Files.exists("\(trial.seals)/\(generation)\(suffix)") {
      throw LaunchFailure(.checkpointMissing, "\(trial.seals)/\(generation)\(suffix) does not exist")
    }
  }

  /// Links each entry of the code tree into the working directory. What the trial made itself under such a name stays.
  private func link(_ tree: String, into work: String) throws {
    guard Files.exists(tree) else { return }
    for entry in try Folders.list(tree) {
      let link = "\(work)/\(entry.name)"
      let target = "\(tree)/\(entry.name)"
      switch try Files.status(link)?.kind {
      case nil: try Files.makeLink(link, to: target)
      case .link:
        if try Files.linkTarget(link) != target {
          try Files.removeFile(link)
          try Files.makeLink(link, to: target)
        }
      case .file, .folder, .special: break
      }
    }
  }

  /// The program's path: a relative one stands in the working directory, a bare name along the trial's PATH.
  private func find(_ word: String, in work: String, variables: [EnvironmentEntry]) throws -> String {
    if word.contains("/") {
      let path = word.hasPrefix("/") ? word : "\(work)/\(word)"
      guard let status = try Files.status(path, followingLinks: true) else {
        throw LaunchFailure(.noSuchProgram, "\(word) does not exist (looked for at \(path))")
      }
      guard status.kind == .file, status.isExecutable else {
        throw LaunchFailure(.noSuchProgram, "\(word) cannot be executed (\(path))")
      }
      return path
    }
    let path = variables.first { $0.name == "PATH" }?.value ?? ""
    for folder in path.split(separator: ":") {
      let status = try? Files.status("\(folder)/\(word)", followingLinks: true)
      if let status, status.kind == .file, status.isExecutable { return word }
    }
    throw LaunchFailure(.noSuchProgram, "\(word) is in no folder of PATH (\(path))")
  }
}

/// A start that cannot be carried out.
struct LaunchFailure: Error {
  let refusal: StartRefusal
  /// Whether another run has the slot's GPUs.
  let isDeviceConflict: Bool

  init(_ code: StartRefusal.Code, _ detail: String, isDeviceConflict: Bool = false) {
    refusal = StartRefusal(code: code, detail: detail)
    self.isDeviceConflict = isDeviceConflict
  }
}
