import AgentCore
import Coordination
import TuningModel
import Wire

/// The shell of an agent, as `AgentLoop` is it, and how agents come to their hosts.
extension FaultWorld {
  func reading(_ host: Int) -> Instant { hosts[host].clock.reading(at: now) }

  // MARK: Starting

  /// The coordinator's launcher looks after a host: see `FarmLauncher`.
  mutating func look(after host: Int) {
    if case .finished? = outcome { return }
    queue.push(.launcherLooks(host: host), at: now + random.time(.seconds(8), .seconds(25)))
    guard let machine = coordinator.machine, coordinator.stoppedUntil <= now, machine.state.end == nil,
      hosts[host].isUp, hosts[host].asleepUntil <= now, !hosts[host].isCut, !hosts[host].isLaunching,
      machine.state.mark(of: hosts[host].name) != .removed
    else { return }
    if machine.isInTouch(host: hosts[host].name) == true, hosts[host].agent != nil { return }
    if hosts[host].agent != nil {
      // One that was just started is given time to say hello.
      if let launched = hosts[host].launchedAt, now - launched < .seconds(45) { return }
      if isTraced { note("\(hosts[host].name): the agent does not answer: another one takes its place") }
      endAgent(host)
    }
    hosts[host].isLaunching = true
    ask(.admit(publicKey: hosts[host].key, name: hosts[host].name))
  }

  /// A new agent process: it finds what the one before left, see `Adoption`.
  mutating func startAgent(_ host: Int) {
    guard hosts[host].agent == nil, hosts[host].isUp else { return }
    hosts[host].agentsStarted += 1
    let serial = hosts[host].agentsStarted
    hosts[host].launchedAt = now
    if isTraced { note("\(hosts[host].name): agent \(serial) starts") }
    var settings = AgentSettings(
      hostname: hosts[host].name, machineID: hosts[host].machine, bootID: "boot-\(host)-\(hosts[host].boot)",
      name: hosts[host].name, pid: serial, slots: hosts[host].slots, home: "/\(host)")
    settings.place = hosts[host].place
    settings.firstWelcomeLimit = .seconds(600)
    settings.seed = random.nextBits()
    let disk = hosts[host].disk
    var recovered: [RecoveredAttempt] = []
    for (name, record) in disk.attempts.sorted(by: { $0.key < $1.key }) where !record.isAcknowledged {
      recovered.append(
        RecoveredAttempt(
          attempt: name, slot: record.slot, milestone: record.milestone, maximum: record.maximum, end: record.exit,
          lastSequence: record.log.count))
    }
    let highest = disk.highest.map { TrialAttempt($0.key, $0.value) }.sorted()
    hosts[host].agent = FaultHost.AgentProcess(
      serial: serial,
      machine: AgentMachine(settings: settings, recovered: recovered, highest: highest, at: reading(host)))
    if !hosts[host].deadSlots.isEmpty { tellSlots(host) }
    for attempt in recovered where attempt.end == nil {
      hosts[host].agent?.links.insert(attempt.attempt)
      if let trial = hosts[host].index(of: attempt.attempt), hosts[host].trials[trial].isSupervised {
        let status = hosts[host].trials[trial].supervision.status
        if let status { hosts[host].agent?.inbox.append(.supervisor(attempt.attempt, status)) }
      } else {
        queue.push(.leftOver(host: host, serial, attempt.attempt), at: now + .milliseconds(20))
      }
    }
    planWork(host)
  }

  /// The agent's process is gone; what it started goes on.
  mutating func endAgent(_ host: Int) {
    guard hosts[host].agent != nil else { return }
    disconnect(host)
    hosts[host].agent = nil
  }

  // MARK: Its loop

  mutating func tell(_ host: Int, _ serial: Int, _ event: AgentEvent) {
    guard hosts[host].agent?.serial == serial else { return }
    hosts[host].agent?.inbox.append(event)
    planWork(host)
  }

  mutating func tellAgent(_ host: Int, _ event: AgentEvent) {
    if let serial = hosts[host].agent?.serial { tell(host, serial, event) }
  }

