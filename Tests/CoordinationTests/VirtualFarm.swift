import Coordination
import Scheduling
import SearchSpace
import TuningModel
import Wire

/// Agents as values, in virtual time, around the real machine: trials report their tabulated curves in the order of
/// their speeds; messages arrive at once and in order. A copy of the farm is a snapshot of it.
struct VirtualFarm {
  struct Attempt {
    var start: StartAttempt
    var milestone: Int
    var log: [TrialReport] = []
    /// Resource of the next epoch.
    var next: Int
    var end: AttemptEnd?
    var isHeld = false
    /// Virtual time at which the next epoch is done.
    var due: Int
  }

  struct Agent {
    var key: String
    var machine: String
    var slots: Int
    var attempts: [TrialAttempt: Attempt] = [:]
    /// Newest sealed resource of each trial, by generation.
    var seals: [TrialID: [Int: Int]] = [:]
    var isPrepared = false
    /// Ended, because the run is over.
    var isGone = false
    /// The name under which the coordinator admits it.
    var name = "agent"
    var landlock = 0
    /// What it is told does not reach it, and what it says does not leave.
    var isCut = false
    /// It can start nothing.
    var refuses = false
    /// Why.
    var refusal = StartRefusal.Code.hostFault
    /// Resources at which attempts began, for the tests.
    var begun: [TrialAttempt: Int] = [:]
  }

  var coordinator: Coordinator
  /// What the run was begun with, or extended to.
  var specification: RunSpecification
  var journal: [StampedFact] = []
  var agents: [Agent]
  var clock = 0
  var outcome: RunOutcome?
  /// The coordinator's own copies: resource by trial and generation.
  var vault: [TrialID: [Int: Int]] = [:]
  /// Checkpoints that were fetched, in order.
  var fetched: [CheckpointName] = []
  /// Starts that need a checkpoint from an agent that is cut off are refused.
  var refusals = 0
  /// Orders to pause or stop take their time: `finish` carries them out.
  var isSlowToEnd = false
  /// What decides in place of a scheduler.
  var program: VirtualProgram?
  /// What people were told.
  var notes: [String] = []
  /// Epoch values of a trial; deterministic.
  let curve: @Sendable (TrialID, Int) -> Double
  let speed: @Sendable (TrialID) -> Int
  /// Called before the effects of a turn are carried out, with the journal before the turn and the turn's facts.
  private var inbox: [(agent: Int, message: AgentMessage)] = []
  private var arrivals: [CheckpointName] = []
  private var isHandling = false
  var onTurn: ((VirtualFarm, [StampedFact]) -> Void)?
  /// Makes the facts of a turn durable; false: it could not, and the coordinator ends before any effect of the turn.
  var commit: (([StampedFact]) -> Bool)?
  private(set) var isDead = false
  /// The last report of each attempt that its agent was told to be in the journal.
  private(set) var acknowledged: [TrialAttempt: Int] = [:]

  init(
    _ specification: RunSpecification, agents: [Agent], curve: @escaping @Sendable (TrialID, Int) -> Double,
    speed: @escaping @Sendable (TrialID) -> Int
  ) throws {
    self.specification = specification
    coordinator = try Coordinator(specification: specification)
    self.agents = agents
    self.curve = curve
    self.speed = speed
  }

  var now: Moment {
    Moment(
      monotonic: Instant(nanoseconds: Int64(clock) * 1_000_000),
      wall: Timestamp(microseconds: 1_700_000_000_000_000 + Int64(clock) * 1000))
  }

  // MARK: The run

  mutating func begin() {
    handle(
      .started(
        RunStart(run: "virtual", version: "0", specificationHash: "", codeHash: nil, randomSeed: 0)))
    handle(.listening(control: 1, bulk: 2))
    for index in agents.indices { handle(.admit(publicKey: agents[index].key, name: agents[index].name)) }
    for index in agents.indices { greet(index) }
  }

