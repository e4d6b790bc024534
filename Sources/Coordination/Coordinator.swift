import Scheduling
import TuningModel
import Wire

/// The coordinator of a run as a pure machine: an event comes in, facts and effects go out. The facts are to be
/// committed before any of the effects is carried out.
///
/// Invariants: the state changes by `RunState.apply` alone; no event, whatever a peer sent, traps; what carries another
/// attempt than a trial's current one changes nothing.
public struct Coordinator: Sendable {
  public internal(set) var state: RunState
  var sessions: [Session] = []
  /// Active run time before this coordinator started.
  var activeBefore: Duration = .zero
  var startedAt: Instant?
  /// When this machine asked to be woken at the latest, silent agents aside; being woken much later means that the
  /// process did not run.
  var plannedWake: Instant?
  /// No agent has been silent for too long before this instant; nil: none ever will. Exact after all but messages, which
  /// put the limit of their sender off: so a message costs the same however many agents there are.
  var silenceBound: Instant?
  public internal(set) var counters = Counters()
  /// Hosts that could not start a trial: they get no work until then, each time for longer.
  var restsUntil: [AgentID: Instant] = [:]
  var faults: [AgentID: Int] = [:]
  /// Until when the end of the run waits for copies of checkpoints at most.
  var copiesUntil: Instant?
  /// Agents that could not be asked for a checkpoint: they are asked again from then on.
  var awayUntil: [AgentID: Instant] = [:]
  /// Checkpoints that were asked for because their host leaves.
  var requestedCopies: Set<CheckpointName> = []
  /// Agents that are awaited after the run was taken up.
  var resumption: Resumption?
  /// Attempts that are over and came back, of which people were told.
  var toldStale: Set<TrialAttempt> = []
  var toldCounters = Counters()
  var countersDue = Instant.zero
  /// The two clocks at the event before.
  var lastMoment: Moment?
  /// With a program in place of a scheduler.
  var asking = Asking()

  /// What the coordinator remembers of its connection to an agent; forgotten at a restart.
  struct Session: Equatable, Sendable {
    /// Whether the agent said hello to this coordinator.
    var isGreeted = false
    var lastHeard: Instant
    /// Trials whose start must be sent (again) once the agent is prepared.
    var startsToSend: [TrialID] = []
    /// The last end of an attempt that came before its reports.
    var gap: Gap?
    /// The newest hello.
    var hello: HelloMark?
    /// Boots of the host that were over when another one said hello; the last few.
    var earlierBoots: [HelloMark] = []
    /// Another process that came with the agent's key.
    var rival: Rival?
    /// When the trial in a slot was last told what it is to do, by slot.
    var orderedAt: [Int: Instant] = [:]

    struct Gap: Equatable, Sendable {
      var attempt: TrialAttempt
      var after: Int
      /// How often the missing reports were asked for.
      var times = 1
    }
  }

  /// Things that were refused or dropped, for `status`.
  public struct Counters: Equatable, Sendable {
    public var staleMessages = 0
    public var duplicateReports = 0
    public var reportGaps = 0
    public var unknownSenders = 0
  }

  public init(specification: RunSpecification) throws(SchedulerOptionProblem) {
    state = try RunState(specification: specification)
  }

  /// Brings a fact of the journal back. Nothing is decided.
  public mutating func replay(_ fact: StampedFact) {
    state.apply(fact)
    if Mutant.replayDecides.isActive {
      if let promotion = state.scheduler.proposePromotion() { state.scheduler.apply(.promotion(promotion)) }
    }
    activeBefore = fact.stamp.active
  }

  /// Takes one event in.
  public mutating func handle(_ event: Event, at now: Moment) -> Output {
    var turn = Turn(stamp: stamp(at: now), now: now.monotonic)
    noteOwnAbsence(forgiveOwnAbsence(now.monotonic), at: now, &turn)
    switch event {
    case .started(let start): begin(start, &turn)
    case .listening(let control, let bulk): listening(control: control, bulk: bulk, &turn)
    case .admit(let key, let name): admit(key: key, name: name, origin: .launched, &turn)
    case .issueToken(let key): issueToken(key, &turn)
    case .join(let token, let key, let name): join(token: token, key: key, name: name, &turn)
    case .message(let key, let message): receive(message, from: key, &turn)
    case .noUsableHost(let message):
      let othersGoOn = state.agents.contains { agent in
        agent.origin == .joined && agent.isPrepared && agent.reachability == .reachable
      }
      if !othersGoOn { close(RunEnd(reason: .noUsableHost, message: message), suspends: false, &turn) }
    case .command(let command): carryOut(command, &turn)
    case .enqueue(let configuration): enqueue(configuration, &turn)
    case .host(let command): carryOut(completed(command), &turn)
    case .reload(let specification, let hash): reload(specification, hash: hash, &turn)
    case .checkpointArrived(let name): arrived(name, &turn)
    case .checkpointUnavailable(let name, let agent, let text): unavailable(name, at: agent, text, &turn)
    case .scheduler(let answer, let line): take(answer, line: line, &turn)
    case .schedulerFailed(let message): schedulerFailed(message, &turn)
    case .tick: tick(&turn)
    }
    if state.start != nil, startedAt != nil {
      settle(&turn)
      finishResumption(&turn)
      tellCounters(&turn)
    }
    noteSilence(after: event)
    // What was due before is due now: of what came together while this coordinator stood still, the first event forgives it.
    plannedWake = nextWake(after: now).map { Mutant.absenceForgivenOften.isActive ? $0 : max($0, now.monotonic) }
    return Output(facts: turn.facts, effects: turn.effects)
  }

