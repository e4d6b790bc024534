import ClusterFile
import CodeTree
import Coordination
import Foundation
import HostSystem
import Presentation
import Scheduling
import SearchSpace
import TuningModel

extension Commands {
  /// Says everything that is wrong with a cluster file, or what a run of it would be.
  /// With hosts in the file each of them is tried as well, unless `skipsHosts`. With `notifies` each target of
  /// `notifications` is sent a message.
  public static func check(
    file: String, json: Bool, skipsHosts: Bool = false, notifies: Bool = false, home: String = RunFolder.home
  ) throws -> ExitCode {
    do {
      let decoded = try ClusterFile.load(path: file)
      let tree = try decoded.specification.experiment.codeFolder.map { try CodeTree.scan(folder: $0) }
      let warnings =
        decoded.warnings.map(\.description)
        + [EntryPointCheck.warning(decoded.specification.experiment, tree)].compactMap { $0.map { "warning: " + $0 } }
      let scheduler = try TrialScheduler(decoded.specification.scheduler)
      let specification = decoded.specification
      let hosts = skipsHosts ? [] : try tryHosts(specification, home: home, isQuiet: json)
      let entryPoint = specification.experiment.entryPoint
      let faults = skipsHosts ? [] : try faultsHere(specification)
      let program = specification.program.map { ProgramCheck($0, specification, file: file) }
      let told = notifies ? try tellTargets(of: specification, file: file) : []
      let isUsable =
        program?.problem == nil && !told.contains { $0.problem != nil } && !faults.contains(where: \.isError)
        && (hosts.isEmpty
          || hosts.contains { host in
            !host.faults(specification.cluster, entryPoint: entryPoint).contains(where: \.isError)
          })
      if json {
        show(
          JSONValue.object([
            .init("ok", .bool(isUsable)),
            .init("warnings", .array(warnings.map { .string($0) })),
            .init("rungs", .array((scheduler.ladder.first?.rungs ?? []).map { .int($0.level) })),
            .init("code_files", tree.map { .int($0.manifest.entries.count) } ?? .null),
            .init("hosts", .array(hosts.map { $0.json(specification.cluster, entryPoint: entryPoint) })),
            .init(
              "this_machine",
              .array(
                faults.map {
                  .object([
                    .init("error", .bool($0.isError)), .init("text", .string($0.text)), .init("fix", .string($0.fix)),
                  ])
                })),
            .init("scheduler_program", program?.json ?? .null),
            .init(
              "notifications",
              .array(
                told.map {
                  .object([
                    .init("target", .string($0.target)), .init("problem", $0.problem.map { .string($0) } ?? .null),
                  ])
                })),
          ]).jsonText(.strict))
      } else {
        for warning in warnings { show(warning) }
        show(describe(specification, tree, scheduler))
        if let program { show(program.text) }
        for (target, problem) in told { show(problem.map { "ERROR  \($0)" } ?? "\(target) took a message") }
        show(hosts, specification)
        for fault in faults { show(line(of: fault, "")) }
      }
      return isUsable ? .success : .runFailed
    } catch let error as ClusterFileError {
      guard json else { throw error }
      show(
        JSONValue.object([
          .init("ok", .bool(false)),
          .init("problems", .array(error.problems.map { .string($0.description) })),
        ]).jsonText(.strict))
      return exitCode(of: error)
    }
  }

  /// - Returns: each target, and what went wrong with a message to it.
  private static func tellTargets(
    of specification: RunSpecification, file: String
  ) throws -> [(target: String, problem: String?)] {
    signal(SIGPIPE, SIG_IGN)
    let folder = RunFolder(path: NSTemporaryDirectory() + "/pasha-check-\(getpid())")
    try Files.makeFolder(folder.path)
    defer { try? Folders.removeTree(folder.path) }
    try Files.writeAtomically(folder.origin, RunService.absolute(file).utf8)
    return specification.notifications.map { target in
      let courier = Courier(folder: folder, end: nil) { _ in }
      let name = courier.name(target)
      guard
        let failure = courier.deliver(.trial(of: target, at: Stamp(wall: HostClock.wall, active: .zero)), until: nil)
      else { return (name, nil) }
      let printed = (try? Files.readTail(folder.notificationLog, limit: 2000)) ?? []
      let words = Presentation.printable(String(decoding: printed, as: UTF8.self), keepsNewlines: true)
      // The log goes with the folder: what stands in it is told.
      let text = failure.text.replacing("; what it printed is in \(folder.notificationLog)", with: "")
      return (name, "\(name): \(text)" + (words.isEmpty ? "" : "\n\(words)"))
    }
  }

