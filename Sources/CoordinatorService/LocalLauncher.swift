import Foundation
import HostSystem
import Launching
import Messaging
import TuningModel

/// Keeps the agent of `cluster: local` alive: starts it, admits its key, starts it again when it dies.
final class LocalLauncher {
  enum Event {
    /// The agent's key is to be admitted; call `confirm` once it is.
    case announced(publicKey: String)
    case note(String)
    /// It died too often to go on.
    case hopeless(String)
  }

  private let executable: String
  private let request: LaunchRequest
  private let address: LaunchAddress
  private let record: String
  /// What the agent is called in messages.
  var name: String { request.name }
  private var launch: LocalLaunch?
  private var startedAt = Instant.zero
  private var retryAt: Instant?
  private var quickDeaths = 0
  /// The run ends: an agent that ends is not started again.
  var isEnding = false

  /// Deaths in a row, each soon after the start, after which it is given up.
  private static let quickDeathLimit = 5
  private static let quick = Duration.seconds(10)

  init(executable: String, request: LaunchRequest, address: LaunchAddress, record: String) {
    self.executable = executable
    self.request = request
    self.address = address
    self.record = record
  }

  /// Finds the agent that a coordinator before this one started, or starts one.
  func begin() -> [Event] {
    if let (pid, start) = Self.recorded(at: record), let adopted = LocalLaunch(adopting: pid, start: start) {
      launch = adopted
      startedAt = HostClock.now
      return [.note("the agent (pid \(pid)) is still running")]
    }
    return start()
  }

  var descriptors: [Descriptor] { launch?.descriptors ?? [] }
  var deadline: Instant? { launch?.deadline ?? (launch == nil ? retryAt : nil) }
  var isRunning: Bool { launch?.hasEnded == false }

  func confirm() { launch?.confirm(address) }

  func step() -> [Event] {
    var events: [Event] = []
    while let event = launch?.step() {
      switch event {
      case .announced(let key): events.append(.announced(publicKey: key))
      case .running: break
      case .ended(let message):
        launch = nil
        if !isEnding { events += died(message) }
      }
    }
    if launch == nil, !isEnding, let retryAt, HostClock.now >= retryAt { events += start() }
    return events
  }

  /// Waits for the agent to end after it was dismissed.
  func waitForEnd(_ patience: Duration) {
    let deadline = HostClock.now + patience
    while let launch, !launch.hasEnded, HostClock.now < deadline {
      for descriptor in launch.descriptors.prefix(1) { waitReadable(descriptor.number, for: deadline - HostClock.now) }
      _ = launch.step()
    }
    // One that did not end in time, stopped perhaps, is found again by its record: a second one would double the slots.
    if launch?.hasEnded != false { try? Files.removeFile(record) }
  }

  /// Ends the agent of a run that is over, which its coordinator did not live to dismiss. It runs no trial any more.
  static func endLeftover(record: String) {
    guard let (pid, start) = recorded(at: record), ProcessTable.isAlive(pid: pid, start: start),
      let process = try? ProcessHandle(pid)
    else { return }
    process.signal(SIGTERM)
    try? Files.removeFile(record)
  }

  private func start() -> [Event] {
    retryAt = nil
    startedAt = HostClock.now
    do throws(SystemError) {
      let environment = ProcessInfo.processInfo.environment.map { "\($0.key)=\($0.value)" }
      let launch = try LocalLaunch(executable: executable, request: request, environment: environment)
      self.launch = launch
      let record = JSONValue.object([.init("pid", .int(launch.pid)), .init("start", .int(launch.start))])
      try Files.writeAtomically(self.record, record.jsonBytes())
      return []
    } catch {
      return died(error.message)
    }
  }

  private func died(_ message: String) -> [Event] {
    quickDeaths = HostClock.now - startedAt < Self.quick ? quickDeaths + 1 : 0
    if quickDeaths >= Self.quickDeathLimit { return [.hopeless(message)] }
    retryAt = HostClock.now + .milliseconds(quickDeaths == 0 ? 0 : 200 << quickDeaths)
    return [.note("\(message); starting another one")]
  }

  private static func recorded(at record: String) -> (pid: Int, start: Int)? {
    guard let bytes = try? Files.read(record, limit: 4096), let value = try? JSONValue(parsing: bytes),
      let pid = value.whole("pid"), let start = value.whole("start")
    else { return nil }
    return (pid, start)
  }
}
