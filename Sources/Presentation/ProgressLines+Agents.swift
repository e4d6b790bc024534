import Coordination
import TuningModel
import Wire

/// Lines about agents: how they come, fall silent, are lost and come back. Each recovery is one line.
extension Presentation {
  static func agentName(_ id: AgentID, _ state: RunState) -> String {
    "agent \(id) (\(printable(state[id]?.name ?? "")))"
  }

  /// `trial 4`, `trials 4, 7 and 9`; of many the first few.
  static func names(_ trials: [TrialID]) -> String {
    let shown = trials.prefix(8).map { "\($0)" }
    guard trials.count > 1 else { return "trial \(shown.first ?? "")" }
    if trials.count > shown.count {
      return "trials \(shown.joined(separator: ", ")) and \(trials.count - shown.count) more"
    }
    return "trials \(shown.dropLast().joined(separator: ", ")) and \(shown.last ?? "")"
  }

  /// Trials that run on an agent, not only were given to it.
  private static func running(_ agent: AgentState, _ state: RunState) -> [TrialID] {
    agent.slots.compactMap { $0 }.filter { state[$0]?.status != .active(.assigned) }.sorted()
  }

  // MARK: Hello

  static func greeted(_ greeting: AgentGreeting, _ state: RunState) -> [String] {
    guard let agent = state[greeting.agent] else { return [] }
    let trials = running(agent, state)
    let name = agentName(agent.id, state)
    if greeting.slots == 0 {
      return [
        "agent \(agent.id) (\(printable(agent.name)), \(printable(greeting.hostname))) is leaving; it pauses \(count(trials.count, "trial"))"
      ]
    }
    guard let back = agent.history.lastReturn, back.kind != .arrival else {
      return [
        "agent \(agent.id) (\(printable(agent.name)), \(printable(greeting.hostname))): \(count(greeting.slots, "slot"))"
      ]
    }
    let silence = back.from == .reachable || back.absence == .zero ? "" : " after \(duration(back.absence)) of silence"
    if back.from == .lost {
      return ["\(name) is back\(silence); it had been given up, and what it still runs of its trials is ended there"]
    }
    switch back.kind {
    case .arrival: return []
    case .boot:
      return ["\(name) is back\(silence): its machine was started anew, and nothing of its trials runs there any more"]
    case .process:
      let found = trials.isEmpty ? "no trial runs there" : "it found \(names(trials)), which ran on"
      return ["\(name) was started again\(silence); \(found)"]
    case .link:
      if let afterResume = back.afterResume {
        let heartbeat = state.specification.cluster.heartbeat
        if Coordinator.isToldBySummary(afterResume, heartbeat: heartbeat) { return [] }
        return ["\(name) is back, \(duration(afterResume)) after the resume; \(ranOn(trials))"]
      }
      guard back.from == .reachable else { return mended(agent, back, trials, state) }
      // A break too short for silence.
      switch agent.history.flaps.telling {
      case .each: return ["\(name) connected anew; \(ranOn(trials))"]
      case .lastForNow(let count): return ["\(name) connected anew, \(flapping(count))"]
      case .summary(let count, let broken): return ["\(name) connected anew; \(summary(count, broken))"]
      case .nothing: return []
      }
    }
  }

  private static func ranOn(_ trials: [TrialID]) -> String {
    switch trials.count {
    case 0: "no trial ran there"
    case 1: "its \(names(trials)) ran on"
    default: "its \(names(trials)) ran on"
    }
  }

  private static func mended(
    _ agent: AgentState, _ back: AgentHistory.Return, _ trials: [TrialID], _ state: RunState
  ) -> [String] {
    // Being unreachable was told whatever came before.
    guard back.from != .suspect || agent.history.flaps.tellsMending else { return [] }
    return ["\(agentName(agent.id, state)) is back in touch after \(duration(back.absence)); \(ranOn(trials))"]
  }

  private static func flapping(_ count: Int) -> String {
    "the \(count)th break of its link within \(duration(FlapBound.window)): told once in that time from here on"
  }

  private static func summary(_ count: Int, _ broken: Duration) -> String {
    "before, its link broke \(Presentation.count(count, "time")) within \(duration(FlapBound.window)), for \(duration(broken)) in all"
  }

  // MARK: Silence

