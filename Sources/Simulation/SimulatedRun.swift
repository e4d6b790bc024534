import Coordination
import Scheduling
import SearchSpace
import TuningModel
import Wire

/// A run of the coordinator with one host, in virtual time.
struct SimulatedRun {
  private static let key = "simulated"
  private var coordinator: Coordinator
  private var host: SimulatedHost
  private var outcome: RunOutcome?
  private var result: SimulationResult
  private let settings: SimulationSettings
  /// What is committed, where somebody wants it.
  var facts: [StampedFact]?
  /// Sealed checkpoints kept, by trial, and their sum.
  private var seals: [Int] = []
  private var allSeals = 0

  init(_ specification: RunSpecification, rows: [SimulatedRow], settings: SimulationSettings)
    throws(SchedulerOptionProblem)
  {
    coordinator = try Coordinator(specification: specification)
    // No more than there are trials ever work.
    let workers = max(1, min(settings.workers, rows.count, settings.trials))
    host = SimulatedHost(
      rows: rows, workers: workers, reportsCosts: specification.experiment.costAttribute != nil)
    self.settings = settings
    result = SimulationResult(label: settings.label, seed: settings.seed)
    result.reached = [Int](repeating: 0, count: rows.count)
  }

  /// The configuration that the run chose.
  struct Choice {
    /// Place of its row among those of the run.
    var row: Int
    /// The last epoch that it reported.
    var epoch: Int
  }

  /// The result but for what is read off the whole curves.
  mutating func run() throws(SimulationError) -> (SimulationResult, Choice?) {
    take(.started(RunStart(run: "", version: "", specificationHash: "", codeHash: nil, randomSeed: settings.seed)))
    take(.listening(control: 1, bulk: 2))
    take(.admit(publicKey: Self.key, name: Self.key))
    host.begin()
    exchange()
    while outcome == nil {
      guard host.advance() else { throw stand() }
      exchange()
    }
    result.trials = coordinator.state.trials.count
    result.end = coordinator.state.end?.reason
    let best = coordinator.state.ranking.first
    return (result, best.flatMap { trial in row(of: trial.id).map { Choice(row: $0, epoch: trial.resource) } })
  }

  private func row(of trial: TrialID) -> Int? {
    let value = coordinator.state[trial]?.configuration[SimulatedHost.hyperparameter]
    if case .int(let row)? = value { return row }
    return nil
  }

  private func stand() -> SimulationError {
    SimulationError(
      code: .stuck,
      message: "\(settings.label), seed \(settings.seed): nothing runs after \(result.epochs) epochs, and the run does "
        + "not end; this is a bug of pasha")
  }

  /// Until nobody has anything more to say at this moment. What comes over the network goes before what a host's own
  /// processes say, so that an answer that needs no time is there first.
  private mutating func exchange() {
    var next = 0
    repeat {
      while next < host.outbox.count {
        let message = host.outbox[next]
        next += 1
        take(.message(from: Self.key, message))
      }
    } while host.tellNext()
    host.outbox.removeAll(keepingCapacity: true)
  }

  private mutating func take(_ event: Event) {
    let output = coordinator.handle(event, at: host.moment)
    for stamped in output.facts { note(stamped.fact) }
    facts?.append(contentsOf: output.facts)
    for effect in output.effects {
      switch effect {
      case .send(_, let message): host.receive(message)
      case .end(let outcome): self.outcome = outcome
      case .admit, .admitToken, .revokeToken, .answerJoin, .rejectJoin, .fetchCheckpoint, .dropStored, .askScheduler,
        .note:
        break
      }
    }
  }

  // MARK: What is counted

  private var seconds: Double { Double(host.now.nanoseconds) / 1e9 }

  private mutating func note(_ fact: Fact) {
    switch fact {
    case .reportReceived(let report):
      result.epochs += 1
      result.runtimeSeconds = seconds
      guard let epoch = report.resource, let value = report.value else { return }
      result.maxResource = max(result.maxResource, epoch)
      if let row = row(of: report.attempt.trial) { result.reached[row] = max(result.reached[row], epoch) }
      noteValue(value, of: report.attempt.trial)
    case .scheduling(.maximumRaised(let raise)):
      result.raises.append(
        SimulationResult.Raise(seconds: seconds, epochs: result.epochs, from: raise.from, to: raise.to))
    case .attemptAssigned: result.starts += 1
    case .checkpointsDropped(let trial, _): countSeals(of: trial)
    case .attemptEnded(let attempt, let end, _):
      countSeals(of: attempt.trial)
      // A script that ended of its own accord had come to the end of its row.
      guard end.cause == .exited, let trial = coordinator.state[attempt.trial] else { return }
      result.trialsCutShort += 1
      result.epochsMissing += max(0, trial.milestone - trial.resource)
    default: break
    }
  }

  private mutating func countSeals(of id: TrialID) {
    guard let trial = coordinator.state[id] else { return }
    while seals.count <= id.rawValue { seals.append(0) }
    allSeals += trial.seals.count - seals[id.rawValue]
    seals[id.rawValue] = trial.seals.count
    result.mostSeals = max(result.mostSeals, allSeals)
  }

  private mutating func noteValue(_ value: Double, of trial: TrialID) {
    guard value.isFinite, result.progress.last.map({ settings.mode.isBetter(value, than: $0.value) }) ?? true,
      let row = row(of: trial)
    else { return }
    result.progress.append(SimulationResult.Incumbent(seconds: seconds, row: host.rows[row].id, value: value))
  }
}
