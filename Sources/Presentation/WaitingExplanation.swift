import Coordination
import Scheduling
import TuningModel
import Wire

/// Why trials wait for slots, and why slots are idle: made of the run's facts, in their order.
///
/// Rests of hosts are no facts; they follow from those of starts that failed, as the coordinator counts them.
public struct WaitingExplanation {
  public struct Waiting: Equatable, Sendable {
    public var trial: TrialID
    public var since: Timestamp
    /// For so long, by a clock that does not jump.
    public var length: Duration
    public var text: String
  }

  /// Slots of one agent that have no trial for the same reason.
  public struct Idle: Equatable, Sendable {
    /// nil: no agent of the host has come yet.
    public var agent: AgentID?
    public var host: String
    public var slots: [Int]
    public var text: String
  }

  public private(set) var state: RunState
  /// Who runs the run.
  public var service = CoordinatorPresence.none
  /// What the running coordinator says of hosts with troubles, by name.
  public var troubles: [String: String] = [:]
  /// How long the run has been up by now, where the running coordinator says so.
  public var active: Duration?
  private var since: [TrialID: Stamp] = [:]
  private var rests: [AgentID: Rest] = [:]

  private struct Rest {
    var faults = 0
    /// Times that it was sent to rest since something ended well there.
    var rests = 0
    var until: Timestamp?
    /// The trial that failed there last, and why.
    var last: (trial: TrialID, why: String)?
  }

  /// Who did not start a trial, or failed it, since it ran last: by host, with the reason.
  private var refusals: [TrialID: [(host: String, why: String)]] = [:]

  /// Throws when the scheduler's options make no sense together.
  public init(specification: RunSpecification) throws(SchedulerOptionProblem) {
    state = try RunState(specification: specification)
  }

  // MARK: Facts

  /// Takes the next fact of the run.
  public mutating func take(_ stamped: StampedFact) {
    noteRest(stamped)
    state.apply(stamped)
    switch stamped.fact {
    case .trialCreated(let creation): noteWaiting(creation.trial, stamped.stamp)
    case .scheduling(.promotion(let promotion)): noteWaiting(promotion.trial, stamped.stamp)
    case .attemptEnded(let attempt, _, _), .attemptRefused(let attempt, _, _): noteWaiting(attempt.trial, stamped.stamp)
    case .attemptAssigned(let assignment): since[assignment.attempt.trial] = nil
    case .trialStopped(let trial): since[trial] = nil
    case .trainingBegan:
      for trial in state.waiting { noteWaiting(trial, stamped.stamp) }
    default: break
    }
  }

  private mutating func noteWaiting(_ trial: TrialID, _ stamp: Stamp) {
    guard case .pending? = state[trial]?.status, since[trial] == nil else { return }
    since[trial] = stamp
  }

  private mutating func noteRest(_ stamped: StampedFact) {
    switch stamped.fact {
    case .attemptRefused(let attempt, let refusal, _):
      let agent = state[attempt.trial]?.slot?.agent
      noteRefusal(of: attempt.trial, agent, Presentation.detail(refusal))
      let isUsable = state[attempt.trial]?.slot.map { state[$0.agent]?.unusable[$0.index] == nil } ?? true
      if refusal.code == .hostFault || refusal.code == .noSuchSlot || refusal.code == .slotBusy && isUsable {
        noteFault(of: agent, attempt.trial, Presentation.detail(refusal), stamped.stamp)
      }
    case .reportReceived(let report): refusals[report.attempt.trial] = nil
    case .attemptEnded(let attempt, let end, _):
      guard let trial = state[attempt.trial], let agent = trial.slot?.agent else { break }
      if trial.wasFailedByHost(end) {
        noteRefusal(of: attempt.trial, agent, Presentation.cause(end))
        noteFault(of: agent, attempt.trial, Presentation.cause(end), stamped.stamp)
      } else if end.cause != .hostFault, end.cause != .leaseExpired {
        rests[agent]?.faults = 0
        rests[agent]?.rests = 0
      }
    case .agentGreeted(let greeting): rests[greeting.agent]?.until = nil
    case .runResumed: rests = [:]
    default: break
    }
  }

  private mutating func noteRefusal(of trial: TrialID, _ agent: AgentID?, _ why: String) {
    guard let host = agent.flatMap({ state[$0]?.name }) else { return }
    refusals[trial, default: []].removeAll { $0.host == host }
    refusals[trial, default: []].append((Presentation.printable(host), why))
  }

  private mutating func noteFault(of agent: AgentID?, _ trial: TrialID, _ why: String, _ stamp: Stamp) {
    guard let agent else { return }
    var rest = rests[agent] ?? Rest()
    rest.last = (trial, why)
    rest.faults += 1
    // What fails in its other slots at the same time makes the rest no longer.
    if rest.until.map({ $0 <= stamp.wall }) ?? true {
      rest.until = stamp.wall + Coordinator.restAfterFault(rest.rests)
      rest.rests += 1
    }
    rests[agent] = rest
  }

