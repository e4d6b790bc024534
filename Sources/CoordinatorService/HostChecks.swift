import Coordination
import Foundation
import HostSystem
import Launching
import TuningModel

/// Tries all hosts of a cluster file side by side.
struct HostChecks {
  let cluster: ClusterOptions
  let program: HostTask.Program
  let executable: String
  let knownHosts: String
  /// Programs that the host is to have.
  var programs: [String] = []
  /// A port of this machine that hosts are to try, where they would connect directly.
  var port: Int?

  /// - Parameters:
  ///   - isWanted: asked now and then; when it says no, hosts that are not done are left without a report.
  ///   - progress: told each host that is done.
  func run(while isWanted: () -> Bool = { true }, progress: (HostReport) -> Void) throws -> [HostReport] {
    let environment = ProcessInfo.processInfo.environment.map { "\($0.key)=\($0.value)" }
    var reports = cluster.hosts.map { HostReport($0) }
    var waiting = Array(reports.indices.filter { ClusterOptions.isRemote(reports[$0].host) }.reversed())
    var running: [(index: Int, launch: HostLaunch)] = []
    var secrets: [String: String] = [:]
    for index in reports.indices where !ClusterOptions.isRemote(reports[index].host) {
      reports[index].look(at: try agentExecutable(), cluster, programs: programs)
      progress(reports[index])
    }
    let loop = try EventLoop()
    while !waiting.isEmpty || !running.isEmpty, isWanted() {
      while running.count < StartQueue.limit, let index = waiting.popLast() {
        let launch = try HostLaunch(
          executable: executable, task: task(reports[index].host), environment: environment)
        for descriptor in launch.descriptors { try loop.watch(descriptor, token: index) }
        running.append((index, launch))
      }
      let deadline = running.compactMap { $0.launch.deadline }.min()
      _ = try loop.wait(for: min(.milliseconds(100), deadline.map { max(.zero, $0 - HostClock.now) } ?? .zero))
      for (index, launch) in running {
        while let event = launch.step() {
          take(event, launch, &reports[index], &secrets)
          if event.isLast { progress(reports[index]) }
        }
      }
      running.removeAll(where: \.launch.hasEnded)
    }
    return reports
  }

  private func take(
    _ event: HostEvent, _ launch: HostLaunch, _ report: inout HostReport, _ secrets: inout [String: String]
  ) {
    switch event {
    case .ask(let keyFile, let isRetry):
      if isRetry { secrets[keyFile] = nil }
      if secrets[keyFile] == nil {
        let promise = Promise<String>()
        SecretPrompt.ask(keyFile, isRetry: isRetry) { promise.fulfil($0 ?? "") }
        secrets[keyFile] = promise.wait(for: .seconds(120)).flatMap { $0.isEmpty ? nil : $0 }
      }
      launch.answer(secret: secrets[keyFile])
    case .connected(let hostKey, _): report.hostKey = hostKey
    case .probed(let facts): report.facts = facts
    case .inspected(let found): report.report = found
    case .failed(let failure): report.failure = failure
    case .note, .uploading, .uploaded, .announced, .unreachable, .running, .alive, .ended, .listening: break
    }
  }

  private func task(_ host: HostOptions) -> HostTask {
    let work = host.workDirectory ?? cluster.workDirectory ?? "~/.pasha"
    var words = ["--work-dir", work] + programs.flatMap { ["--program", $0] }
    if let port, (host.connect ?? cluster.connect) != .tunnel {
      words += ["--reach", cluster.advertise.map { "\($0.contains(":") ? "[\($0)]" : $0):\(port)" } ?? "\(port)"]
    }
    return HostTask(
      .inspect, host, cluster, program: program, run: "check", ownKnownHosts: knownHosts,
      request: .object([.init("arguments", .array(words.map { .string($0) }))]))
  }
}

extension HostReport {
  /// This machine, which needs no SSH.
  mutating func look(at agent: String, _ cluster: ClusterOptions, programs: [String] = []) {
    let process = Process()
    let output = Pipe()
    process.executableURL = URL(filePath: agent)
    let work = host.workDirectory ?? cluster.workDirectory
    process.arguments =
      ["inspect"] + (work.map { ["--work-dir", $0] } ?? []) + programs.flatMap { ["--program", $0] }
    process.standardOutput = output
    process.standardInput = FileHandle.nullDevice
    do {
      try process.run()
      let text = try output.fileHandleForReading.readToEnd() ?? Data()
      process.waitUntilExit()
      let found = try JSONValue(parsing: String(decoding: text, as: UTF8.self))
      report = found
      facts = HostFacts(
        system: "Linux", machine: found.text("machine") ?? "?", kernel: found.text("kernel") ?? "?", home: "",
        user: found.text("user") ?? "?", workDirectory: "", freeBytes: found.whole("free_bytes"), clockSkew: .zero,
        latency: .zero, hasBundle: true)
    } catch {
      failure = HostFailure(HostFailure.internal, "this machine cannot be looked at: \(error)", isRetryable: false)
    }
  }
}
