import AgentCore
import Coordination
import Scheduling
import SearchSpace
import TuningModel
import Wire

/// The state of a small farm.
struct SmallWorld: Sendable {
  struct Host: Sendable {
    var machine: AgentMachine
    var boot = 1
    var processes = 1
    /// The number of its connection; what was sent over an earlier one may still arrive.
    var connection = 0
    var up: [(connection: Int, message: AgentMessage)] = []
    var down: [CoordinatorMessage] = []
    /// What its machine was told, digested.
    var told = StateDigest()
    // On disk.
    var logs: [TrialAttempt: [TrialReport]] = [:]
    var starts: [TrialAttempt: StartAttempt] = [:]
    var ends: [TrialAttempt: AttemptEnd] = [:]
    var acknowledged: Set<TrialAttempt> = []
    var seals: [TrialID: [Int: Int]] = [:]
    var running: Running?
    /// Reading logs: the sequence that comes next.
    var next: [TrialAttempt: Int] = [:]
  }

  struct Running: Hashable, Sendable {
    var attempt: TrialAttempt
    var milestone: Int
    var maximum: Int
    var epoch: Int
    var begun: Int
    var generation: Int
    var isHeld = false
  }

  private static let specification = RunSpecification(
    experiment: Experiment(
      name: "small", entryPoint: ["train"], space: ConfigurationSpace([.init("x", .uniform(lower: 0, upper: 1))]),
      metric: FaultScenario.metric, resourceAttribute: FaultScenario.resource),
    scheduler: SchedulerOptions(name: .pasha, mode: .min, maxResource: 9), stop: StopCriterion(maxTrialsStarted: 2),
    failures: FailurePolicy(maxRestarts: 5))

  private var coordinator: Coordinator
  private var journal: [StampedFact] = []
  /// What the coordinator was told, digested.
  private var told = StateDigest()
  private var routes: [Int?] = [nil, nil]
  var hosts: [Host]
  private var monitor: FaultMonitor
  private var budget: SmallScope.Budget
  private var clock: Int64 = 1
  private var isOver = false
  private(set) var violation: String?

  init(budget: SmallScope.Budget) throws {
    self.budget = budget
    coordinator = try Coordinator(specification: Self.specification)
    monitor = try FaultMonitor(Self.specification)
    hosts = (0..<2).map {
      Host(machine: AgentMachine(settings: Self.settings($0, boot: 1, process: 1), at: Self.instant(1)))
    }
    begin()
    for host in hosts.indices {
      tell(.admit(publicKey: Self.key(host), name: Self.key(host)))
      reconnect(host)
    }
  }

  private static func key(_ host: Int) -> String { "key-\(host)" }
  private static func instant(_ half: Int64) -> Instant { Instant(nanoseconds: half * 31_000_000_000) }
  private var now: Instant { Self.instant(clock) }

  private static func settings(_ host: Int, boot: Int, process: Int) -> AgentSettings {
    var settings = AgentSettings(
      hostname: key(host), machineID: "m\(host)", bootID: "b\(host).\(boot)", name: key(host), pid: process, slots: 1,
      home: "/\(host)")
    settings.place = "place-\(host)"
    return settings
  }

  // MARK: Steps

  /// What can happen now, what is usual first.
  var steps: [SmallStep] {
    guard !isOver else { return [] }
    var steps: [SmallStep] = []
    for host in hosts.indices {
      if !hosts[host].up.isEmpty { steps.append(.up(host)) }
      if !hosts[host].down.isEmpty { steps.append(.down(host)) }
    }
    for host in hosts.indices {
      if let trial = hosts[host].running, !trial.isHeld, trial.epoch < trial.maximum { steps.append(.epoch(host)) }
    }
    for host in hosts.indices {
      if budget.losses > 0 {
        if !hosts[host].up.isEmpty { steps.append(.loseUp(host)) }
        if !hosts[host].down.isEmpty { steps.append(.loseDown(host)) }
      }
      if budget.doubles > 0 {
        if !hosts[host].up.isEmpty { steps.append(.doubleUp(host)) }
        if !hosts[host].down.isEmpty { steps.append(.doubleDown(host)) }
      }
      if overtaking(host) != nil { steps.append(.overtakes(host)) }
      if budget.breaks > 0 { steps.append(.breaks(host)) }
      if budget.crashes > 0 { steps += [.agentCrashes(host), .powerLoss(host)] }
    }
    if budget.crashes > 0 { steps.append(.coordinatorCrashes) }
    if budget.waits > 0 { steps.append(.halfMinute) }
    return steps
  }

  /// Where the first message of the newest connection stands, behind others.
  private func overtaking(_ host: Int) -> Int? {
    let newest = hosts[host].connection
    guard let first = hosts[host].up.first, first.connection != newest else { return nil }
    return hosts[host].up.firstIndex { $0.connection == newest }
  }

