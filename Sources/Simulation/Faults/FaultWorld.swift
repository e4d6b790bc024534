import AgentCore
import Coordination
import TuningModel
import Wire

/// A whole farm in virtual time: the coordinator, agents and supervisors as they are, and around them what they never see
/// as a value: processes that die and stand still, disks, cables, clocks, training scripts. One seed decides all of it.
///
/// A step takes one thing that is due, lets it happen, and has the invariants checked.
struct FaultWorld: Sendable {
  let scenario: FaultScenario
  /// Time of nobody's clock, from the world's beginning.
  var now = Instant.zero
  var queue = FaultQueue()
  var random: SeededGenerator
  var coordinator: CoordinatorProcess
  var hosts: [FaultHost]
  var connections: [FaultConnection] = []
  var monitor: FaultMonitor
  var outcome: RunOutcome?
  /// The first thing that was wrong.
  var violation: String?
  var steps = 0
  var injected = 0
  /// What happened, where somebody wants to read it.
  var trace: [String]?

  /// Steps after which a run counts as one that never ends.
  static let longest = 400_000

  init(_ scenario: FaultScenario, isTraced: Bool = false) throws {
    self.scenario = scenario
    random = SeededGenerator(seed: scenario.seed, stream: 2)
    hosts = scenario.hosts.enumerated().map { FaultHost(index: $0, slots: $1.slots, clock: $1.clock) }
    coordinator = CoordinatorProcess(specification: scenario.specification)
    monitor = try FaultMonitor(scenario.specification)
    trace = isTraced ? [] : nil
    queue.push(.coordinatorStarts, at: .zero)
    for host in hosts.indices { queue.push(.launcherLooks(host: host), at: .zero + .milliseconds(10 * host + 5)) }
    let hasTwin = scenario.faults.contains { if case .twin = $0.kind { true } else { false } }
    if hasTwin { hosts.append(FaultHost(index: hosts.count, slots: 1, clock: scenario.coordinatorClock)) }
    for (index, fault) in scenario.faults.enumerated() { queue.push(.fault(index), at: fault.at) }
  }

  var isTraced: Bool { trace != nil }

  mutating func note(_ text: String) { trace?.append("\(Fault.clock(now)) \(text)") }

  mutating func fail(_ text: String) {
    guard violation == nil else { return }
    violation = text
    note("VIOLATION \(text)")
  }

  /// Runs the world to its end, or to the first thing that is wrong.
  mutating func run() {
    while violation == nil, let next = queue.pop() {
      now = max(now, next.time)
      if outcome != nil, isQuiet { return finish() }
      if now > scenario.bound { return fail("the run has not come to an end: \(standing)") }
      steps += 1
      if steps > Self.longest { return fail("the run has not come to an end after \(steps) steps: \(standing)") }
      if let host = next.step.host, hosts[host].asleepUntil > now {
        queue.push(next.step, at: hosts[host].asleepUntil + .milliseconds(next.step.isOfScript ? 5 : 0))
        continue
      }
      perform(next.step)
    }
    if violation == nil { finish() }
  }

  /// Whether nothing of the run is left but what is on disks.
  private var isQuiet: Bool {
    if case .suspended? = outcome { return false }
    return coordinator.machine == nil && hosts.allSatisfy { $0.agent == nil && !$0.isAnythingLeft }
  }

  private mutating func finish() {
    guard case .finished? = outcome else {
      return fail("nothing happens any more, and the run has not ended: \(standing)")
    }
    for host in hosts where host.agent != nil || host.isAnythingLeft {
      return fail("after the end of the run, processes are left on \(host.name)")
    }
    if let problem = monitor.finalProblem(hosts, coordinator.vault) { return fail(problem) }
    let limit = coordinator.specification.stop.maxTrialsStarted ?? .max
    if monitor.shadow.trials.count > limit { fail("\(monitor.shadow.trials.count) trials were started, of \(limit)") }
    if monitor.shadow.end?.reason == .trialsStarted, monitor.shadow.trials.count < limit {
      fail("the run ended for its limit with \(monitor.shadow.trials.count) of \(limit) trials")
    }
  }

  private var standing: String {
    let trials = monitor.shadow.trials.map { "\($0.id) \($0.status.word)" }.joined(separator: ", ")
    let processes = hosts.map { host in
      "\(host.name)\(host.isUp ? "" : " off")\(host.isCut ? " cut" : "") agent \(host.agent != nil ? "lives" : "gone"), "
        + "\(host.trials.count) attempts"
    }
    return
      "\(trials); coordinator \(coordinator.machine == nil ? "gone" : "lives"); \(processes.joined(separator: "; "))"
  }

  private mutating func perform(_ step: FaultStep) {
    switch step {
    case .arrivesAtCoordinator(let connection, let message): arriveAtCoordinator(connection, message)
    case .arrivesAtAgent(let connection, let message): arriveAtAgent(connection, message)
    case .handshake(let connection): handshake(connection: connection)
    case .connectionTimesOut(let connection): timeOut(connection)
    case .coordinatorStarts: startCoordinator()
    case .coordinatorTurn(let serial): coordinatorTurn(serial)
    case .coordinatorTimer(let serial): coordinatorTimer(serial)
    case .launcherLooks(let host): look(after: host)
    case .twinStarts(let host): startTwin(host)
    case .twinGoes(let host): endTwin(host)
    case .agentWorks(let host, let serial): agentWorks(host, serial)
    case .agentTimer(let host, let serial): agentTimer(host, serial)
    case .prepared(let host, let serial, let hash):
      tell(host, serial, .prepared(Preparation(codeHash: hash)))
    case .fetched(let host, let serial, let attempt, let source): fetched(host, serial, attempt, source)
    case .copied(let name, let host, let agent): copied(name, from: host, by: agent)
    case .supervisorTimer(let host, let attempt): supervisorTimer(host, attempt)
    case .supervisorGoesOn(let host, let attempt): supervisorGoesOn(host, attempt)
    case .leftOver(let host, let serial, let attempt): clean(host, serial, attempt)
    case .slotFree(let host, let attempt, let until): begin(host, attempt, until: until)
    case .script(let host, let attempt, let leg): scriptStep(host, attempt, leg)
    case .saved(let host, let attempt, let leg): saved(host, attempt, leg)
    case .exits(let host, let attempt, let exit, let outOfMemory): exits(host, attempt, exit, outOfMemory: outOfMemory)
    case .childrenEnd(let host, let attempt): childrenEnd(host, attempt)
    case .fault(let index): inject(scenario.faults[index].kind)
    case .hostBoots(let host): boot(host)
    case .linkCuts(let host, let direction): cut(host, direction)
    case .linkHeals(let host, let direction): heal(host, direction)
    case .diskEmpties(let host): hosts[host].disk.fullCount -= 1
    case .deviceWorks(let host, let slot): device(host, slot, works: true)
    case .operatorResumes: resume()
    case .operatorResumesTrial(let trial): ask(.command(.resumeTrial(trial)))
    case .operatorUses(let host): use(host)
    }
  }
}
