import Coordination
import Scheduling
import TuningModel
import Wire

/// Why each decision about one trial of a run was taken, in sentences with the numbers: made of the run's facts, in their
/// order, and of the state that they give.
public struct TrialExplanation {
  /// Something that happened to the trial, or was decided about it.
  public struct Step: Equatable, Sendable {
    public var stamp: Stamp
    /// The kind of its fact, as the journal names it.
    public var kind: String
    public var text: String
  }

  public let trial: TrialID
  public private(set) var state: RunState
  public internal(set) var steps: [Step] = []
  /// Reports that call for no sentence of their own, told together.
  var reports = ReportCount()
  /// Since when the trial wants a slot; nil: it does not.
  var waitingSince: Duration?
  /// Whether its newest attempt was refused by its host.
  var wasRefused = false

  /// Throws when the scheduler's options make no sense together.
  public init(trial: TrialID, specification: RunSpecification) throws(SchedulerOptionProblem) {
    self.trial = trial
    state = try RunState(specification: specification)
  }

  /// Of a trial as it stands: without the steps that led there.
  init(trial: TrialID, standing state: RunState) {
    self.trial = trial
    self.state = state
  }

  /// Takes the next fact of the run.
  public mutating func take(_ stamped: StampedFact) {
    let concerns = concerns(stamped.fact)
    let before = concerns ? Before(state, trial, stamped.fact) : nil
    state.apply(stamped)
    if let before { tell(stamped, before) }
    switch stamped.fact {
    case .attemptRefused(let attempt, _, _) where attempt.trial == trial: wasRefused = true
    case .attemptEnded(let attempt, _, _) where attempt.trial == trial: wasRefused = false
    default: break
    }
    if case .pending? = own?.status {
      waitingSince = waitingSince ?? stamped.stamp.active
    } else {
      waitingSince = nil
    }
  }

  /// To be called behind the last fact.
  public mutating func finish() { tellReports() }

  /// The trial as it is now; nil: there is none of this number.
  var own: TrialState? { state[trial] }

  /// What a sentence needs of the state before its fact.
  struct Before {
    let trial: TrialState?
    let standing: TrialStanding?
    /// The places of two trials whose order raised the maximum.
    let orders: Orders?

    init(_ state: RunState, _ id: TrialID, _ fact: Fact) {
      trial = state[id]
      standing = state.scheduler.standing(of: id)
      if case .scheduling(.maximumRaised(let raise)) = fact {
        orders = Orders(raise, state.scheduler)
      } else {
        orders = nil
      }
    }
  }

  // MARK: Which facts

  /// Whether a fact has to do with the trial.
  private func concerns(_ fact: Fact) -> Bool {
    switch fact {
    case .trialCreated(let creation): return creation.trial == trial
    case .attemptAssigned(let assignment): return assignment.attempt.trial == trial
    case .attemptRefused(let attempt, _, _), .attemptHeld(let attempt, _), .attemptProceeded(let attempt, _),
      .attemptOrdered(let attempt, _, _), .attemptEnded(let attempt, _, _), .withheldReportSettled(let attempt, _, _):
      return attempt.trial == trial
    case .reportReceived(let report): return report.attempt.trial == trial
    case .trialStopped(let id), .checkpointCopied(let id, _, _), .checkpointsDropped(let id, _): return id == trial
    case .operatorCommand(.stopTrial(let id)), .operatorCommand(.pauseTrial(let id)),
      .operatorCommand(.resumeTrial(let id)):
      return id == trial
    case .scheduling(let decision): return concerns(decision)
    case .agentReachability(let agent, _): return own?.slot?.agent == agent
    case .hostMarked(let name, _): return own?.slot.flatMap { state[$0.agent]?.name } == name
    case .trainingBegan, .runClosing, .runSuspended, .runResumed, .runFinished, .runExtended:
      return own.map { !$0.status.isFinal } ?? false
    case .runStarted, .runDraining, .addressChosen, .joinTokenIssued, .joinTokenUsed, .agentAdmitted, .agentGreeted,
      .agentPrepared, .agentSlots, .hostAdded, .specificationChanged, .attemptStarted, .checkpointsDeleted,
      .operatorCommand(.pauseRun), .operatorCommand(.stopRun):
      return false
    }
  }

  // MARK: Sentences

  private mutating func tell(_ stamped: StampedFact, _ before: Before) {
    switch stamped.fact {
    case .reportReceived(let report): received(report, stamped, before)
    case .withheldReportSettled(let attempt, let sequence, let disposition):
      settled(attempt, sequence, disposition, stamped, before)
    default:
      guard let text = text(for: stamped, before) else { return }
      add(text, stamped)
    }
  }