  private static func describe(
    _ specification: RunSpecification, _ tree: CodeTree?, _ scheduler: TrialScheduler
  ) -> String {
    let experiment = specification.experiment
    var lines = ["\(experiment.name): no mistakes"]
    lines.append("  command: \(Presentation.printable(experiment.entryPoint.joined(separator: " ")))")
    if let tree {
      lines.append("  code: \(Presentation.entries(tree.manifest.entries.count)), \(Presentation.bytes(tree.bytes))")
    }
    lines.append(
      "  \(experiment.mode.rawValue)imise \(Presentation.printable(experiment.metric)) over "
        + (experiment.space.entries.count == 1
          ? "1 hyperparameter or constant" : "\(experiment.space.entries.count) hyperparameters and constants")
    )
    let levels = shown(scheduler.levels) + ["\(specification.scheduler.maxResource)"]
    if let program = specification.program {
      lines.append("  scheduler: the program \(program.command.joined(separator: " "))")
    } else {
      lines.append(
        "  \(specification.scheduler.name.rawValue): milestones \(levels.joined(separator: ", "))")
    }
    if specification.cluster.hosts.isEmpty {
      lines.append(
        "  slots on this machine: \(specification.cluster.localSlots ?? ProcessInfo.processInfo.activeProcessorCount)")
    }
    return lines.joined(separator: "\n")
  }

  private static func shown(_ levels: [Int]) -> [String] {
    if levels.count <= 20 { return levels.map(String.init) }
    return levels.prefix(10).map(String.init) + ["…"] + levels.suffix(3).map(String.init)
  }

  // MARK: Hosts

  private static func tryHosts(
    _ specification: RunSpecification, home: String, isQuiet: Bool
  ) throws -> [HostReport] {
    let cluster = specification.cluster
    guard !cluster.hosts.isEmpty else { return [] }
    let state = Files.parent(of: home)
    if !isQuiet { complain("trying \(Presentation.count(cluster.hosts.count, "host")) …") }
    let checks = HostChecks(
      cluster: cluster, program: try AgentProgram.forHosts(try agentExecutable(), state: state),
      executable: try launchExecutable(), knownHosts: AgentProgram.knownHosts(state: state),
      programs: HostReport.programs(of: specification.experiment))
    return try checks.run { _ in }
  }

  /// What is wrong with this machine, where trials run on it alone.
  private static func faultsHere(_ specification: RunSpecification) throws -> [HostReport.Fault] {
    guard specification.cluster.hosts.isEmpty else { return [] }
    var report = HostReport(HostOptions(name: "local", host: "local"))
    let experiment = specification.experiment
    report.look(at: try agentExecutable(), specification.cluster, programs: HostReport.programs(of: experiment))
    return report.faults(specification.cluster, entryPoint: experiment.entryPoint).filter(\.isError)
  }

  private static func line(of fault: HostReport.Fault, _ name: String) -> String {
    "\(fault.isError ? "ERROR" : "warning")  \(name)\(fault.text)" + (fault.fix.isEmpty ? "" : "; \(fault.fix)")
  }

  private static func show(_ hosts: [HostReport], _ specification: RunSpecification) {
    guard !hosts.isEmpty else { return }
    show("\n" + Presentation.table([HostReport.columns] + hosts.map(\.row)))
    for line in hosts.flatMap(\.gpuLines) { show("  " + line) }
    for host in hosts {
      for fault in host.faults(specification.cluster, entryPoint: specification.experiment.entryPoint) {
        show(line(of: fault, fault.text.hasPrefix(host.host.name) ? "" : "\(host.host.name): "))
      }
    }
    let usable = hosts.count { host in
      !host.faults(specification.cluster, entryPoint: specification.experiment.entryPoint).contains(where: \.isError)
    }
    show("\(usable) of \(Presentation.count(hosts.count, "host")) can be used")
  }
}