  mutating func planWork(_ host: Int) {
    guard let agent = hosts[host].agent, !agent.isWorkPlanned else { return }
    hosts[host].agent?.isWorkPlanned = true
    let start = max(now, max(agent.stoppedUntil, hosts[host].asleepUntil))
    queue.push(.agentWorks(host: host, agent.serial), at: start + random.time(upTo: .milliseconds(3)))
  }

  mutating func agentTimer(_ host: Int, _ serial: Int) {
    guard let agent = hosts[host].agent, agent.serial == serial, agent.plannedTimer.map({ $0 <= now }) ?? false
    else { return }
    hosts[host].agent?.plannedTimer = nil
    planWork(host)
  }

  mutating func agentWorks(_ host: Int, _ serial: Int) {
    guard let agent = hosts[host].agent, agent.serial == serial else { return }
    if agent.stoppedUntil > now { return queue.push(.agentWorks(host: host, serial), at: agent.stoppedUntil) }
    hosts[host].agent?.isWorkPlanned = false
    let events = agent.inbox
    hosts[host].agent?.inbox = []
    for event in events {
      // What a trial printed before its supervisor spoke is told before.
      if case .supervisor(let attempt, _) = event { readLog(host, of: attempt) }
      if case .supervisorGone(let attempt, _) = event { finalize(host, attempt) }
      handle(host, event)
    }
    readLogs(host)
    handle(host, .timer)
    guard let after = hosts[host].agent else { return }
    if !after.inbox.isEmpty { planWork(host) }
    guard let deadline = after.machine.nextDeadline else { return }
    let time = max(now + .milliseconds(1), hosts[host].clock.world(at: deadline))
    if let planned = after.plannedTimer, planned <= time { return }
    hosts[host].agent?.plannedTimer = time
    queue.push(.agentTimer(host: host, serial), at: time)
  }

  private mutating func handle(_ host: Int, _ event: AgentEvent) {
    if case .received(.heartbeatEcho(let sentAt)) = event, let agent = hosts[host].agent, agent.machine.isWelcomed {
      hosts[host].agent?.contact = max(agent.contact ?? .zero, sentAt)
    }
    let reading = reading(host)
    guard let actions = hosts[host].agent?.machine.handle(event, at: reading) else { return }
    for action in actions { carryOut(host, action) }
    if case .launchFailed(let attempt, _) = event {
      hosts[host].agent?.links.remove(attempt)
      hosts[host].agent?.followers.removeAll { $0.attempt == attempt }
    }
  }

  private mutating func carryOut(_ host: Int, _ action: AgentAction) {
    guard let agent = hosts[host].agent else { return }
    switch action {
    case .send(let message): sendUp(message, from: host)
    case .connect: connect(host)
    case .disconnect: disconnect(host)
    case .prepare(let program):
      queue.push(
        .prepared(host: host, agent.serial, codeHash: program.codeHash ?? ""),
        at: now + random.time(.milliseconds(5), .seconds(20)))
    case .launch(let launch):
      hosts[host].agent?.links.insert(launch.start.attempt)
      self.launch(host, launch)
    case .command(let attempt, let command): supervise(host, attempt, .command(command))
    case .follow(let attempt, let after, let credit):
      let isFinal = !agent.links.contains(attempt)
      hosts[host].agent?.followers.removeAll { $0.attempt == attempt }
      hosts[host].agent?.followers.append(
        FaultHost.Follower(attempt: attempt, next: after + 1, credit: credit, isFinal: isFinal))
      hosts[host].agent?.followers.sort { $0.attempt < $1.attempt }
      planWork(host)
    case .grant(let attempt, let credit):
      if let place = agent.followers.firstIndex(where: { $0.attempt == attempt }) {
        hosts[host].agent?.followers[place].credit += credit
        planWork(host)
      }
    case .forget(let attempt):
      hosts[host].agent?.followers.removeAll { $0.attempt == attempt }
      hosts[host].disk.attempts[attempt]?.isAcknowledged = true
    case .fetch(let attempt, let source):
      queue.push(
        .fetched(host: host, agent.serial, attempt, source), at: now + random.time(.milliseconds(20), .seconds(30)))
    case .deleteCheckpoints(let trial, let kept):
      if !hosts[host].disk.isFull || random.chance(500) { delete(host, trial, keeping: kept) }
      tell(host, agent.serial, .checkpointsDeleted(trial))
    case .note(let text): if isTraced { note("\(hosts[host].name) notes: \(text)") }
    case .exit(let exit):
      if isTraced { note("\(hosts[host].name): agent ends, \(exit.reason)") }
      endAgent(host)
    case .cancelFetch, .store: break
    }
  }

