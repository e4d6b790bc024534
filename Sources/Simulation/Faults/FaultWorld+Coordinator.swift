import Coordination
import TuningModel
import Wire

/// The process of the coordinator, and what it leaves on its disk.
struct CoordinatorProcess: Sendable {
  var serial = 0
  /// nil: there is no such process.
  var machine: Coordinator?
  var stoppedUntil = Instant.zero
  var inbox: [Input] = []
  var isTurnPlanned = false
  var plannedTimer: Instant?
  /// The connection of each host's newest hello.
  var routes: [Int?] = []
  /// Who is asked for checkpoints: an agent speaks on the bulk socket from its welcome on, so the last one that counted.
  var bulkRoutes: [Int?] = []
  /// Where it dies in a turn to come, and for how long.
  var crash: (point: Fault.CrashPoint, down: Duration)?
  var wallOffset: Int64 = 0

  /// Facts as they are on disk.
  var journal: [Record] = []
  /// The run's cluster file, as it stands on disk.
  var specification: RunSpecification
  /// Changed files that are being taken over, by their hashes.
  var nextSpecifications: [String: RunSpecification] = [:]
  /// Copies of checkpoints: their epochs.
  var vault: [TrialID: [Int: Int]] = [:]

  enum Input: Sendable {
    case message(connection: Int, AgentMessage)
    case event(Event)
  }

  /// A committed fact.
  struct Record: Sendable {
    var stamp: Stamp
    var fact: [UInt8]
  }
}

extension FaultWorld {
  /// What the coordinator's clocks show.
  var coordinatorMoment: Moment {
    let reading = scenario.coordinatorClock.reading(at: now)
    let wall = 1_700_000_000_000_000 + now.nanoseconds / 1_000 + coordinator.wallOffset * 1_000_000
    return Moment(monotonic: reading, wall: Timestamp(microseconds: wall))
  }

  mutating func startCoordinator() {
    guard outcome.map({ $0 == .suspended }) ?? true, coordinator.machine == nil else { return }
    outcome = nil
    do {
      var machine = try Coordinator(specification: coordinator.specification)
      for record in coordinator.journal {
        machine.replay(StampedFact(stamp: record.stamp, fact: try Fact(decoding: record.fact)))
      }
      if machine.state.digest != monitor.shadow.digest {
        fail("the journal's replay gives another state than the run had")
      }
      coordinator.machine = machine
    } catch {
      return fail("the journal cannot be replayed: \(error)")
    }
    coordinator.serial += 1
    coordinator.inbox = []
    coordinator.isTurnPlanned = false
    coordinator.plannedTimer = nil
    coordinator.stoppedUntil = .zero
    coordinator.routes = hosts.map { _ in nil }
    coordinator.bulkRoutes = hosts.map { _ in nil }
    for host in hosts.indices { hosts[host].isLaunching = false }
    if isTraced { note("coordinator starts, \(coordinator.journal.count) facts") }
    let start = RunStart(run: "faults", version: "0", specificationHash: "", codeHash: nil, randomSeed: scenario.seed)
    coordinator.inbox = [.event(.started(start)), .event(.listening(control: 1, bulk: 2))]
    planTurn(in: .zero)
  }

  /// The process dies here and now.
  mutating func endCoordinator(startingAgainIn down: Duration?) {
    guard coordinator.machine != nil else { return }
    if isTraced { note("coordinator ends") }
    coordinator.machine = nil
    coordinator.crash = nil
    coordinator.inbox = []
    let serial = coordinator.serial
    for index in connections.indices where connections[index].coordinator == serial && connections[index].isOpen {
      connections[index].stuckDown = []
      // The system of its machine resets the connection, if that can be heard.
      let host = connections[index].host
      let wait = hosts[host].cutsToAgent > 0 ? Duration.seconds(30) : random.time(.milliseconds(1), .seconds(2))
      queue.push(.connectionTimesOut(index), at: now + wait)
    }
    if let down { queue.push(.coordinatorStarts, at: now + down) }
  }

