import TuningModel
import Wire

/// Since when an agent and its slots are as they are, and what its last change was: made of facts and their stamps, for
/// people. Nothing is decided from it.
public struct AgentHistory: Equatable, Sendable {
  /// When its reachability became what it is; nil before the first hello.
  public internal(set) var since: Stamp?
  /// When it said hello last.
  public internal(set) var greetedAt: Stamp?
  /// When it was heard last before its present silence, or loss, as far as the facts tell.
  public internal(set) var heardLast: Stamp?
  /// Another coordinator took the run up then, and it has not said hello to that one yet.
  public internal(set) var awaitedSince: Stamp?
  /// How it came back last.
  public internal(set) var lastReturn: Return?
  /// How often its link broke lately.
  public internal(set) var flaps = FlapBound()
  /// When its code was found to be in place, or not to be.
  public internal(set) var preparedAt: Stamp?
  /// Whether the last fact of its preparation said something that was not known.
  public internal(set) var preparationIsNews = true
  var lastPreparation: Preparation = .none
  /// Slots that get no work.
  public internal(set) var quarantines: [Int: Quarantine] = [:]
  /// What the last fact of its slots changed.
  public internal(set) var slotChange = SlotChange()
  /// What ran there when it was lost last.
  public internal(set) var givenUp: [TrialAttempt] = []
  /// Starts that failed there one after the other, since the last that did not.
  public internal(set) var failedStarts: FailedStarts?
  /// Those that the last start of an attempt ended.
  public internal(set) var overcome: Overcome?
  /// The run was paused, and its agents told to go: the next hello is an arrival.
  var isDismissed = false

  enum Preparation: Equatable, Sendable {
    case none
    case ready
    case failed(String)
  }

  public struct Return: Equatable, Sendable {
    public enum Kind: Equatable, Sendable {
      /// The first hello, or one after the run was paused.
      case arrival
      /// The process is the same: its link was broken, or it was not heard.
      case link
      /// Another process of the agent, which finds the trials of the one before.
      case process
      /// Its machine was started anew.
      case boot
    }

    public var kind: Kind
    /// What it was before.
    public var from: Reachability
    /// How long it was not heard; zero where the link broke for less than that shows.
    public var absence: Duration
    /// It is the first hello to a coordinator that took the run up: how long after that.
    public var afterResume: Duration?
  }

  /// A slot that gets no work, since when, and why.
  public struct Quarantine: Equatable, Sendable {
    public var since: Stamp
    public var reason: String
  }

  public struct SlotChange: Equatable, Sendable {
    /// Slots that get no work any more, or for another reason.
    public var closed: [Int] = []
    /// Slots that get work again, with what had kept them from it.
    public var opened: [Int: Quarantine] = [:]
  }

  public struct FailedStarts: Equatable, Sendable {
    public var count: Int
    public var since: Stamp
    public var last: Stamp
    public var detail: String
    /// A hello or another coordinator ended the rest.
    public var isForgiven = false
  }

  public struct Overcome: Equatable, Sendable {
    public var by: TrialAttempt
    public var failures: FailedStarts
  }
}

extension RunState {
  /// How long an agent was silent when it is first called suspect.
  private var suspicion: Duration {
    min(specification.cluster.heartbeat * 3, specification.cluster.lostAfter)
  }

  // MARK: Coming and going

  /// Before `reachability` changes.
  mutating func noteReachability(_ id: AgentID, _ new: Reachability, at stamp: Stamp) {
    guard let agent = self[id] else { return }
    let suspicion = self.suspicion
    change(id) { agent in
      let old = agent.reachability
      guard new != old else { return }
      if new == .reachable {
        agent.history.noteReturn(.link, from: old, at: stamp)
      } else if old == .reachable {
        // Lost at an operator's word it may have been heard just now.
        let silence = new == .suspect ? suspicion : .zero
        agent.history.heardLast = stamp.before(silence)
        if new == .suspect { agent.history.flaps.broke(at: stamp.active) }
      }
      agent.history.since = stamp
    }
    guard new == .lost else { return }
    let running = agent.slots.compactMap { $0 }.compactMap { self[$0]?.current }
    change(id) { $0.history.givenUp = running }
  }

