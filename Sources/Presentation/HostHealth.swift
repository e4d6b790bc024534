import Coordination
import TuningModel
import Wire

/// What state a host and its slots are in, since when, why, and what comes next.
public struct HostHealth: Equatable, Sendable {
  /// In the order in which tables show them: what needs somebody first.
  public enum Word: Int, Comparable, Sendable, CaseIterable {
    case lost, unreachable, cannotStart, cannotRun, suspect, quarantined, resting, awaited, starting, preparing
    case leaving, draining, ready, removed

    public static func < (a: Word, b: Word) -> Bool { a.rawValue < b.rawValue }

    /// As it stands in tables and JSON.
    public var text: String {
      switch self {
      case .lost: "lost"
      case .unreachable: "unreachable"
      case .cannotStart: "cannot be started"
      case .cannotRun: "cannot run the code"
      case .suspect: "suspect"
      case .quarantined: "quarantined"
      case .resting: "resting"
      case .awaited: "awaited"
      case .starting: "not there yet"
      case .preparing: "preparing"
      case .leaving: "leaving"
      case .draining: "draining"
      case .ready: "ready"
      case .removed: "removed"
      }
    }

    /// Whether somebody may want to know more of it.
    public var isTroubled: Bool { self <= .awaited }
  }

  /// One of its slots that gets no work.
  public struct Slot: Equatable, Sendable {
    public var slot: Int
    public var since: Stamp?
    public var reason: String
  }

  public var host: String
  public var agent: AgentState?
  public var word: Word
  /// What `word` is called where the operator's mark and the state of the agent differ: `draining, unreachable`.
  public var since: Stamp?
  public var reason: String
  public var next: String
  public var slots: [Slot] = []
  /// The agent was lost, and came back.
  public var note: String?
}

extension HostHealth {
  /// Hosts of the file and those that came, then agents that joined by hand; those with troubles first. Without `live`
  /// nobody starts, awaits or gives up anything.
  public static func all(_ state: RunState, live: LiveView?) -> [HostHealth] {
    var found: [HostHealth] = []
    for host in state.hosts {
      // The newest agent of the name counts: one whose host was laid out anew has another key.
      let agent = state.agents.last { $0.name == host.name }
      found.append(health(host.name, agent, state, live))
    }
    let names = Set(found.map(\.host))
    for agent in state.agents where !names.contains(agent.name) {
      // One whose agent came again under another key.
      if state.agents.contains(where: { $0.name == agent.name && $0.id > agent.id }) { continue }
      found.append(health(agent.name, agent, state, live))
    }
    return found.enumerated().sorted { ($0.element.word, $0.offset) < ($1.element.word, $1.offset) }.map(\.element)
  }

  private static func health(
    _ name: String, _ agent: AgentState?, _ state: RunState, _ live: LiveView?
  ) -> HostHealth {
    var health = HostHealth(host: name, agent: agent, word: .ready, since: nil, reason: "", next: "")
    health.judge(state, live)
    if let agent, agent.reachability != .lost {
      health.slots = agent.unusable.sorted { $0.key < $1.key }.map { slot, reason in
        Slot(slot: slot, since: agent.history.quarantines[slot]?.since, reason: reason)
      }
    }
    if health.word == .ready, !health.slots.isEmpty { health.word = .quarantined }
    switch state.mark(of: name) {
    case .inUse: break
    case .draining: if health.word >= .quarantined { health.mark(.draining, state) }
    case .leaving: if health.word >= .quarantined { health.mark(.leaving, state) }
    case .removed: health.mark(.removed, state)
    }
    return health
  }

  private mutating func mark(_ word: Word, _ state: RunState) {
    self.word = word
    since = state.hostMarkedAt[host]
    switch word {
    case .draining:
      reason = "an operator asked for it"
      next = "its trials go on to their milestones, then elsewhere"
    case .leaving:
      reason = "an operator asked for it"
      next = "it goes once its trials are paused and its checkpoints are here"
    default:
      reason = ""
      next = ""
    }
  }

  private mutating func judge(_ state: RunState, _ live: LiveView?) {
    let launch = live?.launches[host]
    guard let agent, agent.greeting != nil else {
      since = agent?.history.since ?? state.hostAddedAt[host] ?? state.startedAt
      return absent(launch, live)
    }
    let history = agent.history
    since = history.since
    switch agent.reachability {
    case .lost:
      word = .lost
      reason = "its trials were given up and go on elsewhere"
      next = start(launch, live) ?? "should it come back, it is taken in again and what it still runs of them is ended"
    case .unreachable:
      word = .unreachable
      since = history.heardLast ?? history.since
      reason = "nothing was heard of it; it gets no new work, its trials may go on there"
      next = givenUp(agent, live, launch)
    case .suspect:
      word = .suspect
      since = history.heardLast ?? history.since
      reason = "nothing was heard of it"
      next = givenUp(agent, live, launch)
    case .reachable: present(agent, state, live, launch)
    }
  }