  mutating func greet(_ index: Int) {
    // Asked again before its hello arrived, an agent says nothing.
    guard !inbox.contains(where: { if case (index, .hello) = ($0.agent, $0.message) { true } else { false } })
    else { return }
    let inventory = agents[index].attempts.sorted { $0.key < $1.key }.map { name, attempt in
      AttemptInventory(
        attempt: name, slot: attempt.start.slot, milestone: attempt.milestone,
        phase: attempt.end.map { .ended($0) } ?? (attempt.isHeld ? .held(resource: attempt.next - 1) : .running),
        lastSequence: attempt.log.count)
    }
    say(
      .hello(
        AgentHello(
          hostname: "host", machineID: agents[index].machine, bootID: "b", name: agents[index].name,
          pid: 1, slots: agents[index].slots, home: "/home", inventory: inventory, place: agents[index].key)),
      from: index)
    agents[index].isPrepared = true
    say(.prepared(Preparation(codeHash: "")), from: index)
  }

  mutating func say(_ message: AgentMessage, from index: Int) {
    guard !agents[index].isGone, !agents[index].isCut else { return }
    inbox.append((index, message))
    deliver()
  }

  /// Messages come in the order in which they were said, each after the effects of the one before.
  private mutating func deliver() {
    guard !isHandling else { return }
    isHandling = true
    while !isDead, !inbox.isEmpty || !arrivals.isEmpty || program?.said.isEmpty == false {
      if !arrivals.isEmpty { turn(.checkpointArrived(arrivals.removeFirst())) }
      guard !inbox.isEmpty else {
        // A program takes its time: what agents say comes first.
        if let event = program?.nextSaid() { turn(event) }
        continue
      }
      let next = inbox.removeFirst()
      if !agents[next.agent].isGone { turn(.message(from: agents[next.agent].key, next.message)) }
    }
    isHandling = false
  }

  /// Advances to the next epoch that ends; false when nothing runs any more.
  mutating func step() -> Bool {
    guard outcome == nil, !isDead else { return false }
    var best: (agent: Int, name: TrialAttempt, due: Int)?
    for index in agents.indices {
      for (name, attempt) in agents[index].attempts where attempt.end == nil && !attempt.isHeld {
        if let known = best, (known.due, known.name) < (attempt.due, name) { continue }
        best = (index, name, attempt.due)
      }
    }
    guard let best else { return false }
    clock = max(clock, best.due)
    report(best.name, on: best.agent)
    return true
  }

  mutating func run(limit: Int = 3_000) {
    var steps = 0
    while steps < limit, step() { steps += 1 }
  }

  /// The coordinator dies and another takes the journal up; the agents say hello to it.
  mutating func restart(keeping count: Int? = nil) throws {
    if let count { journal.removeSubrange(count...) }
    var fresh = try Coordinator(specification: specification)
    for fact in journal { fresh.replay(fact) }
    coordinator = fresh
    program?.beginAnew(journal)
    inbox = []
    arrivals = []
    isHandling = false
    isDead = false
    for index in agents.indices { agents[index].isGone = false }
    begin()
  }

  // MARK: Agents

  mutating func report(_ name: TrialAttempt, on index: Int) {
    guard var attempt = agents[index].attempts[name] else { return }
    let resource = attempt.next
    var fields: [JSONValue.Member] = [
      .init("epoch", .int(resource)), .init("loss", .double(curve(name.trial, resource))),
    ]
    if let cost = specification.experiment.costAttribute {
      // Since the process began.
      let epochs = resource - (agents[index].begun[name] ?? 0)
      fields.append(.init(cost, .double(Double(epochs * speed(name.trial)) / 1_000)))
    }
    let report = TrialReport(sequence: attempt.log.count + 1, readAt: now.wall, fields: fields)
    attempt.log.append(report)
    attempt.next += 1
    attempt.due = clock + speed(name.trial)
    if resource >= attempt.milestone, attempt.milestone < attempt.start.maximum { attempt.isHeld = true }
    agents[index].attempts[name] = attempt
    say(.reports(name, [report]), from: index)
    if agents[index].attempts[name]?.isHeld == true { say(.held(name, resource: resource), from: index) }
  }

  mutating func finish(_ name: TrialAttempt, on index: Int, cause: AttemptEnd.Cause) {
    guard var attempt = agents[index].attempts[name], attempt.end == nil else { return }
    let highest = agents[index].seals[name.trial]?.keys.max() ?? 0
    let generation = max(highest, attempt.start.lastGeneration) + 1
    agents[index].seals[name.trial, default: [:]][generation] = attempt.next - 1
    let end = AttemptEnd(
      cause: cause, exitStatus: 0, lastSequence: attempt.log.count,
      seal: Seal(
        generation: generation, attempt: name.attempt, coveredSequence: attempt.log.count,
        coveredResource: attempt.next - 1, files: 1, bytes: 1,
        hash: Self.hash("\(name.trial.rawValue)a\(generation)")))
    attempt.end = end
    agents[index].attempts[name] = attempt
    say(.ended(name, end), from: index)
  }

