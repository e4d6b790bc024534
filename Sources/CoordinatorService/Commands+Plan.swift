import ClusterFile
import CodeTree
import Coordination
import CurveTables
import Foundation
import HostSystem
import Launching
import Presentation
import Simulation
import TuningModel

/// What `plan` is asked for.
public struct PlanOptions: Sendable {
  public var file: String
  /// Epochs that each trial is trained; no more than `max_t`.
  public var epochs: Int
  /// Trials of the search; nil: as the file says.
  public var trials: Int?
  /// Trials that are tried at once on each kind of host.
  public var atOnce: Int
  public var limit: Duration
  public var seeds: Int
  /// A folder or file with learning curves; nil: synthetic ones.
  public var table: String?
  public var json: Bool

  public init(
    file: String, epochs: Int = 3, trials: Int? = nil, atOnce: Int = 1, limit: Duration = .seconds(1800),
    seeds: Int = 15, table: String? = nil, json: Bool = false
  ) {
    self.file = file
    self.epochs = epochs
    self.trials = trials
    self.atOnce = atOnce
    self.limit = limit
    self.seeds = seeds
    self.table = table
    self.json = json
  }

  func check() throws(ServiceError) {
    func check(_ option: String, _ value: Int, _ range: ClosedRange<Int>) throws(ServiceError) {
      guard range.contains(value) else {
        throw ServiceError(
          .usage, "\(option) must be \(range.lowerBound)…\(range.upperBound), not \(value)")
      }
    }
    try check("--epochs", epochs, 2...1_000_000)
    try check("--at-once", atOnce, 1...4096)
    try check("--seeds", seeds, 1...Commands.mostSeeds)
    if let trials { try check("--trials", trials, 1...100_000) }
    guard (.seconds(1)...Duration.seconds(365 * 86_400)).contains(limit) else {
      throw ServiceError(.usage, "--limit-minutes must be above 0, and at most a year")
    }
  }
}

extension Commands {
  /// Tries a trial on each kind of host, and forecasts what the search takes.
  public static func plan(_ options: PlanOptions, home: String = RunFolder.home) throws -> ExitCode {
    try options.check()
    // Before any thread is: a signal must find none that does not know of the watch.
    let signals = try SignalWatch([SIGINT, SIGTERM, SIGHUP])
    let isInterrupted = Locked(false)
    let isWanted: () -> Bool = {
      if signals.next() != nil { isInterrupted.withLock { $0 = true } }
      return !isInterrupted.withLock { $0 }
    }
    let decoded = try ClusterFile.load(path: options.file)
    for warning in decoded.warnings { complain(warning.description) }
    let specification = decoded.specification
    try PlanForecast.check(specification, trials: options.trials)
    let tree = try RunService.scanCode(of: specification)
    let measured = try options.table.map { try curves($0, specification) }
    var plan = Presentation.Plan()
    plan.resource = specification.experiment.resourceAttribute
    plan.curves = measured.map { "learning curves of \($0.name)" } ?? "synthetic learning curves"
    plan.seeds = options.seeds

    let reports = try look(at: specification.cluster, home, isWanted)
    for report in reports where report.failure != nil || report.report == nil {
      plan.kinds.append(
        Presentation.Plan.Kind(
          hosts: [report.host.name], devices: "cannot be used",
          failure: report.failure?.message ?? "nothing was found out"))
    }
    let groups = HostGroup.groups(of: reports, specification.cluster)
    guard
      let kinds = try tryTrials(
        groups, specification, tree, options, state: Files.parent(of: home), while: isWanted)
    else {
      complain("interrupted; nothing of the trial runs is left")
      return .abandoned
    }
    plan.kinds += kinds
    signals.release()
    let gpus = specification.cluster.gpus
    let usesGPUs = zip(groups, kinds).contains { $0.usesGPUs(specification.cluster) && $1.pace != nil }
    if usesGPUs { plan.gpusPerSlot = Double(gpus.perTrial) / Double(gpus.trialsPerGPU) }
    if let farm = FarmPace(plan.measured, maxWorkers: specification.cluster.maxWorkers) {
      plan.farm = farm
      let forecast = try PlanForecast(
        specification, farm: farm, measured: measured, seeds: options.seeds, trials: options.trials)
      plan.forecasts = forecast.forecasts
      plan.notes = forecast.notes + notes(of: plan, specification)
    }
    show(options.json ? Presentation.planJSON(plan).jsonText(.strict) : Presentation.plan(plan))
    return plan.farm == nil ? .runFailed : .success
  }