  mutating func perform(_ step: SmallStep) {
    switch step {
    case .up(let host): receive(hosts[host].up.removeFirst(), from: host)
    case .overtakes(let host):
      if let place = overtaking(host) { receive(hosts[host].up.remove(at: place), from: host) }
    case .doubleUp(let host):
      budget.doubles -= 1
      receive(hosts[host].up[0], from: host)
    case .loseUp(let host):
      budget.losses -= 1
      hosts[host].up.removeFirst()
    case .down(let host): tell(host, .received(hosts[host].down.removeFirst()))
    case .doubleDown(let host):
      budget.doubles -= 1
      tell(host, .received(hosts[host].down[0]))
    case .loseDown(let host):
      budget.losses -= 1
      hosts[host].down.removeFirst()
    case .epoch(let host): train(host)
    case .breaks(let host):
      budget.breaks -= 1
      reconnect(host)
    case .coordinatorCrashes:
      budget.crashes -= 1
      crash()
    case .agentCrashes(let host):
      budget.crashes -= 1
      restart(host)
    case .powerLoss(let host):
      budget.crashes -= 1
      hosts[host].running = nil
      hosts[host].boot += 1
      hosts[host].up = []
      // It takes as long as it takes until nobody hears the boot before any more.
      clock += 1
      tell(.tick)
      restart(host)
    case .halfMinute:
      budget.waits -= 1
      clock += 1
      tell(.tick)
      for host in hosts.indices { tell(host, .timer) }
    }
    if violation == nil { violation = coordinator.state.crossReferenceProblem }
  }

  mutating func fail(_ text: String?) { if violation == nil { violation = text } }

  // MARK: The coordinator

  private mutating func begin() {
    tell(.started(RunStart(run: "small", version: "0", specificationHash: "", codeHash: nil, randomSeed: 0)))
    tell(.listening(control: 1, bulk: 2))
  }

  private mutating func crash() {
    guard let fresh = try? Coordinator(specification: Self.specification) else { return }
    coordinator = fresh
    told = StateDigest()
    for stamped in journal {
      coordinator.replay(stamped)
      told.combine(stamped.fact.encoded())
    }
    if coordinator.state.digest != monitor.shadow.digest { fail("the replay gives another state than the run had") }
    routes = [nil, nil]
    for host in hosts.indices { hosts[host].up = [] }
    begin()
    for host in hosts.indices { reconnect(host) }
  }

  private mutating func receive(_ item: (connection: Int, message: AgentMessage), from host: Int) {
    if case .hello(let hello) = item.message,
      coordinator.verdict(on: hello, from: Self.key(host), at: now) == .counts
    {
      routes[host] = item.connection
    }
    guard let route = routes[host] else {
      if item.connection == hosts[host].connection { hosts[host].down.append(.sayHello) }
      return
    }
    if route == item.connection { tell(.message(from: Self.key(host), item.message)) }
  }

  private mutating func tell(_ event: Event) {
    guard !isOver else { return }
    if case .message(let key, let message) = event {
      told.combine(key)
      told.combine(message.encoded())
    } else {
      told.combine("\(event)")
    }
    let moment = Moment(monotonic: now, wall: Timestamp(microseconds: 0))
    let output = coordinator.handle(event, at: moment)
    if Mutant.acknowledgesBeforeCommit.isActive { for effect in output.effects { carryOut(effect) } }
    for stamped in output.facts {
      journal.append(stamped)
      if case .checkpointsDropped(let trial, let kept) = stamped.fact { checkDrop(of: trial, keeping: kept) }
      fail(monitor.take(stamped))
    }
    if !Mutant.acknowledgesBeforeCommit.isActive { for effect in output.effects { carryOut(effect) } }
  }

  private mutating func carryOut(_ effect: Effect) {
    switch effect {
    case .send(let agent, let message):
      fail(monitor.check(message))
      let host = agent.rawValue
      guard hosts.indices.contains(host), routes[host] == hosts[host].connection else { return }
      hosts[host].down.append(message)
    case .end: isOver = true
    default: break
    }
  }

  private mutating func checkDrop(of id: TrialID, keeping kept: [Int]) {
    guard let trial = monitor.shadow[id], !trial.status.isFinal, monitor.shadow.closing == nil,
      let newest = trial.seals.last?.seal.generation, !kept.contains(newest)
    else { return }
    fail("the newest checkpoint of trial \(id), which may go on, is given up")
  }

  // MARK: Agents