  /// Text of hexadecimal digits as long as a hash is.
  private static func hash(_ digits: String) -> String {
    String(repeating: "0", count: 64 - digits.utf8.count) + digits
  }

  private mutating func receive(_ message: CoordinatorMessage, at index: Int) {
    switch message {
    case .welcome(let welcome):
      for verdict in welcome.verdicts {
        switch verdict.action {
        case .end: agents[index].attempts[verdict.attempt] = nil
        case .keep(let after):
          guard let attempt = agents[index].attempts[verdict.attempt] else { continue }
          let missing = Array(attempt.log.dropFirst(after))
          if !missing.isEmpty { say(.reports(verdict.attempt, missing), from: index) }
          if let end = agents[index].attempts[verdict.attempt]?.end {
            say(.ended(verdict.attempt, end), from: index)
          }
        }
      }
    case .start(let start):
      guard agents[index].attempts[start.attempt] == nil else { return }
      if agents[index].refuses {
        return say(.refused(start.attempt, StartRefusal(code: agents[index].refusal, detail: "disk full")), from: index)
      }
      if let source = start.source, !fetch(source, of: start.attempt, to: index) { return }
      let resumed = start.resumeFrom.flatMap { agents[index].seals[start.attempt.trial]?[$0] } ?? 0
      agents[index].begun[start.attempt] = resumed
      agents[index].attempts[start.attempt] = Attempt(
        start: start, milestone: start.milestone, next: resumed + 1, due: clock + speed(start.attempt.trial))
      say(.started(start.attempt, pid: 1), from: index)
    case .proceed(let name, let milestone):
      guard var attempt = agents[index].attempts[name], attempt.milestone < milestone else { return }
      attempt.milestone = milestone
      attempt.isHeld = attempt.next > milestone && milestone < attempt.start.maximum
      attempt.due = clock + speed(name.trial)
      agents[index].attempts[name] = attempt
    case .pause(let name) where !isSlowToEnd: finish(name, on: index, cause: .paused)
    case .stop(let name) where !isSlowToEnd: finish(name, on: index, cause: .stopped)
    case .complete(let name) where !isSlowToEnd: finish(name, on: index, cause: .exited)
    case .acknowledgeEnd(let name): agents[index].attempts[name] = nil
    case .sayHello: greet(index)
    case .rejected: agents[index].isGone = true
    case .deleteCheckpoints(let trial, let kept):
      let active = agents[index].attempts.first { $0.key.trial == trial && $0.value.end == nil }?.value.start.resumeFrom
      agents[index].seals[trial] = agents[index].seals[trial]?.filter { kept.contains($0.key) || $0.key == active }
      say(.checkpointsDeleted(trial), from: index)
    case .dismiss: agents[index].isGone = true
    case .acknowledgeReports(let name, let sequence):
      acknowledged[name] = max(acknowledged[name] ?? 0, sequence)
    case .pause, .stop, .complete, .heartbeatEcho, .joined: break
    }
  }

  /// Brings a checkpoint; false: whoever has it is away, and the start is refused.
  private mutating func fetch(_ source: CheckpointSource, of name: TrialAttempt, to index: Int) -> Bool {
    let generation = source.seal.generation
    var found: Int?
    switch source.holder {
    case .agent(let holder):
      let from = agents.firstIndex { $0.key == coordinator.state[holder]?.publicKey }
      if let from, !agents[from].isCut, !agents[from].isGone { found = agents[from].seals[name.trial]?[generation] }
    case .coordinator: found = vault[name.trial]?[generation]
    case .store: found = nil
    }
    guard let found else {
      refusals += 1
      // The coordinator answers for itself: what it does not have is missing.
      let code: StartRefusal.Code = source.holder == .coordinator ? .checkpointMissing : .sourceUnreachable
      say(.refused(name, StartRefusal(code: code, detail: "away")), from: index)
      return false
    }
    agents[index].seals[name.trial, default: [:]][generation] = found
    fetched.append(CheckpointName(name.trial, source.seal))
    say(.checkpointFetched(CheckpointName(name.trial, source.seal)), from: index)
    return true
  }

