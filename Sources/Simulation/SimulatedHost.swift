import AgentCore
import TuningModel
import Wire

/// A host with its agent, its supervisors and its training scripts. Messages arrive at once and none is lost; starting,
/// stopping and ending a script takes no time. So no limit of time is ever reached, and nobody is sent a timer.
struct SimulatedHost: Sendable {
  /// Keys of a report, and the hyperparameter that names a row by its place in `rows`.
  static let resource = "epoch"
  static let metric = "metric"
  static let hyperparameter = "row"
  /// Seconds of training since the script began, where the run asks for costs.
  static let cost = "seconds"

  let rows: [SimulatedRow]
  private let reportsCosts: Bool
  private(set) var now = Instant.zero
  /// What the agent says, in order.
  var outbox: [AgentMessage] = []
  private var agent: AgentMachine
  /// What the agent is yet to hear of its own host.
  private var inbox: [AgentEvent] = []
  /// What runs in each slot.
  private var trials: [SimulatedTrial?]
  private var queue = EventQueue()
  private var legs = 0
  /// The epoch of each sealed generation, by trial.
  private var seals: [[Int: Int]] = []

  init(rows: [SimulatedRow], workers: Int, reportsCosts: Bool) {
    self.rows = rows
    self.reportsCosts = reportsCosts
    trials = Array(repeating: nil, count: workers)
    let name = "simulated"
    agent = AgentMachine(
      settings: AgentSettings(
        hostname: name, machineID: name, bootID: name, name: name, pid: 1, slots: workers, home: "/" + name),
      at: .zero)
  }

  var moment: Moment { Moment(monotonic: now, wall: Timestamp(microseconds: now.nanoseconds / 1_000)) }

  // MARK: The agent

  /// Lets the agent connect.
  mutating func begin() { tell(.timer) }

  mutating func receive(_ message: CoordinatorMessage) { tell(.received(message)) }

  /// Tells the agent the next thing that happened on its host; false: it knows all.
  mutating func tellNext() -> Bool {
    guard !inbox.isEmpty else { return false }
    tell(inbox.removeFirst())
    return true
  }

  private mutating func tell(_ event: AgentEvent) {
    for action in agent.handle(event, at: now) { carryOut(action) }
  }

  private mutating func carryOut(_ action: AgentAction) {
    switch action {
    case .send(let message): outbox.append(message)
    case .connect: inbox.append(.connected)
    case .prepare(let program): inbox.append(.prepared(Preparation(codeHash: program.codeHash ?? "")))
    case .launch(let launch): self.launch(launch)
    case .command(let attempt, let command):
      guard let slot = trials.firstIndex(where: { $0?.attempt == attempt }) else { return }
      supervise(slot, .command(command))
    case .deleteCheckpoints(let trial, let kept):
      if seals.indices.contains(trial.rawValue) {
        seals[trial.rawValue] = seals[trial.rawValue].filter { kept.contains($0.key) }
      }
      inbox.append(.checkpointsDeleted(trial))
    // Reports are handed over as they come: each is acknowledged at once, so that credit is never short.
    case .follow, .grant: break
    // There is one host and no store.
    case .fetch, .cancelFetch, .store: break
    case .disconnect, .forget, .note, .exit: break
    }
  }

  // MARK: Scripts

  private mutating func launch(_ launch: AgentLaunch) {
    let start = launch.start
    guard case .int(let row)? = start.configuration[Self.hyperparameter], rows.indices.contains(row) else {
      let refusal = StartRefusal(code: .noSuchProgram, detail: "the table has no row for the configuration")
      inbox.append(.launchFailed(start.attempt, refusal))
      return
    }
    let trial = start.attempt.trial.rawValue
    while seals.count <= trial { seals.append([:]) }
    let epoch = start.resumeFrom.flatMap { seals[trial][$0] } ?? 0
    let program = launch.program
    legs += 1
    trials[start.slot] = SimulatedTrial(
      attempt: start.attempt, row: row, generation: start.lastGeneration + 1, resumedAt: epoch,
      supervision: Supervision(
        settings: Supervision.Settings(
          holdsAtMilestone: program.holdsAtMilestone, settle: program.settle, holdLimit: program.holdLimit,
          grace: program.grace, quiet: .zero),
        milestone: start.milestone, isLast: start.milestone >= start.maximum, lease: launch.lease),
      epoch: epoch, leg: legs)
    supervise(start.slot, .started(pid: start.slot + 1))
    schedule(start.slot, in: rows[row].duration(after: epoch) ?? .zero)
  }

