import TuningModel
import Wire

/// The agent as a pure machine: what happened goes in, what is to be done comes out; no clock, no file, no socket.
///
/// Invariants: one attempt in a slot at a time; attempts of a trial grow; the reports of an attempt are sent in
/// sequence without a gap within a session; `ended` is sent after the last report, and only when the supervisor is
/// gone; nothing is forgotten before its end is acknowledged; at most `reportWindow` reports of an attempt are in
/// memory.
///
/// Whatever a lost connection swallowed is made good by the next hello: its inventory names every attempt, and the
/// verdicts of the welcome name the last report that the journal holds.
public struct AgentMachine: Sendable {
  enum Session: Equatable, Sendable {
    /// Not connected; the next connection is tried then.
    case idle(retryAt: Instant)
    case connecting(since: Instant)
    /// The hello is said; `saidAt` is when it was said first in this connection, `giveUpAt` when the connection is
    /// given up.
    case greeting(saidAt: Instant, giveUpAt: Instant)
    case welcomed
  }

  enum Preparation: Equatable, Sendable {
    case none
    case running
    case ready
    case failed(String)
  }

  let settings: AgentSettings
  var random: SeededGenerator
  var session: Session
  /// Connections tried without a welcome since the last one.
  var failures = 0
  /// Since when the agent's key is refused, without a welcome in between.
  var refusedSince: Instant?
  let startedAt: Instant
  /// When the event that is being handled happened.
  var now: Instant
  /// When the last hello was said; each is later than the one before.
  var helloAt = Instant.zero
  /// When the code was last said to be in place, in this session.
  var preparedSaidAt: Instant?
  /// Whether something was to be started in this session.
  var wasGivenWork = false
  /// When the coordinator was last heard of.
  var heardAt: Instant?
  var run = ""
  var heartbeat: Duration = .seconds(5)
  var nextHeartbeat: Instant?
  /// Heartbeats of this connection that may be echoed, oldest first; bounded.
  var heartbeatsSent: [Instant] = []
  var lease: AgentLease?
  var program: Program?
  var preparation = Preparation.none
  /// What is known of the slots.
  var slotStates: [SlotState] = []
  /// When it was last said, in this session; nil: not yet.
  var slotsSaidAt: Instant?
  /// Sorted by trial and attempt.
  var attempts: [AgentAttempt] = []
  /// The highest attempt launched of each trial.
  var highest: [TrialID: Attempt]
  /// The last launch of each trial that failed, so that the same order gets the same answer.
  var refusals: [TrialID: (attempt: Attempt, refusal: StartRefusal)] = [:]
  /// The newest generation of each trial that the user's command has kept: said again in each session.
  var stored: [TrialID: CheckpointName] = [:]
  /// Set once the agent is to end when its attempts have.
  var leaving: AgentExit?
  /// When the agent ends though ends are not acknowledged: they are on disk.
  var leaveBy: Instant?
  var isOver = false
  var actions: [AgentAction] = []

  /// `highest` names the highest attempt seen on this host of each trial.
  public init(
    settings: AgentSettings, recovered: [RecoveredAttempt] = [], highest: [TrialAttempt] = [], at now: Instant
  ) {
    self.settings = settings
    random = SeededGenerator(seed: settings.seed)
    session = .idle(retryAt: now)
    startedAt = now
    self.now = now
    self.highest = [:]
    attempts = recovered.map { AgentAttempt($0) }.sorted { $0.attempt < $1.attempt }
    for name in highest + recovered.map(\.attempt) { raiseHighest(name) }
  }

  /// Limits of time are looked at by `timer` alone: a process that slept reads its inbox before it calls anyone silent.
  public mutating func handle(_ event: AgentEvent, at now: Instant) -> [AgentAction] {
    guard !isOver else { return [] }
    actions = []
    self.now = now
    switch event {
    case .connected: connected()
    case .disconnected(let loss): disconnected(loss)
    case .received(let message): received(message)
    case .prepared(let preparation): prepared(preparation)
    case .launchFailed(let attempt, let refusal): launchFailed(attempt, refusal)
    case .supervisor(let attempt, let event): supervisor(attempt, said: event)
    case .supervisorGone(let attempt, let end): supervisorGone(attempt, end)
    case .reportsRead(let attempt, let reports): reportsRead(attempt, reports)
    case .logFinished(let attempt): logFinished(attempt)
    case .slots(let states):
      slotStates = states
      saySlots()
    case .checkpointsDeleted(let trial): say(.checkpointsDeleted(trial))
    case .fetched(let attempt, let isNews): fetched(attempt, isNews: isNews)
    case .fetchFailed(let attempt, let refusal): launchFailed(attempt, refusal)
    case .stored(let name):
      stored[name.trial] = name
      say(.checkpointStored(name))
    case .interrupted: interrupted()
    case .timer: keepTime()
    }
    if let exit = leaving, !isOver, mayLeave() { end(exit) }
    let result = actions
    actions = []
    return result
  }

  // MARK: What the shell may ask

  /// The attempts that occupy slots.
  public var liveAttempts: [TrialAttempt] { attempts.filter(\.occupiesSlot).map(\.attempt) }
  public var isWelcomed: Bool { session == .welcomed }
  /// The run's name, once a welcome named it.
  public var runName: String { run }

  // MARK: Attempts by name

  func index(of attempt: TrialAttempt) -> Int? {
    let place = place(of: attempt)
    return place < attempts.count && attempts[place].attempt == attempt ? place : nil
  }

  /// Where the attempt stands, or would stand.
  private func place(of attempt: TrialAttempt) -> Int {
    var low = 0
    var high = attempts.count
    while low < high {
      let middle = (low + high) / 2
      if attempts[middle].attempt < attempt { low = middle + 1 } else { high = middle }
    }
    return low
  }

  mutating func raiseHighest(_ attempt: TrialAttempt) {
    highest[attempt.trial] = max(highest[attempt.trial] ?? attempt.attempt, attempt.attempt)
  }

  mutating func insert(_ attempt: AgentAttempt) {
    attempts.insert(attempt, at: place(of: attempt.attempt))
  }

  // MARK: Words

  /// Sends a message if a session stands; otherwise the next hello says what matters.
  mutating func say(_ message: AgentMessage) {
    if session == .welcomed { actions.append(.send(message)) }
  }

  mutating func note(_ text: String) { actions.append(.note(text)) }

  mutating func end(_ exit: AgentExit) {
    isOver = true
    actions.append(.disconnect)
    actions.append(.exit(exit))
  }
}
