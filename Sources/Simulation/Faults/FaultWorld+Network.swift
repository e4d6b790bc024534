import AgentCore
import Coordination
import TuningModel
import Wire

/// Connections, and what becomes of messages on their way.
extension FaultWorld {
  // MARK: Connections

  /// The agent opens a connection in place of the one it has.
  mutating func connect(_ host: Int) {
    disconnect(host)
    guard let agent = hosts[host].agent else { return }
    connections.append(FaultConnection(host: host, agent: agent.serial))
    hosts[host].agent?.connection = connections.count - 1
    queue.push(.handshake(connection: connections.count - 1), at: now + random.time(upTo: scenario.channel.delay * 3))
  }

  mutating func disconnect(_ host: Int) {
    guard let connection = hosts[host].agent?.connection else { return }
    connections[connection].isOpen = false
    hosts[host].agent?.connection = nil
  }

  mutating func handshake(connection index: Int) {
    let connection = connections[index]
    guard connection.isOpen, hosts[connection.host].agent?.serial == connection.agent else { return }
    let host = hosts[connection.host]
    guard host.isUp, host.asleepUntil <= now, !host.isCut, coordinator.machine != nil, coordinator.stoppedUntil <= now,
      host.agent.map({ $0.stoppedUntil <= now }) ?? false
    else {
      return queue.push(.handshake(connection: index), at: now + .seconds(1))
    }
    connections[index].coordinator = coordinator.serial
    tell(connection.host, connection.agent, .connected)
  }

  /// The agent's end finds out that nobody is at the other one.
  mutating func timeOut(_ index: Int) {
    let connection = connections[index]
    guard connection.isOpen, connection.coordinator != nil,
      let agent = hosts[connection.host].agent, agent.serial == connection.agent, agent.connection == index
    else { return }
    let isAnswered =
      connection.coordinator == coordinator.serial && coordinator.machine != nil
      && hosts[connection.host].cutsToAgent == 0
    if isAnswered { return }
    disconnect(connection.host)
    tell(connection.host, connection.agent, .disconnected(.broken))
  }

  /// The connection breaks, with all that is on its way.
  mutating func reset(_ host: Int) {
    guard let agent = hosts[host].agent, let index = agent.connection, connections[index].coordinator != nil else {
      return
    }
    disconnect(host)
    connections[index].coordinator = -1
    connections[index].stuckUp = []
    connections[index].stuckDown = []
    tell(host, agent.serial, .disconnected(.broken))
  }

  // MARK: Messages

  mutating func sendUp(_ message: AgentMessage, from host: Int) {
    guard let index = hosts[host].agent?.connection, connections[index].coordinator != nil else { return }
    if isTraced { note("\(hosts[host].name) to coordinator: \(message)") }
    if hosts[host].cutsToCoordinator > 0 { return connections[index].stuckUp.append(message) }
    carryUp(message, over: index)
  }

  private mutating func carryUp(_ message: AgentMessage, over index: Int) {
    for time in arrivals(after: connections[index].lastUp) {
      connections[index].lastUp = max(connections[index].lastUp, time)
      queue.push(.arrivesAtCoordinator(connection: index, message), at: time)
    }
  }

  /// False: the agent has closed that connection.
  mutating func sendDown(_ message: CoordinatorMessage, over index: Int) -> Bool {
    let connection = connections[index]
    guard connection.coordinator == coordinator.serial else { return false }
    if hosts[connection.host].cutsToAgent > 0 {
      connections[index].stuckDown.append(message)
      return true
    }
    guard connection.isOpen else { return false }
    carryDown(message, over: index)
    return true
  }

  private mutating func carryDown(_ message: CoordinatorMessage, over index: Int) {
    let times = arrivals(after: connections[index].lastDown)
    for time in times {
      connections[index].lastDown = max(connections[index].lastDown, time)
      queue.push(.arrivesAtAgent(connection: index, message), at: time)
    }
  }

