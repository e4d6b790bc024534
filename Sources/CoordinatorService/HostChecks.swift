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
    var reports = cluster.hosts.map { HostReport($0) }
    for index in reports.indices where !ClusterOptions.isRemote(reports[index].host) {
      reports[index].look(at: try agentExecutable(), cluster, programs: programs)
      progress(reports[index])
    }
    let remote = reports.indices.filter { ClusterOptions.isRemote(reports[$0].host) }
    try HostRound(executable: executable).run(remote.map { task(reports[$0].host) }, while: isWanted) { number, event in
      let index = remote[number]
      switch event {
      case .connected(let hostKey, _): reports[index].hostKey = hostKey
      case .probed(let facts): reports[index].facts = facts
      case .inspected(let found): reports[index].report = found
      case .failed(let failure): reports[index].failure = failure
      default: break
      }
      if event.isLast { progress(reports[index]) }
    }
    return reports
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