  mutating func add(_ text: String, _ stamped: StampedFact) {
    tellReports()
    steps.append(Step(stamp: stamped.stamp, kind: stamped.fact.kind, text: text))
  }

  private func text(for stamped: StampedFact, _ before: Before) -> String? {
    switch stamped.fact {
    case .trialCreated(let creation): created(creation)
    case .attemptAssigned(let assignment): assigned(assignment, before, at: stamped.stamp)
    case .attemptRefused(let attempt, let refusal, let consequence): refused(attempt, refusal, consequence, before)
    case .attemptHeld(_, let reached): held(at: reached)
    case .attemptProceeded(_, let milestone):
      "goes on in place to \(resource(milestone)): its process need not start again"
    case .attemptOrdered(_, let order, let reason): ordered(order, reason)
    case .attemptEnded(let attempt, let end, let consequence): ended(attempt, end, consequence, before)
    case .trialStopped:
      state.scheduler.isStopped(trial)
        ? "stopped, as the scheduler decided; it did not run" : "stopped for good; it did not run"
    case .checkpointCopied(_, let generation, let holder): copied(generation, holder)
    case .checkpointsDropped(_, let kept): dropped(kept, before)
    case .operatorCommand(.stopTrial): "an operator asked to stop it"
    case .operatorCommand(.pauseTrial): "an operator asked to pause it: it gets no slot until it is resumed by hand"
    case .operatorCommand(.resumeTrial): "an operator lets it go on"
    case .runExtended: "the run was extended: new trials and promotions go on"
    case .scheduling(let decision): decided(decision, before)
    case .agentReachability(let agent, let reachability): reached(agent, reachability)
    case .hostMarked(let name, let mark): marked(name, mark)
    case .trainingBegan(let training): began(training)
    case .runClosing(let end, let suspends): suspends ? nil : closing(end)
    case .runSuspended: "the run is paused"
    case .runResumed: "the run was taken up again"
    case .runFinished: nil
    case .runStarted, .runDraining, .addressChosen, .joinTokenIssued, .joinTokenUsed, .agentAdmitted, .agentGreeted,
      .agentPrepared, .agentSlots, .hostAdded, .specificationChanged, .attemptStarted, .checkpointsDeleted,
      .reportReceived, .withheldReportSettled, .operatorCommand(.pauseRun), .operatorCommand(.stopRun):
      nil
    }
  }

  private func created(_ creation: TrialCreation) -> String {
    let origin =
      switch creation.origin {
      case .point(let index): "point \(index + 1) of points_to_evaluate"
      case .searcher(let draws):
        "suggested by the \(state.specification.searcher.kind.rawValue) searcher"
          + (draws > 1 ? ", which drew \(draws - 1) that were tried already before it" : "")
      case .program: "named by the scheduler's program"
      case .operator: "enqueued by an operator"
      }
    let options = state.specification.scheduler
    let bracket = state.scheduler.bracketCount > 1 ? "; bracket \(creation.bracket)" : ""
    if options.name == .external { return "created, as the scheduler's program has asked: \(origin)" }
    if options.isStopping { return "created, since a slot was free: \(origin)\(bracket)" }
    if let standing = state.scheduler.bracketStanding(of: trial) {
      return "created, since a slot was free and bracket \(standing.bracket) took one more trial: \(origin)"
    }
    return "created, since a slot was free and no trial could be promoted: \(origin)\(bracket)"
  }

  private func closing(_ end: RunEnd) -> String {
    let what = own?.isActive == true ? "it is paused" : "it stays as it is"
    return "the run ends (\(Presentation.reason(end.reason, state))): \(what)"
  }

  private func began(_ training: Training) -> String? {
    let why = "the search is over (\(Presentation.reason(training.end.reason, state)))"
    if let place = training.trials.firstIndex(of: trial) {
      let maximum = state.specification.scheduler.maxResource
      let isTrained = own?.status.isFinal == true
      return "\(why): it is number \(place + 1) of the best \(training.trials.count), and "
        + (isTrained ? "trained already" : "trained up to \(resource(maximum))")
    }
    let ranking = state.ranking
    let place =
      ranking.firstIndex { $0.id == trial }.map { "number \($0 + 1) of \(ranking.count)" } ?? "without a value"
    return "\(why): it is \(place), and not among the best \(training.trials.count), which are trained"
  }

  // MARK: Words

  func resource(_ value: Int) -> String { Presentation.resource(value, state) }

  /// `loss 0.43`.
  func metric(_ value: Double) -> String {
    "\(Presentation.printable(state.specification.experiment.metric)) \(Presentation.number(value))"
  }

  func host(_ agent: AgentID) -> String { Presentation.host(agent, state) }
}
