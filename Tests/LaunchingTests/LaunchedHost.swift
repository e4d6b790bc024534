import Foundation
import HostSystem
import Launching
import TestSupport
import TuningModel

/// A host of a test: a real sshd on loopback, a home of its own, a login shell of choice.
final class LaunchedHost {
  let server: TestSSHServer
  let home = TemporaryFolder("home")
  let run: String

  /// - Parameters:
  ///   - shell: runs each command: `SHELL -c COMMAND`; a path, or words of sh.
  ///   - path: a folder that comes first in `PATH` there.
  init(shell: String? = nil, path: String? = nil, options: [String] = []) throws {
    run = "run-\(UUID().uuidString.prefix(8))"
    var lines = options
    var environment = "SetEnv HOME=\(home.path)"
    if let path { environment += " PATH=\(path):/usr/local/bin:/usr/bin:/bin" }
    lines.append(environment)
    if let shell { lines.append("ForceCommand \(shell) -c \"$SSH_ORIGINAL_COMMAND\"") }
    server = try TestSSHServer(options: lines)
  }

  var workFolder: String { home.file("work") }

  /// A task for this host through OpenSSH, or through what `client` says.
  func task(
    _ operation: HostTask.Operation, bundle: TestBundle? = nil, request: JSONValue? = nil, client: String = "openssh",
    answerLimit: Duration = .seconds(20)
  ) -> HostTask {
    let program: HostTask.Program =
      bundle.map { .bundle(path: $0.path, hash: $0.hash, bytes: $0.bytes) } ?? .installed(path: product("pasha-agent"))
    return HostTask(
      operation, name: "box", login: .init(host: server.alias),
      ssh: .init(
        client: client, configurationFile: server.clientConfiguration, stepLimit: .seconds(10),
        answerLimit: answerLimit),
      program: program, workDirectory: "~/work", run: run,
      request: request ?? LaunchRequest(run: run, slots: 1, workDirectory: "~/work", name: "box", place: 0).json)
  }

  func launch(_ task: HostTask) throws -> DrivenLaunch { try DrivenLaunch(task) }

  deinit {
    // Agents that the test started and did not end.
    if let command = try? CommandProcess(
      product("pasha-agent"), ["end", "--run", run, "--work-dir", workFolder])
    {
      _ = try? command.wait(limit: 60)
    }
  }
}

/// A packed bundle for tests: the loader of this machine, and a link to the agent that was built.
struct TestBundle {
  let path: String
  let hash: String
  let bytes: Int

  /// - Parameter filler: bytes that do not compress, to make it larger.
  init(in folder: TemporaryFolder, agent: String = product("pasha-agent"), filler: Int = 0) throws {
    let content = folder.file("content-\(UUID().uuidString.prefix(8))")
    try FileManager.default.createDirectory(atPath: content, withIntermediateDirectories: true)
    try FileManager.default.createSymbolicLink(atPath: "\(content)/pasha-agent", withDestinationPath: agent)
    let loader = URL(fileURLWithPath: "/lib64/ld-linux-x86-64.so.2").resolvingSymlinksInPath()
    try FileManager.default.copyItem(
      at: loader, to: URL(fileURLWithPath: "\(content)/ld-linux-x86-64.so.2"))
    if filler > 0 {
      var generator = SeededGenerator(seed: 5)
      var bytes = Data()
      while bytes.count < filler { withUnsafeBytes(of: generator.nextBits()) { bytes.append(contentsOf: $0) } }
      try bytes.write(to: URL(fileURLWithPath: "\(content)/filler"))
    }
    path = "\(content).tar.gz"
    let tar = try CommandProcess("/bin/tar", ["-czf", path, "-C", content, "."])
    guard try tar.wait() == 0 else { throw WaitedInVain(description: tar.errors) }
    let packed = try Data(contentsOf: URL(fileURLWithPath: path))
    hash = SHA256.hash(Array(packed))
    bytes = packed.count
  }
}

/// Drives a `HostLaunch` as a coordinator's loop does.
final class DrivenLaunch {
  let launch: HostLaunch
  private(set) var events: [HostEvent] = []

  init(_ task: HostTask, environment: [String: String] = [:]) throws {
    let all = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    launch = try HostLaunch(
      executable: product("pasha-launch"), task: task, environment: all.map { "\($0.key)=\($0.value)" })
  }

  deinit {
    launch.giveUp()
    if (try? waitForEnd()) == nil { launch.kill() }
  }

  /// The next event.
  func next(within limit: Duration = .seconds(60)) throws -> HostEvent {
    let deadline = HostClock.now + limit
    while true {
      if let event = launch.step() {
        events.append(event)
        return event
      }
      guard HostClock.now < deadline, !launch.hasEnded else {
        throw WaitedInVain(description: "no event of \(launch.task.operation) after \(events)")
      }
      wait(.milliseconds(100))
    }
  }

  /// Takes events until one matches.
  @discardableResult
  func until<Value>(_ what: String, within limit: Duration = .seconds(60), _ match: (HostEvent) -> Value?) throws
    -> Value
  {
    let deadline = HostClock.now + limit
    while true {
      let event = try next(within: max(.zero, deadline - HostClock.now))
      if let value = match(event) { return value }
      if event.isLast { throw WaitedInVain(description: "\(what) did not come: \(events)") }
    }
  }

  /// Takes events to the last one.
  func last(within limit: Duration = .seconds(60)) throws -> HostEvent {
    try until("the last event", within: limit) { $0.isLast ? $0 : nil }
  }

  /// The failure that it ends with.
  func failure(within limit: Duration = .seconds(60)) throws -> HostFailure {
    let event = try last(within: limit)
    guard case .failed(let failure) = event else { throw WaitedInVain(description: "it did not fail: \(events)") }
    return failure
  }

  func waitForEnd() throws {
    try eventually("the end of pasha-launch") {
      while launch.step() != nil {}
      return launch.hasEnded
    }
  }

  private func wait(_ limit: Duration) {
    var items = launch.descriptors.map { pollfd(fd: $0.number, events: Int16(POLLIN), revents: 0) }
    _ = poll(&items, nfds_t(items.count), Int32(limit.wholeMilliseconds))
  }
}
