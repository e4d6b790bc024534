import TuningModel

/// What a coordinator that runs knows beyond the facts, for people.
public struct LiveView: Equatable, Sendable {
  public struct Agent: Equatable, Sendable {
    /// Whether it said hello to this coordinator.
    public var isGreeted = false
    /// When its trials are given up unless it answers; nil: they are not.
    public var lostIn: Duration?
    /// It gets no work for so long, since it could not start trials.
    public var restsFor: Duration?
  }

  /// What the launcher does for a host whose agent is not in touch.
  public struct Launch: Equatable, Sendable {
    /// Why the last start failed.
    public var failure: String?
    /// Starts that failed in a row.
    public var failures: Int
    /// When the next one begins; nil: it goes on now, or nothing is planned.
    public var nextIn: Duration?
    /// What the present start is at: `connecting`; nil: none goes on.
    public var step: String?
    /// How long the present start goes on.
    public var startedAgo: Duration?
    /// The tunnel to the host is broken for so long.
    public var tunnelBrokenFor: Duration?

    public init(
      failure: String? = nil, failures: Int = 0, nextIn: Duration? = nil, step: String? = nil,
      startedAgo: Duration? = nil, tunnelBrokenFor: Duration? = nil
    ) {
      self.failure = failure
      self.failures = failures
      self.nextIn = nextIn
      self.step = step
      self.startedAgo = startedAgo
      self.tunnelBrokenFor = tunnelBrokenFor
    }
  }

  /// The time of the run, for the ages of facts.
  public var now: Stamp
  public var agents: [Agent]
  /// By name of the host.
  public var launches: [String: Launch] = [:]
  public var counters = Coordinator.Counters()
}

extension Coordinator {
  /// What only the running coordinator knows.
  public func view(at now: Moment) -> LiveView {
    let agents = state.agents.map { agent -> LiveView.Agent in
      guard sessions.indices.contains(agent.id.rawValue) else { return LiveView.Agent() }
      let session = sessions[agent.id.rawValue]
      var view = LiveView.Agent(isGreeted: session.isGreeted)
      if agent.greeting != nil, agent.reachability != .lost, state.mark(of: agent.name) != .removed {
        view.lostIn = max(.zero, session.lastHeard + patienceWithSilence - now.monotonic)
      }
      if let until = restsUntil[agent.id], until > now.monotonic { view.restsFor = until - now.monotonic }
      return view
    }
    return LiveView(
      now: Stamp(wall: now.wall, active: activeTime(at: now.monotonic)), agents: agents, counters: counters)
  }
}
