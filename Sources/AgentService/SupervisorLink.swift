import AgentCore
import Glibc
import HostSystem
import TrialSandbox
import TuningModel
import Wire

/// The line to one supervisor, from its start (or its being found) until its process is gone and its end is known.
final class SupervisorLink {
  private enum State {
    case open(SupervisorClient)
    /// The socket closed, or is not there yet.
    case broken(since: Instant)
    case over
  }

  let attempt: TrialAttempt
  private let folder: AttemptFolder
  private let run: String
  private let log: AgentLog
  private var state: State
  /// The process, where it is a child of this one.
  private var child: Int?
  private var checkAt: Instant?
  private var saidBusy = false

  /// How often a broken line is looked at.
  private static let quickCheck = Duration.milliseconds(1)
  private static let slowCheck = Duration.milliseconds(500)
  private static let quickPhase = Duration.seconds(1)
  /// How long the loop is held up at most by ending what a killed supervisor left.
  private static let cleaningTurn = Duration.milliseconds(100)

  /// A supervisor that was just started.
  init(_ attempt: TrialAttempt, folder: AttemptFolder, run: String, client: SupervisorClient, log: AgentLog) {
    self.attempt = attempt
    self.folder = folder
    self.run = run
    self.log = log
    child = client.pid
    state = .open(client)
  }

  /// A supervisor that an earlier agent started and that may be gone.
  init(adopting attempt: TrialAttempt, folder: AttemptFolder, run: String, log: AgentLog) {
    self.attempt = attempt
    self.folder = folder
    self.run = run
    self.log = log
    state = .broken(since: HostClock.now)
    checkAt = HostClock.now
  }

  var isOver: Bool { if case .over = state { true } else { false } }
  var deadline: Instant? { checkAt }
  var descriptor: Descriptor? { if case .open(let client) = state { client.descriptor } else { nil } }
  var hasUnsent: Bool { if case .open(let client) = state { client.hasUnsent } else { false } }

  /// What is sent while the line is broken is lost; the machine repeats it once the supervisor speaks again.
  func send(_ command: SupervisorCommand) {
    guard case .open(let client) = state else { return }
    if (try? client.send(command)) == nil { breakOff() }
  }

  func flush() {
    guard case .open(let client) = state else { return }
    if (try? client.flush()) == nil { breakOff() }
  }

  /// What the supervisor said since.
  func receive() -> [SupervisorEvent] {
    guard case .open(let client) = state else { return [] }
    let (events, isClosed) = client.receive()
    if isClosed { breakOff() }
    return events
  }

  private func breakOff() {
    state = .broken(since: HostClock.now)
    checkAt = HostClock.now
  }

  /// Looks after a broken line; the attempt's end once supervisor and process group are gone.
  func step(at now: Instant) -> AttemptEnd? {
    guard case .broken(let since) = state, let due = checkAt, due <= now else { return nil }
    checkAt = now + (now - since < Self.quickPhase ? Self.quickCheck : Self.slowCheck)
    if let child {
      guard ChildProcess.reap(child) != nil else { return lookAgain(since: since, at: now) }
      self.child = nil
    }
    switch LeftOver.examine(folder) {
    case .supervised: return lookAgain(since: since, at: now)
    case .ended(let end): return finish(end)
    case .orphaned: return clean()
    }
  }

  /// The supervisor lives: its process is about to end, or the line was lost without it.
  private func lookAgain(since: Instant, at now: Instant) -> AttemptEnd? {
    if child == nil || now - since >= Self.quickPhase, let client = try? SupervisorClient(connectingTo: folder) {
      state = .open(client)
      checkAt = nil
    }
    return nil
  }

  private func clean() -> AttemptEnd? {
    do throws(SystemError) {
      return finish(try LeftOver.end(folder, run: run, attempt: attempt, within: Self.cleaningTurn))
    } catch {
      if !saidBusy { log.write("attempt \(attempt): what its supervisor left cannot be ended yet: \(error.message)") }
      saidBusy = true
      checkAt = HostClock.now + Self.slowCheck
      return nil
    }
  }

  private func finish(_ end: AttemptEnd) -> AttemptEnd {
    state = .over
    checkAt = nil
    return end
  }
}