  static func reached(_ id: AgentID, _ reachability: Reachability, _ state: RunState) -> [String] {
    guard let agent = state[id] else { return [] }
    let name = agentName(id, state)
    switch reachability {
    case .reachable:
      guard let back = agent.history.lastReturn else { return [] }
      return mended(agent, back, running(agent, state), state)
    case .suspect:
      switch agent.history.flaps.telling {
      case .each: return ["\(name) is silent; it may come back"]
      case .lastForNow(let count): return ["\(name) is silent, \(flapping(count))"]
      case .summary(let count, let broken): return ["\(name) is silent; \(summary(count, broken))"]
      case .nothing: return []
      }
    case .unreachable:
      let patience = state.specification.cluster.lostAfter
      return [
        "\(name) is unreachable; its trials may go on there for \(duration(patience)) after they heard from here last, it "
          + "gets no new work; if it is dead for certain, say so with `pasha-coord hosts lost \(host(id, state))`"
      ]
    case .lost: return [lost(agent, state)]
    }
  }

  /// Where what ran on a lost host goes on from.
  private static func lost(_ agent: AgentState, _ state: RunState) -> String {
    let given = agent.history.givenUp
    guard !given.isEmpty else { return "\(agentName(agent.id, state)) is lost; no trial ran there" }
    // Some were at their milestone, and have nothing to do until they are promoted.
    var elsewhere: [(trial: TrialID, origin: String)] = []
    var done: [TrialID] = []
    for attempt in given {
      guard let trial = state[attempt.trial] else { continue }
      switch trial.status {
      case .pending, .active: elsewhere.append((trial.id, origin(of: trial, state)))
      case .paused, .completed, .stopped, .failed: done.append(trial.id)
      }
    }
    var parts = Dictionary(grouping: elsewhere, by: \.origin).sorted { $0.key < $1.key }.map { entry in
      "\(names(entry.value.map(\.trial))) \(entry.value.count == 1 ? "goes" : "go") elsewhere, from \(entry.key)"
    }
    if !done.isEmpty {
      parts.append("\(names(done)) had reached what \(done.count == 1 ? "it was" : "they were") to reach")
    }
    return "\(agentName(agent.id, state)) is lost; " + parts.joined(separator: "; ")
  }

  /// What a trial that lost its process goes on from.
  static func origin(of trial: TrialState, _ state: RunState) -> String {
    guard let seal = trial.seals.last(where: { isToBeHad($0, state) }) else { return "the start" }
    let newest = seal.seal.generation == trial.lastGeneration ? "checkpoint" : "older checkpoint"
    return "its \(newest)" + (seal.seal.coveredResource.map { " (\(resource($0, state)))" } ?? "")
  }

  static func isToBeHad(_ seal: TrialState.SealedCheckpoint, _ state: RunState) -> Bool {
    seal.holders.contains { holder in
      guard case .place(let place) = holder else { return true }
      return state.agents.contains { $0.place == place && $0.reachability != .lost }
    }
  }

  // MARK: Slots and starts

  static func prepared(_ id: AgentID, _ failure: String?, _ state: RunState) -> [String] {
    guard let agent = state[id], agent.history.preparationIsNews else { return [] }
    if let failure { return ["agent \(id) cannot run the code: \(printable(failure, keepsNewlines: true))"] }
    return [agent.greeting?.slots == 0 ? "agent \(id) takes no more trials" : "agent \(id) is ready"]
  }

  static func slots(_ id: AgentID, at stamp: Stamp, _ state: RunState) -> [String] {
    guard let agent = state[id] else { return [] }
    let change = agent.history.slotChange
    let closed = change.closed.sorted().compactMap { slot in
      agent.history.quarantines[slot].map {
        "slot \(id)/\(slot) on \(host(id, state)) gets no work: \(printable($0.reason))"
      }
    }
    let opened = change.opened.sorted { $0.key < $1.key }.map { slot, known in
      "slot \(id)/\(slot) on \(host(id, state)) gets work again after \(duration(stamp.active - known.since.active)); "
        + "it had got none: \(printable(known.reason))"
    }
    return closed + opened
  }

  /// A host that could not start trials starts one again.
  static func started(_ attempt: TrialAttempt, at stamp: Stamp, _ state: RunState) -> [String] {
    for agent in state.agents {
      guard let overcome = agent.history.overcome, overcome.by == attempt else { continue }
      let failures = overcome.failures
      return [
        "\(host(agent.id, state)) starts trials again, \(duration(stamp.active - failures.since.active)) after the first of "
          + "\(count(failures.count, "attempt")) that failed there: \(lastWords(failures.detail) ?? "")"
      ]
    }
    return []
  }
}
