import TuningModel
import Wire

/// Which hello is the newest. Messages on a connection come in order, and those on different connections do not: what an
/// agent said before it gave a connection up may arrive after what it said on the next one.
extension Coordinator {
  /// Who said a hello, and when.
  struct HelloMark: Equatable, Sendable {
    var machine: String
    var boot: String
    var saidAt: Instant

    init(_ hello: AgentHello) {
      machine = hello.machineID
      boot = hello.bootID
      saidAt = hello.saidAt
    }
  }

  /// Whether a hello is no newer than one that was taken already. The agent's connection and what it has are those of the
  /// newer one.
  public func isOutdated(_ hello: AgentHello, from key: String) -> Bool {
    guard let id = state.agent(withKey: key), sessions.indices.contains(id.rawValue), hello.saidAt > .zero,
      !Mutant.lateHelloCounts.isActive
    else {
      return false
    }
    let mark = HelloMark(hello)
    let session = sessions[id.rawValue]
    if earlierBoot(of: hello, id) != nil { return true }
    guard let newest = session.hello, newest.machine == mark.machine, newest.boot == mark.boot else { return false }
    return mark.saidAt <= newest.saidAt
  }

  /// The last hello of the boot that was taken, where another boot of the machine has said hello since.
  func earlierBoot(of hello: AgentHello, _ id: AgentID) -> HelloMark? {
    guard sessions.indices.contains(id.rawValue) else { return nil }
    return sessions[id.rawValue].earlierBoots.last { $0.machine == hello.machineID && $0.boot == hello.bootID }
  }

  /// The same where `events` are taken before it.
  public func isOutdated(_ hello: AgentHello, from key: String, after events: [Event]) -> Bool {
    if Mutant.lateHelloCounts.isActive { return false }
    let mark = HelloMark(hello)
    let isOvertaken = events.contains { event in
      guard case .message(key, .hello(let other)) = event else { return false }
      return other.machineID == mark.machine && other.bootID == mark.boot && mark.saidAt <= other.saidAt
        && mark.saidAt > .zero
    }
    return isOvertaken || isOutdated(hello, from: key)
  }

  /// Remembers the newest hello of an agent.
  mutating func note(_ hello: AgentHello, of id: AgentID) {
    let mark = HelloMark(hello)
    if let before = sessions[id.rawValue].hello, before.machine == mark.machine, before.boot != mark.boot {
      sessions[id.rawValue].earlierBoots = sessions[id.rawValue].earlierBoots.suffix(15) + [before]
    }
    sessions[id.rawValue].hello = mark
    sessions[id.rawValue].earlierBoots.removeAll { $0.machine == mark.machine && $0.boot == mark.boot }
    if sessions[id.rawValue].rival?.place == AgentPlace(hello) { sessions[id.rawValue].rival = nil }
  }

  // MARK: Orders

  /// An order that nothing has come of for so long is given again: it may be lost with a connection whose end nobody
  /// noticed. Agents take it for the same order.
  static let reminderInterval = Duration.seconds(30)

  mutating func noteOrder(of id: TrialID, _ turn: Turn) {
    guard let slot = state[id]?.slot else { return }
    sessions[slot.agent.rawValue].orderedAt[slot.index] = turn.now
  }

  /// Gives an agent that shows a sign of life the orders again that it has not followed.
  mutating func remind(_ id: AgentID, _ turn: inout Turn) {
    if Mutant.ordersSaidOnce.isActive { return }
    for (index, trial) in state.agents[id.rawValue].slots.enumerated() {
      guard let orderedAt = sessions[id.rawValue].orderedAt[index], turn.now - orderedAt >= Self.reminderInterval
      else { continue }
      guard let trial, let current = state[trial]?.current else {
        sessions[id.rawValue].orderedAt[index] = nil
        continue
      }
      if let order = state[trial]?.order {
        send(message(for: order, current), to: id, &turn)
        noteOrder(of: trial, turn)
      } else if state[trial]?.status == .active(.assigned), state.agents[id.rawValue].isPrepared {
        sendStart(trial, &turn)
      } else {
        sessions[id.rawValue].orderedAt[index] = nil
      }
    }
  }
}
