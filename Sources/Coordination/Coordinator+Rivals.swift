import TuningModel
import Wire

/// Two agents with one key: a folder that was copied with its key, or a machine that is a copy of another one. What the
/// first has running is not the second's to speak of: while the first may live, the second gets no work and ends nothing.
///
/// An agent process that is followed by another one at the same place (one machine, one boot, one folder) is dead: it held
/// the lock of the place. On the same machine another boot, or another folder, says so as soon as the one before is not
/// heard any more. On another machine nothing says so, but that nothing can run there: its trials were given up, or it
/// had none and is not heard.
extension Coordinator {
  /// What becomes of a hello.
  public enum HelloVerdict: Equatable, Sendable {
    case counts
    /// It was said before one that was taken already.
    case outdated
    /// Another agent with the key may live: the hello is not answered, and may be said again.
    case waits
    /// Another agent with the key lives, or what it runs may; the words are for the one that said hello.
    case refused(String)
  }

  /// A process that says hello with the key of another one.
  struct Rival: Equatable, Sendable {
    var place: AgentPlace
    /// When it first did, on this machine's clock and on its own.
    var since: Instant
    var saidAt: Instant
    /// When people were told.
    var toldAt: Instant?
  }

  /// Where an agent process lives. Two that live at the same time are never at the same one.
  struct AgentPlace: Equatable, Sendable {
    var machine: String
    var boot: String
    var home: String

    init(_ hello: AgentHello) { (machine, boot, home) = (hello.machineID, hello.bootID, hello.home) }

    init(_ greeting: AgentGreeting) { (machine, boot, home) = (greeting.machineID, greeting.bootID, greeting.home) }
  }

  /// What becomes of a hello where `events` are taken before it. Its connection is the agent's from then on only where it
  /// counts.
  public func verdict(
    on hello: AgentHello, from key: String, after events: [Event] = [], at now: Instant
  ) -> HelloVerdict {
    verdict(on: hello, from: key, after: events, at: now, absence: ownAbsence(now))
  }

  /// - Parameter absence: how long this coordinator did not run just now, which is nobody's silence.
  func verdict(
    on hello: AgentHello, from key: String, after events: [Event] = [], at now: Instant, absence: Duration
  ) -> HelloVerdict {
    let now = Instant(nanoseconds: now.nanoseconds - absence.wholeNanoseconds)
    if isOutdated(hello, from: key, after: events) {
      return verdict(onEarlierBoot: hello, with: key, after: events, at: now) ?? .outdated
    }
    guard let id = state.agent(withKey: key), !Mutant.rivalCounts.isActive else { return .counts }
    let place = AgentPlace(hello)
    if let known = state[id]?.greeting, AgentPlace(known) == place { return .counts }
    // Of two that come at once the first counts, and the other one asks again.
    let isSecond = events.contains { event in
      guard case .message(key, let message) = event else { return false }
      if case .hello(let other) = message { return AgentPlace(other) != place }
      return true
    }
    return isSecond ? .waits : rivalry(of: hello, with: key, id, at: now) ?? .counts
  }

  /// One that still speaks after another boot of its machine took over is a copy, or has one. It counts again when it
  /// has gone on for so long, by its own clock as well, that it cannot be what it said before it ended, and the other boot
  /// was silent meanwhile.
  private func verdict(
    onEarlierBoot hello: AgentHello, with key: String, after events: [Event], at now: Instant
  ) -> HelloVerdict? {
    guard let id = state.agent(withKey: key), let last = earlierBoot(of: hello, id), hello.saidAt > last.saidAt,
      !Mutant.earlierBootIsOver.isActive,
      !events.contains(where: { if case .message(key, _) = $0 { true } else { false } })
    else { return nil }
    if isHeard(id, at: now) { return .refused(refusal(of: hello, with: key, id, at: now)) }
    let patience = max(state.specification.cluster.heartbeat * 12, .seconds(60))
    guard let rival = sessions[id.rawValue].rival, rival.place == AgentPlace(hello),
      sessions[id.rawValue].lastHeard < rival.since, now >= rival.since + patience,
      hello.saidAt >= rival.saidAt + patience * 9 / 10
    else { return .waits }
    return .counts
  }