  private mutating func delete(_ host: Int, _ trial: TrialID, keeping kept: [Int]) {
    guard let seals = hosts[host].disk.seals[trial] else { return }
    let gone = seals.keys.filter { !kept.contains($0) }
    hosts[host].disk.seals[trial] = seals.filter { kept.contains($0.key) }
    for generation in gone { checkDeletion(of: trial, generation, "on \(hosts[host].name)") }
  }

  // MARK: Logs

  private mutating func finalize(_ host: Int, _ attempt: TrialAttempt) {
    readLog(host, of: attempt)
    hosts[host].agent?.links.remove(attempt)
    guard let place = hosts[host].agent?.followers.firstIndex(where: { $0.attempt == attempt }) else { return }
    hosts[host].agent?.followers[place].isFinal = true
    // The machine hears of the end of the log after that of the supervisor.
    planWork(host)
  }

  private mutating func readLogs(_ host: Int) {
    for attempt in hosts[host].agent?.followers.map(\.attempt) ?? [] {
      readLog(host, of: attempt)
      guard let place = hosts[host].agent?.followers.firstIndex(where: { $0.attempt == attempt }),
        let follower = hosts[host].agent?.followers[place], follower.isFinal, !follower.saidFinished,
        follower.next > hosts[host].disk.attempts[attempt]?.log.count ?? 0
      else { continue }
      hosts[host].agent?.followers[place].saidFinished = true
      handle(host, .logFinished(attempt))
    }
  }

  private mutating func readLog(_ host: Int, of attempt: TrialAttempt) {
    guard let place = hosts[host].agent?.followers.firstIndex(where: { $0.attempt == attempt }),
      let follower = hosts[host].agent?.followers[place], follower.credit > 0,
      let log = hosts[host].disk.attempts[attempt]?.log, log.count >= follower.next
    else { return }
    let reports = Array(log[(follower.next - 1)..<min(log.count, follower.next - 1 + follower.credit)])
    hosts[host].agent?.followers[place].next += reports.count
    hosts[host].agent?.followers[place].credit -= reports.count
    handle(host, .reportsRead(attempt, reports))
  }

  // MARK: Checkpoints from elsewhere

  mutating func fetched(_ host: Int, _ serial: Int, _ attempt: TrialAttempt, _ source: CheckpointSource) {
    guard hosts[host].agent?.serial == serial else { return }
    let trial = attempt.trial
    let generation = source.seal.generation
    if hosts[host].disk.seals[trial]?[generation] != nil { return tell(host, serial, .fetched(attempt, isNews: false)) }
    var epoch: Int?
    var refusal = StartRefusal(code: .sourceUnreachable, detail: "away")
    switch source.holder {
    case .coordinator:
      if coordinator.machine != nil, !hosts[host].isCut {
        epoch = coordinator.vault[trial]?[generation]
        if epoch == nil { refusal = StartRefusal(code: .checkpointMissing, detail: "the coordinator has none") }
      }
    case .agent(let holder):
      if let key = coordinator.machine?.state[holder]?.publicKey,
        let other = hostOfAgent(with: key),
        hosts[other].agent != nil, !hosts[other].isCut, !hosts[host].isCut, hosts[other].asleepUntil <= now
      {
        epoch = hosts[other].disk.seals[trial]?[generation]
        if epoch == nil { refusal = StartRefusal(code: .checkpointMissing, detail: "\(hosts[other].name) has none") }
      }
    case .store: refusal = StartRefusal(code: .checkpointMissing, detail: "there is no store")
    }
    if hosts[host].disk.isFull { (epoch, refusal) = (nil, StartRefusal(code: .hostFault, detail: "no space left")) }
    guard let epoch else { return tell(host, serial, .fetchFailed(attempt, refusal)) }
    hosts[host].disk.seals[trial, default: [:]][generation] = epoch
    tell(host, serial, .fetched(attempt, isNews: true))
  }
}
