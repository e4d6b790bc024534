import Foundation
import HostSystem
import Launching
import TuningModel

/// Has several hosts do something side by side, a bounded number at a time. Passphrases are asked for once.
struct HostRound {
  /// Path of `pasha-launch`.
  let executable: String

  /// - Parameters:
  ///   - isWanted: asked now and then; when it says no, tasks that are not done are given up.
  ///   - take: told each event with the number of its task.
  func run(
    _ tasks: [HostTask], while isWanted: () -> Bool = { true }, take: (Int, HostEvent) -> Void
  ) throws {
    let environment = ProcessInfo.processInfo.environment.map { "\($0.key)=\($0.value)" }
    var waiting = Array(tasks.indices.reversed())
    var running: [(index: Int, launch: HostLaunch)] = []
    var secrets: [String: String] = [:]
    let loop = try EventLoop()
    while !waiting.isEmpty || !running.isEmpty, isWanted() {
      while running.count < StartQueue.limit, let index = waiting.popLast() {
        let launch = try HostLaunch(executable: executable, task: tasks[index], environment: environment)
        for descriptor in launch.descriptors { try loop.watch(descriptor, token: index) }
        running.append((index, launch))
      }
      let deadline = running.compactMap { $0.launch.deadline }.min()
      _ = try loop.wait(for: min(.milliseconds(100), deadline.map { max(.zero, $0 - HostClock.now) } ?? .zero))
      for (index, launch) in running {
        while let event = launch.step() {
          if case .ask(let keyFile, let isRetry) = event {
            Self.answer(launch, keyFile, isRetry, &secrets)
          } else {
            take(index, event)
          }
        }
      }
      running.removeAll(where: \.launch.hasEnded)
    }
  }

  private static func answer(
    _ launch: HostLaunch, _ keyFile: String, _ isRetry: Bool, _ secrets: inout [String: String]
  ) {
    if isRetry { secrets[keyFile] = nil }
    if secrets[keyFile] == nil {
      let promise = Promise<String>()
      SecretPrompt.ask(keyFile, isRetry: isRetry) { promise.fulfil($0 ?? "") }
      secrets[keyFile] = promise.wait(for: .seconds(120)).flatMap { $0.isEmpty ? nil : $0 }
    }
    launch.answer(secret: secrets[keyFile])
  }
}