  /// When copies of a message arrive: once, after all that was sent before, on a connection that keeps order.
  private mutating func arrivals(after last: Instant) -> [Instant] {
    let channel = scenario.channel
    let usual = now + random.time(upTo: channel.delay) + .microseconds(1)
    if channel.isOrdered || now >= scenario.quietFrom { return [max(usual, last + .nanoseconds(1))] }
    if random.chance(channel.lost) { return [] }
    var times = [random.chance(channel.reordered) ? now + random.time(upTo: channel.detour) : usual]
    if random.chance(channel.doubled) { times.append(now + random.time(upTo: channel.detour)) }
    return times
  }

  mutating func arriveAtCoordinator(_ index: Int, _ message: AgentMessage) {
    guard coordinator.machine != nil, connections[index].coordinator == coordinator.serial else { return }
    coordinator.inbox.append(.message(connection: index, message))
    planTurn(in: random.time(upTo: .milliseconds(5)))
  }

  /// Who a message is from, and whether its connection is the one that counts: see `CoordinatorLoop`.
  mutating func take(_ message: AgentMessage, from index: Int, after events: [Event]) -> Event? {
    let key = hosts[connections[index].host].key
    // Routes are those of keys.
    let host = hosts[connections[index].host].twinOf ?? connections[index].host
    if case .hello(let hello) = message, let machine = coordinator.machine {
      switch machine.verdict(on: hello, from: key, after: events, at: coordinatorMoment.monotonic) {
      case .counts:
        coordinator.routes[host] = index
        coordinator.bulkRoutes[host] = index
        noteTakeover(connections[index].host)
      case .outdated: break
      case .waits: return .message(from: key, message)
      case .refused(let text):
        _ = sendDown(.rejected(code: .notAdmitted, message: text), over: index)
        return .message(from: key, message)
      }
    }
    guard let route = coordinator.routes[host] else {
      _ = sendDown(.sayHello, over: index)
      return nil
    }
    guard route == index else { return nil }
    return .message(from: key, message)
  }

  mutating func arriveAtAgent(_ index: Int, _ message: CoordinatorMessage) {
    let connection = connections[index]
    guard connection.isOpen, let agent = hosts[connection.host].agent, agent.serial == connection.agent else { return }
    tell(connection.host, agent.serial, .received(message))
  }

  // MARK: Cables

  mutating func cut(_ host: Int, _ direction: Fault.Direction) {
    if direction != .toAgent { hosts[host].cutsToCoordinator += 1 }
    if direction != .toCoordinator { hosts[host].cutsToAgent += 1 }
    if let index = hosts[host].agent?.connection, random.chance(500) {
      queue.push(.connectionTimesOut(index), at: now + random.time(.seconds(10), .seconds(40)))
    }
  }

  /// What waited goes on, connection by connection in any order; what a closed connection had sent may still arrive.
  mutating func heal(_ host: Int, _ direction: Fault.Direction) {
    if direction != .toAgent { hosts[host].cutsToCoordinator -= 1 }
    if direction != .toCoordinator { hosts[host].cutsToAgent -= 1 }
    var waiting = connections.indices.filter {
      connections[$0].host == host && !(connections[$0].stuckUp.isEmpty && connections[$0].stuckDown.isEmpty)
    }
    while !waiting.isEmpty {
      let index = waiting.remove(at: random.draw(0...(waiting.count - 1)))
      if hosts[host].cutsToCoordinator == 0 {
        let messages = connections[index].stuckUp
        connections[index].stuckUp = []
        if connections[index].isOpen || random.chance(500) {
          for message in messages { carryUp(message, over: index) }
        }
      }
      if hosts[host].cutsToAgent == 0 {
        let messages = connections[index].stuckDown
        connections[index].stuckDown = []
        for message in messages { carryDown(message, over: index) }
      }
    }
  }
}