  // MARK: The loop

  mutating func handle(_ event: Event) {
    turn(event)
    deliver()
  }

  private mutating func turn(_ event: Event) {
    guard !isDead else { return }
    let wasHandling = isHandling
    isHandling = true
    defer { isHandling = wasHandling }
    let output = coordinator.handle(event, at: now)
    if !output.facts.isEmpty {
      onTurn?(self, output.facts)
      if let commit, !commit(output.facts) {
        isDead = true
        return
      }
    }
    journal += output.facts
    program?.hear(output.facts)
    for effect in output.effects {
      switch effect {
      case .send(let id, let message):
        guard let key = coordinator.state[id]?.publicKey, let index = agents.firstIndex(where: { $0.key == key }),
          !agents[index].isCut
        else { continue }
        receive(message, at: index)
      case .end(let outcome): self.outcome = outcome
      case .fetchCheckpoint(let trial, let seal, let id):
        guard let from = agents.firstIndex(where: { $0.key == coordinator.state[id]?.publicKey }), !agents[from].isCut,
          let resource = agents[from].seals[trial]?[seal.generation]
        else { continue }
        vault[trial, default: [:]][seal.generation] = resource
        arrivals.append(CheckpointName(trial, seal))
      case .askScheduler: program?.hearQuestion()
      case .note(let text): notes.append(text)
      case .dropStored(let trial, let kept): vault[trial] = vault[trial]?.filter { kept.contains($0.key) }
      case .admit, .admitToken, .revokeToken, .answerJoin, .rejectJoin: break
      }
    }
  }
}

extension VirtualFarm {
  /// What was decided, in order: promotions, raises of the maximum and new trials.
  var decisions: [String] { journal.compactMap { Self.decision($0.fact) } }

  static func decision(_ fact: Fact) -> String? {
    switch fact {
    case .scheduling(.promotion(let promotion)): "promote \(promotion.trial) to \(promotion.milestone)"
    case .scheduling(.maximumRaised(let raise)): "raise to \(raise.to)"
    case .scheduling(.stop(let stop)): "stop \(stop.trial) at \(stop.level)"
    case .scheduling(.thresholdSet(let change)): "threshold \(change.value) at \(change.level)"
    case .trialCreated(let creation): "create \(creation.trial)"
    default: nil
    }
  }
}

enum Sample {
  static func specification(
    trials: Int = 20, max: Int = 27, stop: StopCriterion? = nil, maxResourceAttribute: String? = nil,
    scheduler: SchedulerOptions.Name = .pasha
  ) -> RunSpecification {
    RunSpecification(
      experiment: Experiment(
        name: "sample", entryPoint: ["true"],
        space: ConfigurationSpace([.init("x", .uniform(lower: 0, upper: 1))]),
        metric: "loss", maxResourceAttribute: maxResourceAttribute),
      scheduler: SchedulerOptions(name: scheduler, mode: .min, maxResource: max),
      stop: stop ?? StopCriterion(maxTrialsStarted: trials))
  }

  /// Curves that fall at different rates and cross, with a little noise: a function of trial and epoch.
  static func curve(seed: UInt64) -> @Sendable (TrialID, Int) -> Double {
    { trial, epoch in
      var shape = SeededGenerator(seed: seed, stream: UInt64(trial.rawValue))
      var noise = SeededGenerator(seed: seed &+ 1, stream: UInt64(trial.rawValue * 1000 + epoch))
      let floor = shape.nextUnit()
      let rate = 0.2 + shape.nextUnit()
      return floor + (1 - floor) * Mathematics.exp(-rate * Double(epoch)) + 0.05 * noise.nextUnit()
    }
  }

  static func speed(seed: UInt64) -> @Sendable (TrialID) -> Int {
    { trial in
      var generator = SeededGenerator(seed: seed &+ 2, stream: UInt64(trial.rawValue))
      return 50 + Int(generator.nextBelow(200))
    }
  }

  static func farm(_ specification: RunSpecification, slots: Int = 4, seed: UInt64 = 1) throws -> VirtualFarm {
    try VirtualFarm(
      specification, agents: [VirtualFarm.Agent(key: "key-a", machine: "m", slots: slots)],
      curve: Sample.curve(seed: seed), speed: Sample.speed(seed: seed))
  }
}