  private mutating func schedule(_ slot: Int, in wait: Duration) {
    guard let leg = trials[slot]?.leg else { return }
    trials[slot]?.due = now + wait
    queue.push(EventQueue.Step(time: now + wait, leg: leg, slot: slot))
  }

  /// Goes on to the next report, or the next end of a script; false: nothing runs.
  mutating func advance() -> Bool {
    while let step = queue.pop() {
      // Others belong to scripts that were ended or stopped in the meantime.
      guard let trial = trials[step.slot], trial.leg == step.leg, trial.due == step.time else { continue }
      now = step.time
      if trial.epoch < rows[trial.row].values.count {
        report(step.slot)
      } else {
        end(step.slot, .status(0))
      }
      return true
    }
    return false
  }

  private mutating func report(_ slot: Int) {
    trials[slot]?.epoch += 1
    trials[slot]?.due = nil
    guard let trial = trials[slot] else { return }
    let (epoch, sequence, row) = (trial.epoch, trial.reports, rows[trial.row])
    var fields = [
      JSONValue.Member(Self.resource, .int(epoch)), JSONValue.Member(Self.metric, .double(row.values[epoch - 1])),
    ]
    if reportsCosts {
      let begun = trial.resumedAt > 0 ? row.times[trial.resumedAt - 1] : .zero
      fields.append(JSONValue.Member(Self.cost, .double((row.times[epoch - 1] - begun).inSeconds)))
    }
    let report = TrialReport(sequence: sequence, readAt: moment.wall, fields: fields)
    inbox.append(.reportsRead(trial.attempt, [report]))
    supervise(slot, .checkpointWritten)
    supervise(slot, .report(sequence: sequence, resource: epoch))
    if trials[slot]?.isStopped == false { schedule(slot, in: row.duration(after: epoch) ?? .zero) }
  }

  private mutating func end(_ slot: Int, _ exit: TrialExit) {
    guard trials[slot]?.isAlive == true else { return }
    trials[slot]?.isAlive = false
    supervise(slot, .exited(exit, outOfMemory: false))
    supervise(slot, .groupEmpty)
  }

  // MARK: Supervisors

  private mutating func supervise(_ slot: Int, _ event: SupervisionEvent) {
    guard let actions = trials[slot]?.supervision.handle(event, at: now) else { return }
    for action in actions { carryOut(action, slot) }
  }

  private mutating func carryOut(_ action: SupervisionAction, _ slot: Int) {
    switch action {
    case .stopGroup:
      trials[slot]?.stop(at: now)
      supervise(slot, .groupStopped(isSaving: false))
    case .continueGroup: goOn(slot)
    case .terminateGroup, .killGroup: end(slot, .signal(15))
    case .tellAgent(let event):
      if let attempt = trials[slot]?.attempt { inbox.append(.supervisor(attempt, event)) }
    case .finish(let end): finish(slot, end)
    // The script asks nobody, and nothing has to outlive a supervisor.
    case .tellTrial, .record: break
    }
  }

  private mutating func goOn(_ slot: Int) {
    guard let trial = trials[slot], trial.isAlive, trial.isStopped else { return }
    legs += 1
    trials[slot]?.leg = legs
    trials[slot]?.isStopped = false
    schedule(slot, in: trial.rest ?? rows[trial.row].duration(after: trial.epoch) ?? .zero)
  }

  private mutating func finish(_ slot: Int, _ end: SupervisionEnd) {
    guard let trial = trials[slot] else { return }
    trials[slot] = nil
    var seal: Seal?
    if let epoch = end.coveredResource {
      seals[trial.attempt.trial.rawValue][trial.generation] = epoch
      seal = Seal(
        generation: trial.generation, attempt: trial.attempt.attempt, coveredSequence: end.coveredSequence,
        coveredResource: epoch, files: 1, bytes: 1, hash: "\(trial.attempt)")
    }
    let (status, signal): (Int?, Int?) =
      switch end.exit {
      case .status(let status): (status, nil)
      case .signal(let signal): (nil, signal)
      }
    inbox.append(
      .supervisorGone(
        trial.attempt,
        AttemptEnd(cause: end.cause, exitStatus: status, signal: signal, lastSequence: end.lastSequence, seal: seal)))
    inbox.append(.logFinished(trial.attempt))
  }
}