  private static func curves(_ path: String, _ specification: RunSpecification) throws -> CurveTable {
    let (table, leftOut) = try CurveTables.read(path).curves(upTo: specification.scheduler.maxResource)
    if leftOut.count > 0 { complain("\(table.name): \(leftOut.description)") }
    return table
  }

  /// What the hosts of the file have; this machine, where it names none.
  private static func look(at cluster: ClusterOptions, _ home: String, _ isWanted: () -> Bool) throws -> [HostReport] {
    guard !cluster.hosts.isEmpty else {
      var report = HostReport(HostOptions(name: "local", host: "local"))
      report.look(at: try agentExecutable(), cluster)
      return [report]
    }
    let state = Files.parent(of: home)
    let needsBundle = cluster.hosts.contains(where: ClusterOptions.isRemote)
    let program: HostTask.Program =
      needsBundle
      ? try AgentProgram.forHosts(try agentExecutable(), state: state) : .installed(path: try agentExecutable())
    complain("looking at \(Presentation.count(cluster.hosts.count, "host")) …")
    return try HostChecks(
      cluster: cluster, program: program, executable: try launchExecutable(),
      knownHosts: AgentProgram.knownHosts(state: state)
    ).run(while: isWanted) { _ in }
  }

  // MARK: Trials

  /// nil: it was interrupted.
  private static func tryTrials(
    _ groups: [HostGroup], _ specification: RunSpecification, _ tree: CodeTree?, _ options: PlanOptions, state: String,
    while isWanted: () -> Bool
  ) throws -> [Presentation.Plan.Kind]? {
    let home = try planHome(in: state)
    defer { try? Folders.removeTree(home) }
    let epochs = min(options.epochs, specification.scheduler.maxResource)
    let trial = PlanTrial(
      specification: specification, origin: RunService.absolute(options.file), tree: tree,
      options: RunService.Options(home: home, agentExecutable: try agentExecutable(), isQuiet: true),
      epochs: epochs, trials: options.atOnce, limit: options.limit)
    var kinds: [Presentation.Plan.Kind] = []
    for group in groups {
      guard isWanted() else { return nil }
      guard let first = group.hosts.first else { continue }
      complain(
        "\(Presentation.printable(first.host.name)): \(options.atOnce == 1 ? "a trial" : "\(options.atOnce) trials") of "
          + "\(epochs) \(Presentation.printable(specification.experiment.resourceAttribute))s on "
          + Presentation.printable(group.devices))
      var kind = Presentation.Plan.Kind(
        hosts: group.hosts.map(\.host.name), devices: group.devices,
        freeBytes: first.report?.whole("free_bytes") ?? first.facts?.freeBytes)
      switch try trial.run(on: specification.cluster.hosts.isEmpty ? nil : first.host) {
      case .measured(let measure):
        kind.pace = measure.pace
        kind.slots = measure.slots
      case .failed(let reason): kind.failure = reason
      case .interrupted: return nil
      }
      kinds.append(kind)
    }
    return isWanted() ? kinds : nil
  }

  /// A folder for the trial runs, beside those of other runs. What a plan left that was killed goes.
  private static func planHome(in state: String) throws -> String {
    let prefix = "plan-"
    for entry in (try? Folders.list(state)) ?? [] where entry.name.hasPrefix(prefix) {
      guard let pid = Int(entry.name.dropFirst(prefix.count)), (try? ProcessHandle(pid)) == nil else { continue }
      try? Folders.removeTree("\(state)/\(entry.name)")
    }
    return "\(state)/\(prefix)\(getpid())"
  }

  // MARK: Notes

  private static func notes(of plan: Presentation.Plan, _ specification: RunSpecification) -> [String] {
    var notes: [String] = []
    let resource = plan.resource
    for kind in plan.kinds where kind.pace?.steps == 0 {
      notes.append(
        "\(kind.hosts[0]) reported once: what its start takes is counted as a part of the \(resource); give --epochs")
    }
    if plan.farm?.checkpointBytes == 0 {
      notes.append("the script wrote no checkpoint: a promoted trial begins again, which is not in the forecast")
    }
    if case .coordinator = specification.checkpoints.store {
      notes.append("with store: coordinator the checkpoints take as much room on this machine once more")
    }
    for kind in plan.kinds where kind.pace != nil {
      guard let free = kind.freeBytes else { continue }
      let most = plan.forecasts.map { (forecast: $0, bytes: plan.bytes(of: $0, on: kind)) }
      for (forecast, bytes) in most where bytes > Double(free) {
        notes.append(
          "\(kind.hosts[0]) has \(Presentation.bytes(free)) free: too little for the checkpoints of \(forecast.label)")
      }
    }
    return notes
  }
}