  mutating func ask(_ event: Event) {
    guard coordinator.machine != nil else { return }
    coordinator.inbox.append(.event(event))
    planTurn(in: .milliseconds(1))
  }

  /// More trials may be started: a changed file is written beside the one that counts, and offered. Those who change it
  /// take turns: each adds to what the one before has made of it.
  mutating func extend(by trials: Int) {
    let offered = coordinator.inbox.compactMap { input -> RunSpecification? in
      if case .event(.reload(let specification, _)) = input { specification } else { nil }
    }
    var next = offered.last ?? coordinator.specification
    guard coordinator.machine != nil, let limit = next.stop.maxTrialsStarted else { return }
    next.stop.maxTrialsStarted = limit + trials
    let hash = "\(limit + trials) trials"
    coordinator.nextSpecifications[hash] = next
    ask(.reload(next, hash: hash))
  }

  mutating func planTurn(in wait: Duration) {
    guard !coordinator.isTurnPlanned, coordinator.machine != nil else { return }
    coordinator.isTurnPlanned = true
    queue.push(.coordinatorTurn(coordinator.serial), at: now + wait)
  }

  mutating func coordinatorTimer(_ serial: Int) {
    guard serial == coordinator.serial, coordinator.machine != nil, coordinator.plannedTimer.map({ $0 <= now }) ?? false
    else { return }
    coordinator.plannedTimer = nil
    planTurn(in: .zero)
  }

  /// Takes in what came, decides, commits, carries out: see `CoordinatorLoop`.
  mutating func coordinatorTurn(_ serial: Int) {
    guard serial == coordinator.serial, coordinator.machine != nil else { return }
    if coordinator.stoppedUntil > now {
      return queue.push(.coordinatorTurn(serial), at: coordinator.stoppedUntil)
    }
    coordinator.isTurnPlanned = false
    let moment = coordinatorMoment
    var facts: [StampedFact] = []
    var effects: [Effect] = []
    var events: [Event] = []
    let isLate = coordinator.machine?.nextDeadline(after: moment).map { $0 <= moment.monotonic } ?? false
    for input in coordinator.inbox {
      switch input {
      case .event(let event): events.append(event)
      case .message(let connection, let message):
        if let event = take(message, from: connection, after: events) { events.append(event) }
      }
    }
    coordinator.inbox = []
    if isLate { events.append(.tick) }
    for event in events {
      guard let output = coordinator.machine?.handle(event, at: moment) else { return }
      facts += output.facts
      effects += output.effects
    }
    carryOut(facts, effects)
    if let machine = coordinator.machine {
      checkWhole(machine)
      planCoordinatorTimer(machine)
    }
  }

  private mutating func planCoordinatorTimer(_ machine: Coordinator) {
    guard let deadline = machine.nextDeadline(after: coordinatorMoment) else { return }
    let time = max(now + .milliseconds(1), scenario.coordinatorClock.world(at: deadline))
    if let planned = coordinator.plannedTimer, planned <= time { return }
    coordinator.plannedTimer = time
    queue.push(.coordinatorTimer(coordinator.serial), at: time)
  }

  private mutating func carryOut(_ facts: [StampedFact], _ effects: [Effect]) {
    if Mutant.acknowledgesBeforeCommit.isActive { for effect in effects { carryOut(effect) } }
    var crash: (point: Fault.CrashPoint, down: Duration)?
    if !facts.isEmpty {
      crash = coordinator.crash
      coordinator.crash = nil
    }
    switch crash?.point {
    case .commitFails: return endCoordinator(startingAgainIn: crash?.down)
    case .partOfTurn(let count):
      commit(Array(facts.prefix(count)))
      return endCoordinator(startingAgainIn: crash?.down)
    default: commit(facts)
    }
    switch crash?.point {
    case .commitFailsButHolds, .afterCommit: return endCoordinator(startingAgainIn: crash?.down)
    default: break
    }
    if Mutant.acknowledgesBeforeCommit.isActive { return }
    for (index, effect) in effects.enumerated() {
      if case .afterEffects(let count)? = crash?.point, index >= count {
        return endCoordinator(startingAgainIn: crash?.down)
      }
      carryOut(effect)
      if coordinator.machine == nil { return }
    }
  }

