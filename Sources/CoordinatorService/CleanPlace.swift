import Coordination
import Foundation
import HostSystem
import Launching
import Presentation
import TuningModel

/// A work folder of a host, and what of it is to be cleaned. Hosts that several runs name in the same way are one.
struct CleanPlace {
  struct Run {
    var name: String
    /// Trials whose checkpoints stay; nil: the whole run goes.
    var keep: [Int]?
    var sharedFolder: String?

    var json: JSONValue {
      .object([
        .init("run", .string(name)), .init("keep", keep.map { .array($0.map { .int($0) }) } ?? .null),
        .init("shared", sharedFolder.map { .string($0) } ?? .null),
      ])
    }
  }

  let host: HostOptions
  let cluster: ClusterOptions
  var runs: [Run] = []

  var workDirectory: String? { host.workDirectory ?? cluster.workDirectory }

  func isSame(as other: CleanPlace) -> Bool {
    host.host == other.host.host && host.user == other.host.user && host.port == other.host.port
      && host.identityFile == other.host.identityFile && workDirectory == other.workDirectory
      && cluster.ssh == other.cluster.ssh
  }

  func request(removes: Bool, bundle: String?) -> JSONValue {
    .object([
      .init("removes", .bool(removes)), .init("runs", .array(runs.map(\.json))),
      .init("bundle", bundle.map { .string($0) } ?? .null),
    ])
  }
}

/// Has hosts, and this machine, clean their work folders.
struct CleanRound {
  let places: [CleanPlace]
  /// The folder that also holds `runs/`.
  let state: String
  /// Whether old agents and broken uploads go too.
  let cleansAgents: Bool

  func run(removes: Bool) throws -> [CleanOutcome] {
    var outcomes = places.map { CleanOutcome(host: $0.host.name) }
    let remote = places.indices.filter { ClusterOptions.isRemote(places[$0].host) }
    for index in places.indices where !ClusterOptions.isRemote(places[index].host) {
      here(places[index], removes, &outcomes[index])
    }
    guard !remote.isEmpty else { return outcomes }
    let program = try AgentProgram.forHosts(agentExecutable(), state: state)
    var hash: String?
    if cleansAgents, case .bundle(_, let own, _) = program { hash = own }
    let tasks = remote.map { index in
      HostTask(
        .clean, places[index].host, places[index].cluster, program: program, run: "clean",
        ownKnownHosts: AgentProgram.knownHosts(state: state),
        request: .object([
          .init(
            "arguments",
            .array([.string("--request"), .string(places[index].request(removes: removes, bundle: hash).jsonText())]))
        ]))
    }
    try HostRound(executable: try launchExecutable()).run(tasks) { number, event in
      switch event {
      case .inspected(let report): outcomes[remote[number]].take(report)
      case .failed(let failure): outcomes[remote[number]].problem = failure.message
      default: break
      }
    }
    return outcomes
  }

  private func here(_ place: CleanPlace, _ removes: Bool, _ outcome: inout CleanOutcome) {
    guard !place.runs.isEmpty else { return }
    do {
      let process = Process()
      let (output, errors) = (Pipe(), Pipe())
      process.executableURL = URL(filePath: try agentExecutable())
      process.arguments =
        ["clean", "--request", place.request(removes: removes, bundle: nil).jsonText()]
        + (place.workDirectory.map { ["--work-dir", $0] } ?? [])
      process.standardInput = FileHandle.nullDevice
      process.standardOutput = output
      process.standardError = errors
      try process.run()
      let text = try output.fileHandleForReading.readToEnd() ?? Data()
      let complaint = try errors.fileHandleForReading.readToEnd() ?? Data()
      process.waitUntilExit()
      guard process.terminationStatus == 0 else {
        throw ServiceError(
          .software, String(decoding: complaint, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines))
      }
      outcome.take(try JSONValue(parsing: String(decoding: text, as: UTF8.self)))
    } catch {
      outcome.problem = "\(error)"
    }
  }
}