  /// Before the greeting is taken over.
  mutating func noteGreeting(_ greeting: AgentGreeting, at stamp: Stamp) {
    change(greeting.agent) { agent in
      let kind: AgentHistory.Return.Kind
      if let known = agent.greeting, !agent.history.isDismissed {
        kind =
          known.bootID != greeting.bootID
          ? .boot : known.pid != greeting.pid && known.pid != 0 ? .process : .link
      } else {
        kind = .arrival
      }
      let old = agent.reachability
      if kind == .link, old == .reachable, agent.history.awaitedSince == nil {
        agent.history.flaps.broke(at: stamp.active)
      }
      agent.history.noteReturn(kind, from: old, at: stamp)
      if old != .reachable || agent.history.since == nil || kind != .link { agent.history.since = stamp }
      agent.history.isDismissed = false
      agent.history.greetedAt = stamp
      agent.history.failedStarts?.isForgiven = true
    }
  }

  /// Another coordinator took the run up.
  mutating func noteResumption(at stamp: Stamp, wasSuspended: Bool) {
    for index in agents.indices {
      agents[index].history.failedStarts?.isForgiven = true
      guard agents[index].greeting != nil, agents[index].reachability != .lost else { continue }
      if wasSuspended {
        agents[index].history.isDismissed = true
      } else {
        agents[index].history.awaitedSince = stamp
      }
    }
  }

  mutating func notePreparation(_ id: AgentID, failure: String?, at stamp: Stamp) {
    change(id) { agent in
      let new: AgentHistory.Preparation = failure.map { .failed($0) } ?? .ready
      agent.history.preparationIsNews = new != agent.history.lastPreparation
      if agent.history.preparationIsNews { agent.history.preparedAt = stamp }
      agent.history.lastPreparation = new
    }
  }

  // MARK: Slots

  mutating func noteSlots(_ id: AgentID, _ states: [SlotState], at stamp: Stamp) {
    change(id) { agent in
      var change = AgentHistory.SlotChange()
      // What an agent says at once after a hello goes on from what was known before; what it says later of a slot that it
      // did not name then is new.
      let isRepeated = agent.history.greetedAt.map { stamp.active - $0.active <= .seconds(30) } ?? false
      for state in states {
        let known = isRepeated || agent.unusable[state.slot] != nil ? agent.history.quarantines[state.slot] : nil
        if state.isUsable {
          if let known { change.opened[state.slot] = known }
          agent.history.quarantines[state.slot] = nil
        } else if known?.reason != state.reason {
          agent.history.quarantines[state.slot] = AgentHistory.Quarantine(
            since: known?.since ?? stamp, reason: state.reason)
          change.closed.append(state.slot)
        }
      }
      agent.history.slotChange = change
    }
  }

  // MARK: Starts that fail

  /// Before the end of the attempt is taken over.
  mutating func noteFailedStart(of attempt: TrialAttempt, _ detail: String, at stamp: Stamp) {
    guard isCurrent(attempt), let agent = self[attempt.trial]?.slot?.agent else { return }
    change(agent) { agent in
      let known = agent.history.failedStarts
      agent.history.failedStarts = AgentHistory.FailedStarts(
        count: (known?.count ?? 0) + 1, since: known?.since ?? stamp, last: stamp, detail: detail)
    }
  }

  mutating func noteStart(of attempt: TrialAttempt) {
    guard isCurrent(attempt), let agent = self[attempt.trial]?.slot?.agent else { return }
    change(agent) { agent in
      guard let failures = agent.history.failedStarts else { return }
      agent.history.overcome = AgentHistory.Overcome(by: attempt, failures: failures)
      agent.history.failedStarts = nil
    }
  }
}

extension AgentHistory {
  mutating func noteReturn(_ kind: Return.Kind, from old: Reachability, at stamp: Stamp) {
    let absence = heardLast.map { stamp.active - $0.active } ?? .zero
    lastReturn = Return(
      kind: kind, from: old, absence: max(absence, .zero), afterResume: awaitedSince.map { stamp.active - $0.active })
    flaps.mended(after: absence)
    heardLast = nil
    awaitedSince = nil
  }
}

extension Stamp {
  /// The stamp of so much earlier.
  func before(_ length: Duration) -> Stamp {
    Stamp(wall: wall + (.zero - length), active: max(active - length, .zero))
  }
}