  private mutating func commit(_ facts: [StampedFact]) {
    for stamped in facts {
      coordinator.journal.append(CoordinatorProcess.Record(stamp: stamped.stamp, fact: stamped.fact.encoded()))
      if isTraced { note("fact \(stamped.fact)") }
      if case .checkpointsDropped(let trial, let kept) = stamped.fact { checkDrop(of: trial, keeping: kept) }
      if case .specificationChanged(let hash) = stamped.fact, let next = coordinator.nextSpecifications[hash] {
        coordinator.specification = next
      }
      if let problem = monitor.take(stamped) { fail(problem) }
    }
  }

  private mutating func carryOut(_ effect: Effect) {
    switch effect {
    case .send(let agent, let message):
      if let problem = monitor.check(message) { fail(problem) }
      guard let key = coordinator.machine?.state[agent]?.publicKey,
        let host = hosts.firstIndex(where: { $0.key == key }),
        let connection = coordinator.routes[host]
      else { return }
      if isTraced { note("coordinator to \(hosts[host].name): \(message)") }
      if !sendDown(message, over: connection) { coordinator.routes[host] = nil }
    case .admit(let key):
      guard let host = hosts.firstIndex(where: { $0.key == key }), hosts[host].isLaunching else { return }
      hosts[host].isLaunching = false
      startAgent(host)
    case .fetchCheckpoint(let trial, let seal, let agent):
      guard let key = coordinator.machine?.state[agent]?.publicKey,
        let host = hostOfAgent(with: key)
      else { return }
      queue.push(
        .copied(CheckpointName(trial, seal), host: host, by: agent),
        at: now + random.time(.milliseconds(50), .seconds(20)))
    case .dropStored(let trial, let kept):
      let gone = coordinator.vault[trial]?.keys.filter { !kept.contains($0) } ?? []
      coordinator.vault[trial] = coordinator.vault[trial]?.filter { kept.contains($0.key) }
      for generation in gone { checkDeletion(of: trial, generation, "of the coordinator") }
    case .end(let outcome):
      if isTraced { note("run ends: \(outcome)") }
      self.outcome = outcome
      endCoordinator(startingAgainIn: nil)
    case .note(let text): if isTraced { note("coordinator notes: \(text)") }
    case .admitToken, .revokeToken, .answerJoin, .rejectJoin, .askScheduler: break
    }
  }

  /// The host whose agent is asked for what the one with a key holds; nil: nobody can be asked. It speaks on the bulk
  /// socket from its welcome on, for as long as its connection lives.
  func hostOfAgent(with key: String) -> Int? {
    guard let host = hosts.firstIndex(where: { $0.key == key }), coordinator.bulkRoutes.indices.contains(host),
      let route = coordinator.bulkRoutes[host], connections[route].isOpen
    else { return nil }
    return connections[route].host
  }

  /// A copy of a checkpoint has come from a host, if that could be reached.
  mutating func copied(_ name: CheckpointName, from host: Int, by agent: AgentID) {
    guard coordinator.machine != nil, hosts[host].agent != nil, hosts[host].isUp, !hosts[host].isCut,
      hosts[host].asleepUntil <= now
    else { return }
    guard let epoch = hosts[host].disk.seals[name.trial]?[name.generation] else {
      return ask(.checkpointUnavailable(name, at: agent, "no such generation"))
    }
    coordinator.vault[name.trial, default: [:]][name.generation] = epoch
    ask(.checkpointArrived(name))
  }
}