  /// The agent gives its connection up and makes another one.
  private mutating func reconnect(_ host: Int) {
    hosts[host].down = []
    tell(host, .disconnected(.broken))
    // When it would try again.
    for _ in 0..<3 {
      guard let deadline = hosts[host].machine.nextDeadline else { return }
      if case true = hosts[host].machine.isWelcomed { return }
      let before = hosts[host].connection
      tell(host, .timer, at: max(now, deadline))
      if hosts[host].connection != before { return tell(host, .connected) }
    }
  }

  private mutating func restart(_ host: Int) {
    hosts[host].processes += 1
    var recovered: [RecoveredAttempt] = []
    for (name, start) in hosts[host].starts.sorted(by: { $0.key < $1.key })
    where !hosts[host].acknowledged.contains(name) {
      recovered.append(
        RecoveredAttempt(
          attempt: name, slot: start.slot, milestone: start.milestone, maximum: start.maximum,
          end: hosts[host].ends[name], lastSequence: hosts[host].logs[name]?.count ?? 0))
    }
    let settings = Self.settings(host, boot: hosts[host].boot, process: hosts[host].processes)
    hosts[host].machine = AgentMachine(
      settings: settings, recovered: recovered, highest: hosts[host].starts.keys.sorted(), at: now)
    hosts[host].next = [:]
    hosts[host].told = StateDigest()
    hosts[host].told.combine("\(recovered) \(hosts[host].boot) \(hosts[host].processes)")
    for attempt in recovered where attempt.end == nil {
      let name = attempt.attempt
      guard let trial = hosts[host].running, trial.attempt == name else {
        end(host, name, AttemptEnd(cause: .hostFault, lastSequence: attempt.lastSequence))
        continue
      }
      tell(
        host,
        .supervisor(
          name,
          trial.isHeld
            ? .held(resource: trial.epoch, milestone: trial.milestone) : .running(pid: 1, milestone: trial.milestone)))
    }
    reconnect(host)
  }

  mutating func tell(_ host: Int, _ event: AgentEvent, at time: Instant? = nil) {
    hosts[host].told.combine("\(event)")
    for action in hosts[host].machine.handle(event, at: time ?? now) { carryOut(host, action) }
  }

  private mutating func carryOut(_ host: Int, _ action: AgentAction) {
    switch action {
    case .send(let message): hosts[host].up.append((hosts[host].connection, message))
    case .connect: hosts[host].connection += 1
    case .disconnect: hosts[host].down = []
    case .prepare(let program): tell(host, .prepared(Preparation(codeHash: program.codeHash ?? "")))
    case .launch(let launch): start(host, launch.start)
    case .command(let name, let command): obey(host, name, command)
    case .follow(let name, let after, _):
      hosts[host].next[name] = after + 1
      read(host, name)
    case .forget(let name): hosts[host].acknowledged.insert(name)
    case .fetch(let name, let source):
      let generation = source.seal.generation
      let trial = name.trial
      guard let epoch = hosts.lazy.compactMap({ $0.seals[trial]?[generation] }).first else {
        return tell(host, .fetchFailed(name, StartRefusal(code: .checkpointMissing, detail: "gone")))
      }
      let isNews = hosts[host].seals[trial]?[generation] == nil
      hosts[host].seals[trial, default: [:]][generation] = epoch
      tell(host, .fetched(name, isNews: isNews))
    case .deleteCheckpoints(let trial, let kept):
      hosts[host].seals[trial] = hosts[host].seals[trial]?.filter { kept.contains($0.key) }
      checkDeletion(of: trial)
      tell(host, .checkpointsDeleted(trial))
    case .grant, .cancelFetch, .store, .note, .exit: break
    }
  }

  private mutating func checkDeletion(of id: TrialID) {
    guard let trial = monitor.shadow[id], !trial.status.isFinal, monitor.shadow.end == nil,
      let newest = trial.seals.last?.seal.generation
    else { return }
    if !hosts.contains(where: { $0.seals[id]?[newest] != nil }) {
      fail("the newest checkpoint of trial \(id), which may go on, is deleted")
    }
  }

  // MARK: Which state it is

  /// What tells the state from others.
  var key: UInt64 {
    var digest = StateDigest()
    digest.combine(told.value)
    for host in hosts {
      digest.combine(host.told.value)
      digest.combine(host.connection)
      for item in host.up {
        digest.combine(item.connection)
        digest.combine(item.message.encoded())
      }
      digest.combine(-1)
      for message in host.down { digest.combine(message.encoded()) }
      digest.combine("\(String(describing: host.running)) \(host.boot)")
      for (trial, seals) in host.seals.sorted(by: { $0.key < $1.key }) {
        digest.combine(trial.rawValue)
        for (generation, epoch) in seals.sorted(by: { $0.key < $1.key }) {
          digest.combine(generation)
          digest.combine(epoch)
        }
      }
    }
    digest.combine("\(routes) \(budget) \(clock) \(isOver)")
    return digest.value
  }
}
