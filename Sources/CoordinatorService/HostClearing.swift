import Coordination
import Foundation
import HostSystem
import Launching
import TuningModel

/// Ends what is left of a run on a host, and removes its files there.
struct HostClearing {
  let host: HostOptions
  let cluster: ClusterOptions
  let run: String
  /// The folder that also holds `runs/`.
  let state: String

  /// - Throws: when something may be left there.
  func clear() throws {
    if ClusterOptions.isRemote(host) { try clearThere() } else { try clearHere() }
  }

  private func clearHere() throws {
    let process = Process()
    let errors = Pipe()
    process.executableURL = URL(filePath: try agentExecutable())
    let work = host.workDirectory ?? cluster.workDirectory
    process.arguments = ["end", "--files", "--run", run] + (work.map { ["--work-dir", $0] } ?? [])
    process.standardOutput = FileHandle.nullDevice
    process.standardInput = FileHandle.nullDevice
    process.standardError = errors
    try process.run()
    let text = try errors.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    if process.terminationStatus != 0 {
      throw ServiceError(
        .software, String(decoding: text, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines))
    }
  }

  private func clearThere() throws {
    let task = HostTask(
      .end, host, cluster, program: try AgentProgram.forHosts(agentExecutable(), state: state), run: run,
      ownKnownHosts: AgentProgram.knownHosts(state: state), request: .object([.init("files", .bool(true))]))
    let environment = ProcessInfo.processInfo.environment.map { "\($0.key)=\($0.value)" }
    let launch = try HostLaunch(executable: launchExecutable(), task: task, environment: environment)
    let loop = try EventLoop()
    for descriptor in launch.descriptors { try loop.watch(descriptor, token: 0) }
    var failure: HostFailure?
    while !launch.hasEnded {
      _ = try loop.wait(for: min(.milliseconds(100), launch.deadline.map { max(.zero, $0 - HostClock.now) } ?? .zero))
      while let event = launch.step() {
        switch event {
        case .failed(let reason): failure = reason
        case .ask(let keyFile, let isRetry):
          let promise = Promise<String>()
          SecretPrompt.ask(keyFile, isRetry: isRetry) { promise.fulfil($0 ?? "") }
          launch.answer(secret: promise.wait(for: .seconds(120)).flatMap { $0.isEmpty ? nil : $0 })
        default: break
        }
      }
    }
    if let failure { throw ServiceError(.software, failure.message) }
  }
}