  /// nil: no other agent with the key can live.
  private func rivalry(of hello: AgentHello, with key: String, _ id: AgentID, at now: Instant) -> HelloVerdict? {
    guard let greeting = state[id]?.greeting, sessions.indices.contains(id.rawValue), state.end == nil,
      hello.protocolVersion == ProtocolVersion.current
    else { return nil }
    let place = AgentPlace(hello)
    let known = AgentPlace(greeting)
    guard place != known else { return nil }
    let isBusy = state.agents[id.rawValue].slots.contains { $0 != nil }
    if place.machine != known.machine {
      return isBusy || isHeard(id, at: now) ? .refused(refusal(of: hello, with: key, id, at: now)) : nil
    }
    let session = sessions[id.rawValue]
    if session.hello == nil {
      // After a restart the one before is given time to come back with what it runs.
      return isBusy && now - session.lastHeard < state.specification.cluster.heartbeat * 12 ? .waits : nil
    }
    guard isHeard(id, at: now) else { return nil }
    if let rival = session.rival, rival.place == place, session.lastHeard >= rival.since + suspicion {
      return .refused(refusal(of: hello, with: key, id, at: now))
    }
    return .waits
  }

  /// So long nothing is thought of an agent's silence.
  private var suspicion: Duration {
    min(state.specification.cluster.heartbeat * 3, state.specification.cluster.lostAfter)
  }

  /// Whether this coordinator has heard the agent a moment ago.
  private func isHeard(_ id: AgentID, at now: Instant) -> Bool {
    guard sessions.indices.contains(id.rawValue), sessions[id.rawValue].hello != nil else { return false }
    // At the limit it is heard as long as nobody has called it silent.
    return state.agents[id.rawValue].reachability == .reachable && now - sessions[id.rawValue].lastHeard <= suspicion
  }

  /// What the agent that is refused ends with.
  private func refusal(of hello: AgentHello, with key: String, _ id: AgentID, at now: Instant) -> String {
    let name = state[id]?.name ?? ""
    let pid = state[id]?.greeting.map { " (pid \($0.pid) on \($0.hostname))" } ?? ""
    let standing =
      isHeard(id, at: now)
      ? "which is in touch"
      : "whose trials may still run (if it is dead for certain: pasha-coord hosts lost \(name))"
    return "another agent has this one's key \(key): agent \(id) of \(name)\(pid), \(standing). Two agents cannot have "
      + "one key. If \(hello.home) is a copy, delete it; an agent that joins by hand then needs a token of its own "
      + "(pasha-coord invite)"
  }

  /// Remembers the rival, and tells people of it once in a while.
  mutating func noteRival(_ hello: AgentHello, of id: AgentID, isRefused: Bool, _ turn: inout Turn) {
    let place = AgentPlace(hello)
    var rival = sessions[id.rawValue].rival ?? Rival(place: place, since: turn.now, saidAt: hello.saidAt)
    let isAnswered = earlierBoot(of: hello, id) != nil && sessions[id.rawValue].lastHeard >= rival.since
    if rival.place != place || isAnswered {
      rival = Rival(place: place, since: turn.now, saidAt: hello.saidAt, toldAt: rival.toldAt)
    }
    if isRefused, rival.toldAt.map({ turn.now - $0 >= FlapBound.window }) ?? true {
      rival.toldAt = turn.now
      let name = state[id]?.name ?? ""
      turn.effects.append(
        .note(
          "two agents have the key of agent \(id) (\(name)): pid \(hello.pid) on \(hello.hostname.prefix(80)) was refused. "
            + "If \(hello.home.prefix(300)) there is a copy, delete it"))
    }
    sessions[id.rawValue].rival = rival
  }
}
