import AgentCore
import TuningModel
import Wire

/// A machine on a bench: events in, actions out, time by hand.
struct AgentBench {
  var machine: AgentMachine
  var now: Instant

  static let program = Program(
    entryPoint: ["python3", "train.py"], codeHash: "c0de", setup: "true", environment: [],
    resourceAttribute: "epoch", metric: "loss", holdsAtMilestone: true, holdLimit: .seconds(60), settle: .seconds(5),
    grace: .seconds(10))

  init(
    slots: Int = 2, recovered: [RecoveredAttempt] = [], highest: [TrialAttempt] = [],
    settings change: (inout AgentSettings) -> Void = { _ in }
  ) {
    now = Instant(nanoseconds: 1_000_000_000_000)
    var settings = AgentSettings(
      hostname: "h", machineID: "m", bootID: "b", name: "n", pid: 7, slots: slots, home: "/home")
    change(&settings)
    machine = AgentMachine(settings: settings, recovered: recovered, highest: highest, at: now)
  }

  @discardableResult
  mutating func on(_ event: AgentEvent) -> [AgentAction] {
    machine.handle(event, at: now).filter { if case .note = $0 { false } else { true } }
  }

  @discardableResult
  mutating func hear(_ message: CoordinatorMessage) -> [AgentAction] { on(.received(message)) }

  @discardableResult
  mutating func wait(_ time: Duration) -> [AgentAction] {
    now = now + time
    return on(.timer)
  }

  static func welcome(
    lease: Duration = .seconds(600), program: Program = AgentBench.program, verdicts: [Verdict] = []
  ) -> CoordinatorMessage {
    .welcome(
      Welcome(
        run: "r", agent: AgentID(0), heartbeat: .seconds(5), lease: lease, program: program, verdicts: verdicts))
  }

  /// Connects and says hello.
  @discardableResult
  mutating func greet() -> [AgentAction] {
    on(.timer)
    return on(.connected)
  }

  /// A session with the code in place, its first heartbeat sent.
  mutating func getReady(lease: Duration = .seconds(600), verdicts: [Verdict] = []) {
    greet()
    hear(Self.welcome(lease: lease, verdicts: verdicts))
    on(.prepared(Preparation(codeHash: "c0de")))
    on(.timer)
  }

  /// A trial that runs: started, its supervisor linked.
  mutating func run(_ name: TrialAttempt, slot: Int = 0, milestone: Int = 1) {
    hear(.start(Self.start(name, slot: slot, milestone: milestone)))
    on(.supervisor(name, .running(pid: 100, milestone: milestone)))
  }

  static func start(
    _ name: TrialAttempt, slot: Int = 0, milestone: Int = 1, resumeFrom: Int? = nil
  ) -> StartAttempt {
    StartAttempt(
      attempt: name, slot: slot, configuration: Configuration(), milestone: milestone, maximum: 9,
      resumeFrom: resumeFrom)
  }

  static func reports(_ range: ClosedRange<Int>) -> [TrialReport] {
    range.map {
      TrialReport(sequence: $0, readAt: Timestamp(microseconds: 0), fields: [.init("epoch", .int($0))])
    }
  }

  static func end(_ cause: AttemptEnd.Cause = .exited, last: Int = 0) -> AttemptEnd {
    AttemptEnd(cause: cause, lastSequence: last)
  }
}

func name(_ trial: Int, _ attempt: Int = 1) -> TrialAttempt { TrialAttempt(TrialID(trial), Attempt(attempt)) }

extension [AgentAction] {
  var sent: [AgentMessage] { compactMap { if case .send(let message) = $0 { message } else { nil } } }
  var commands: [SupervisorCommand] { compactMap { if case .command(_, let command) = $0 { command } else { nil } } }
  var hello: AgentHello? {
    for case .hello(let hello) in sent { return hello }
    return nil
  }
  var launches: [TrialAttempt] {
    compactMap { if case .launch(let launch) = $0 { launch.start.attempt } else { nil } }
  }
  var exit: AgentExit.Reason? {
    for case .exit(let exit) in self { return exit.reason }
    return nil
  }
}