  /// When `tick` should come at the latest; nil: no need. It may come before anything is due.
  public func nextDeadline(after now: Moment) -> Instant? {
    guard startedAt != nil, state.end == nil else { return nil }
    return [silenceBound, nextWake(after: now)].compactMap { $0 }.min()
  }

  /// When something is due, silent agents aside.
  private func nextWake(after now: Moment) -> Instant? {
    guard startedAt != nil, state.end == nil else { return nil }
    var deadline: Instant?
    func consider(_ instant: Instant) { deadline = deadline.map { min($0, instant) } ?? instant }
    if !state.waiting.isEmpty {
      for until in awayUntil.values { consider(until) }
    }
    for until in restsUntil.values { consider(until) }
    if let copiesUntil { consider(copiesUntil) }
    if let resumption { consider(resumption.until) }
    if let limit = state.specification.stop.maxWallclockTime, state.closing == nil, state.training == nil {
      let left = limit - activeTime(at: now.monotonic)
      consider(now.monotonic + max(left, .zero))
    }
    return deadline
  }

  /// Whether an agent of the host is in touch; nil: none was ever admitted.
  public func isInTouch(host name: String) -> Bool? {
    let agents = state.agents.filter { $0.name == name && $0.origin == .launched }
    if agents.isEmpty { return nil }
    return agents.contains { $0.reachability == .reachable && sessions[$0.id.rawValue].isGreeted }
  }

  func activeTime(at now: Instant) -> Duration { activeBefore + (startedAt.map { now - $0 } ?? .zero) }

  private func stamp(at now: Moment) -> Stamp { Stamp(wall: now.wall, active: activeTime(at: now.monotonic)) }

  /// The facts and effects of one event while it is handled.
  struct Turn {
    let stamp: Stamp
    let now: Instant
    var facts: [StampedFact] = []
    var effects: [Effect] = []
  }

  /// Establishes a fact.
  mutating func record(_ fact: Fact, _ turn: inout Turn) {
    let stamped = StampedFact(stamp: turn.stamp, fact: fact)
    state.apply(stamped)
    noteNews(fact)
    turn.facts.append(stamped)
  }

  func send(_ message: CoordinatorMessage, to agent: AgentID, _ turn: inout Turn) {
    turn.effects.append(.send(agent, message))
  }
}

/// What happens to a coordinator.
public enum Event: Equatable, Sendable {
  /// The process starts: a new run, or a run that is taken up again after `replay`.
  case started(RunStart)
  /// The sockets are bound.
  case listening(control: Int, bulk: Int)
  /// A launcher started an agent that will come with this key.
  case admit(publicKey: String, name: String)
  /// An operator asked for a token; its key may join once.
  case issueToken(publicKey: String)
  /// A peer with a one-time key wants its own key admitted.
  case join(token: String, publicKey: String, name: String)
  /// A message of the agent with this CURVE public key.
  case message(from: String, AgentMessage)
  /// No agent can be kept alive.
  case noUsableHost(String)
  case command(OperatorCommand)
  /// An operator wants this configuration tried; what it leaves out has the domain's default.
  case enqueue(Configuration)
  case host(HostCommand)
  /// The cluster file was changed, in what may be changed while a run goes on; the file is in place under this hash.
  case reload(RunSpecification, hash: String)
  /// A sealed checkpoint was copied to the coordinator, whole and checked.
  case checkpointArrived(CheckpointName)
  /// The agent that was believed to have it has no such checkpoint.
  case checkpointUnavailable(CheckpointName, at: AgentID, String)
  /// The scheduler's program said this; `line` is what it printed.
  case scheduler(SchedulerAnswer, line: String)
  /// The scheduler's program ended, did not answer, or printed what it must not.
  case schedulerFailed(String)
  /// The time of `nextDeadline` came; the inbox was read before.
  case tick
}

/// What a coordinator wants done, once the facts are durable.
public enum Effect: Equatable, Sendable {
  case send(AgentID, CoordinatorMessage)
  /// Let this key connect as an agent.
  case admit(publicKey: String)
  /// Let this key connect once, to join.
  case admitToken(publicKey: String)
  case revokeToken(publicKey: String)
  /// Tell the peer that came with this token that its key is admitted.
  case answerJoin(token: String)
  case rejectJoin(token: String, message: String)
  /// Copy a sealed checkpoint from the agent's host to the coordinator; said again after a restart, and after a hello.
  case fetchCheckpoint(TrialID, Seal, from: AgentID)
  /// Delete what the coordinator holds of the trial's checkpoints but these generations.
  case dropStored(TrialID, keeping: [Int])
  /// Ask the scheduler's program what a slot gets; said again by a coordinator that restarts.
  case askScheduler
  /// Tell people.
  case note(String)
  /// The run is over, or suspended.
  case end(RunOutcome)
}

public enum RunOutcome: Equatable, Sendable {
  case finished(RunEnd)
  case suspended
}

public struct Output: Equatable, Sendable {
  public var facts: [StampedFact]
  public var effects: [Effect]

  public init(facts: [StampedFact] = [], effects: [Effect] = []) {
    self.facts = facts
    self.effects = effects
  }
}