  // MARK: Trials that wait

  /// In the order in which they are given slots. `isServed`: whether a coordinator runs the run at `now`.
  public func waiting(at now: Timestamp, isServed: Bool) -> [Waiting] {
    guard state.end == nil else { return [] }
    // Without a coordinator time stands still for the run.
    let last = state.lastStamp
    let passed =
      isServed ? last.map { max(.zero, now - $0.wall) } ?? .zero : .zero
    let active = self.active ?? (last?.active ?? .zero) + passed
    return (state.waiting.compactMap { state[$0] } + pausedByHand).map { trial in
      Waiting(
        trial: trial.id, since: since[trial.id]?.wall ?? now,
        length: max(.zero, active - (since[trial.id]?.active ?? active)),
        text: "\(purpose(trial)): \(cause(trial, at: now, isServed: isServed))\(refusal(of: trial.id))")
    }
  }

  /// Trials that would want a slot, were they not paused by an operator.
  private var pausedByHand: [TrialState] {
    state.trials.filter { trial in
      guard case .pending = trial.status else { return false }
      return trial.isPausedByOperator
    }
  }

  /// Who refused the trial, and why.
  private func refusal(of trial: TrialID) -> String {
    guard let all = refusals[trial], !all.isEmpty else { return "" }
    let shown = all.suffix(3).map { "\($0.host) (\($0.why))" }
    let more = all.count - shown.count
    return "; it was refused by " + shown.joined(separator: ", ") + (more > 0 ? " and \(more) more" : "")
  }

  private func purpose(_ trial: TrialState) -> String {
    let goal = Presentation.resource(trial.promotedTo ?? trial.milestone, state)
    guard case .pending(let reason) = trial.status else { return "to \(goal)" }
    switch reason {
    case .created: return "new, to \(goal)"
    case .promoted: return "promoted to \(goal)"
    case .restarted: return "to start again, to \(goal)"
    case .resumed: return "to go on, to \(goal)"
    case .training: return "one of the best, to be trained to \(goal)"
    }
  }

  private func cause(_ trial: TrialState, at now: Timestamp, isServed: Bool) -> String {
    if trial.isPausedByOperator {
      return "it is paused by hand; `pasha-coord resume --trial \(trial.id)` lets it go on"
    }
    if let pause = pause(isServed: isServed) { return pause }
    if let hosts = absentHolders(trial) {
      let names = hosts.map { Presentation.printable($0) }.joined(separator: ", ")
      return "its checkpoint is on \(names) alone, which does not answer; it is waited for" + outlook(hosts)
    }
    if let limit = state.specification.cluster.maxWorkers, busy >= limit {
      return "n_workers: no more than \(limit) run at once"
    }
    let usable = slots(at: now)
    let free = usable.count { state[$0.agent]?.slots[$0.index] == nil }
    if usable.isEmpty { return "there is no slot that takes work\(whyNone())" }
    if free == 0 { return usable.count == 1 ? "its one slot is taken" : "all \(usable.count) slots are taken" }
    return "a slot is free; it starts at the next turn, or when the host that has its checkpoint has one"
  }

  /// Why no slot takes work: the hosts by what they are.
  private func whyNone() -> String {
    let hosts = HostHealth.all(state, live: nil).filter { $0.word != .removed }
    guard !hosts.isEmpty else { return ": the run has no host (`pasha-coord hosts add` brings one in)" }
    // What only the coordinator knows is behind each host below.
    return ": of \(Presentation.count(hosts.count, "host")) " + Presentation.tally(hosts)
      + "; `status` says what comes next"
  }

  /// Hosts that alone have the trial's newest checkpoint, and none of which answers.
  private func absentHolders(_ trial: TrialState) -> [String]? {
    guard let newest = trial.seals.last else { return nil }
    var names: [String] = []
    for holder in newest.holders {
      guard case .place(let place) = holder else { return nil }
      let agents = state.agents.filter { $0.place == place && state.mark(of: $0.name) != .removed }
      if agents.contains(where: isAnswering) { return nil }
      names += agents.filter { $0.reachability != .lost }.map { $0.name }
    }
    return names.isEmpty ? nil : names
  }

  /// What is known of such hosts, and what to do about it.
  private func outlook(_ hosts: [String]) -> String {
    let known = hosts.compactMap { troubles[$0] }
    let way = "if it is dead for certain, `pasha-coord hosts lost` ends the wait"
    return known.isEmpty ? " (\(way))" : " (\(known.joined(separator: "; ")); \(way))"
  }

  private func isAnswering(_ agent: AgentState) -> Bool {
    agent.reachability == .reachable || agent.reachability == .suspect
  }

  private var busy: Int { state.agents.reduce(0) { $0 + $1.slots.count { $0 != nil } } }