  private mutating func present(
    _ agent: AgentState, _ state: RunState, _ live: LiveView?, _ launch: LiveView.Launch?
  ) {
    let history = agent.history
    if let awaited = history.awaitedSince {
      word = .awaited
      since = awaited
      reason = "it has not said hello since the run was taken up"
      next = givenUp(agent, live, launch)
    } else if let failure = agent.preparationFailure {
      word = .cannotRun
      since = history.preparedAt
      reason = Presentation.printable(failure, keepsNewlines: true)
      next = "it gets no work until its agent is started again (`hosts add` once it is mended)"
    } else if let failures = history.failedStarts, let until = restEnd(agent, failures, live) {
      word = .resting
      since = failures.since
      reason =
        "\(Presentation.count(failures.count, "attempt")) failed there: \(Presentation.lastWords(failures.detail) ?? "")"
      let now = live?.now.wall ?? until
      next = "it gets the next trial at \(Presentation.when(until, near: now))"
    } else if live != nil || state.end == nil, !agent.isPrepared, !state.isSuspended {
      word = .preparing
      since = history.greetedAt
      reason = "the code is brought there, and setup runs"
      next = ""
    }
    if let back = history.lastReturn, back.from == .lost, word >= .quarantined {
      note = "it had been lost, and came back at \(history.greetedAt.map { Presentation.clock($0.wall) } ?? "?")"
    }
    let flaps = history.flaps
    if let live, let began = flaps.began, !flaps.tellsMending, live.now.active - began <= FlapBound.window {
      note =
        "its link broke \(Presentation.count(flaps.count, "time")) in the last \(Presentation.duration(live.now.active - began))"
    }
  }

  /// When its rest after failed starts is over; nil: it does not rest.
  private func restEnd(
    _ agent: AgentState, _ failures: AgentHistory.FailedStarts, _ live: LiveView?
  ) -> Timestamp? {
    guard let live else { return nil }
    guard live.agents.indices.contains(agent.id.rawValue), let left = live.agents[agent.id.rawValue].restsFor else {
      return nil
    }
    return live.now.wall.after(left)
  }

  /// A host of which no agent has come.
  private mutating func absent(_ launch: LiveView.Launch?, _ live: LiveView?) {
    if let launch, let failure = launch.failure {
      word = .cannotStart
      reason = Presentation.printable(Self.without(host, failure), keepsNewlines: true)
      next = start(launch, live) ?? ""
      return
    }
    word = .starting
    reason = launch?.step.map { "it is being started: \($0)" } ?? "no agent of it has come"
    if live == nil { reason = "no agent of it has come" }
    next = ""
  }

  /// What the launcher will do next.
  private func start(_ launch: LiveView.Launch?, _ live: LiveView?) -> String? {
    guard let launch, let live else { return nil }
    let tries = launch.failures > 0 ? " (\(Presentation.count(launch.failures, "start")) failed)" : ""
    if let step = launch.step {
      let time = launch.startedAgo.map { " for \(Presentation.duration($0))" } ?? ""
      return "it is being started\(time): \(step)\(tries)"
    }
    if let next = launch.nextIn {
      return "the next start is at \(Presentation.when(live.now.wall.after(next), near: live.now.wall))\(tries)"
    }
    return nil
  }

  private func givenUp(_ agent: AgentState, _ live: LiveView?, _ launch: LiveView.Launch?) -> String {
    guard let live else { return "nothing is given up while no coordinator runs" }
    var parts: [String] = []
    if live.agents.indices.contains(agent.id.rawValue), let left = live.agents[agent.id.rawValue].lostIn {
      parts.append("given up at \(Presentation.when(live.now.wall.after(left), near: live.now.wall)) unless it answers")
    }
    if let launch, let failure = launch.failure {
      parts.append("it cannot be started again: \(Presentation.printable(Self.without(host, failure)))")
    }
    if let start = start(launch, live) { parts.append(start) }
    return parts.joined(separator: "; ")
  }

  /// A message without the host's name, which stands before it.
  private static func without(_ name: String, _ text: String) -> String {
    text.hasPrefix(name + ": ") ? String(text.dropFirst(name.count + 2)) : text
  }
}

extension Timestamp {
  func after(_ length: Duration) -> Timestamp {
    self + length
  }
}