  /// Slots that take work, or do work.
  private func slots(at now: Timestamp) -> [SlotID] {
    state.agents.filter { absence($0, at: now) == nil }.flatMap { agent in
      (0..<min(agent.greeting?.slots ?? 0, agent.slots.count)).filter { agent.unusable[$0] == nil }
        .map { SlotID(agent: agent.id, index: $0) }
    }
  }

  // MARK: Slots that are idle

  /// By agent; last the hosts that have none.
  public func idle(at now: Timestamp, isServed: Bool) -> [Idle] {
    guard state.end == nil else { return [] }
    var found: [Idle] = []
    for agent in state.agents where state.mark(of: agent.name) != .removed && !isReplaced(agent) {
      let host = Presentation.printable(agent.name)
      guard let offered = agent.greeting?.slots else {
        found.append(Idle(agent: agent.id, host: host, slots: [], text: "its agent has not said hello yet"))
        continue
      }
      for index in 0..<min(offered, agent.slots.count) where agent.slots[index] == nil {
        let text = cause(agent, slot: index, at: now, isServed: isServed)
        if let last = found.last, last.agent == agent.id, last.text == text {
          found[found.count - 1].slots.append(index)
        } else {
          found.append(Idle(agent: agent.id, host: host, slots: [index], text: text))
        }
      }
    }
    for host in state.hosts where !state.agents.contains(where: { $0.name == host.name }) {
      found.append(
        Idle(
          agent: nil, host: Presentation.printable(host.name), slots: [],
          text: "no agent has come up there"
            + (troubles[host.name].map { ": \($0)" } ?? " (`pasha-coord check` says why)")))
    }
    return found
  }

  /// One that is gone, and whose host has another one.
  private func isReplaced(_ agent: AgentState) -> Bool {
    !isAnswering(agent) && state.agents.contains { $0.name == agent.name && $0.id > agent.id }
  }

  private func cause(_ agent: AgentState, slot: Int, at now: Timestamp, isServed: Bool) -> String {
    if let pause = pause(isServed: isServed) { return pause }
    if let absence = absence(agent, at: now) {
      // The coordinator knows what comes next.
      return troubles[agent.name].map { agent.preparationFailure == nil ? "\(absence): \($0)" : absence } ?? absence
    }
    if agent.reachability == .suspect {
      return "it gets work at the next turn, but its host is silent just now, and may not hear of it"
    }
    if let reason = agent.unusable[slot] { return "it gets no work: \(Presentation.printable(reason))" }
    if let limit = state.specification.cluster.maxWorkers, busy >= limit {
      return "n_workers: no more than \(limit) run at once"
    }
    if !state.waiting.isEmpty {
      return "a trial that waits gets it at the next turn, unless its checkpoint is awaited"
    }
    let running = Presentation.count(state.activeTrials.count, "running trial")
    if state.training != nil { return "the search is over, and nothing is left to train but \(running)" }
    guard let drain = state.drain else { return "it gets work at the next turn" }
    let reason = Presentation.reason(drain.reason, state)
    guard drain.promotesStill else { return "\(reason), and nothing is promoted any more; \(running) left" }
    return "\(reason), and no trial can be promoted now; what \(running) may report can change that"
  }

  /// Why nothing of the run gets work; nil: it does.
  private func pause(isServed: Bool) -> String? {
    if case .silent(let pid, let isStopped) = service {
      return isStopped
        ? "the run's coordinator (process \(pid)) is stopped: `kill -CONT \(pid)` lets it go on"
        : "the run's coordinator (process \(pid)) does not answer just now"
    }
    if !isServed {
      return "no coordinator runs the run: `pasha-coord resume \(state.start?.run ?? "")` goes on with it"
    }
    guard let closing = state.closing else { return nil }
    return closing.suspends ? "the run is being paused" : "the run is ending"
  }

  /// Why an agent gets no work; nil: it does.
  private func absence(_ agent: AgentState, at now: Timestamp) -> String? {
    switch state.mark(of: agent.name) {
    case .draining: return "its host is drained"
    case .leaving, .removed: return "its host leaves the run"
    case .inUse: break
    }
    switch agent.reachability {
    case .reachable, .suspect: break
    case .unreachable: return "its host is unreachable"
    case .lost: return "its host is lost"
    }
    if let failure = agent.preparationFailure {
      return "its host cannot run the code: \(Presentation.printable(failure, keepsNewlines: true))"
    }
    if agent.history.awaitedSince != nil {
      return "its agent is awaited: it has not said hello since the run was taken up"
    }
    if !agent.isPrepared { return "its host is being prepared: the code is brought there, and setup runs" }
    if let rest = rests[agent.id], let until = rest.until, until > now {
      let faults = Presentation.count(rest.faults, "trial")
      let last = rest.last.map { " (the last, trial \($0.trial): \($0.why))" } ?? ""
      return "\(faults) failed on its host\(last), which rests until \(Presentation.clock(until))"
    }
    return nil
  }
}
