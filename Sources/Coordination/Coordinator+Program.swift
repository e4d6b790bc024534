import Scheduling
import TuningModel
import Wire

/// A program of the user's in place of the scheduler. The machine asks when a slot would be free for something; the
/// answer comes as an event, becomes facts, and then everything goes as with every other scheduler. One question is open
/// at most, and nothing about it is kept over a restart: the new program is asked anew.
extension Coordinator {
  /// Where the machine stands with the program.
  struct Asking: Equatable, Sendable {
    enum Phase: Equatable, Sendable {
      case free
      case asked
      /// It has nothing now: asked again after the next report or end.
      case waits
    }

    var phase = Phase.free
    /// Something came about that the program did not know when it was asked.
    var hasNews = false
    /// Trials that ended after the question.
    var ended: Set<TrialID> = []
  }

  var isDecidedByProgram: Bool { state.specification.scheduler.name == .external }

  /// Asks what a slot gets, unless that was asked already or would be of no use. False: no slot gets anything at once.
  mutating func suggestByProgram(_ turn: inout Turn) -> Bool {
    guard state.drain?.promotesStill != false, state.training == nil else { return false }
    if state.drain == nil, atTrialLimit {
      limitReached(&turn)
      guard state.drain?.promotesStill == true else { return false }
    }
    askProgram(&turn)
    return false
  }

  mutating func askProgram(_ turn: inout Turn) {
    guard asking.phase == .free else { return }
    asking = Asking(phase: .asked)
    turn.effects.append(.askScheduler)
  }

  /// Notes what makes it worth asking again.
  mutating func noteNews(_ fact: Fact) {
    guard isDecidedByProgram else { return }
    switch fact {
    case .reportReceived(let report): if report.disposition != .ranked { return }
    case .withheldReportSettled(_, _, let disposition): if disposition != .ranked { return }
    case .attemptEnded(let attempt, _, let consequence), .attemptRefused(let attempt, _, let consequence):
      switch consequence {
      case .completed, .stopped, .failed: asking.ended.insert(attempt.trial)
      case .paused, .pending: break
      }
    case .trialStopped(let trial): asking.ended.insert(trial)
    case .runDraining: break
    default: return
    }
    asking.hasNews = true
    if asking.phase == .waits { asking = Asking() }
  }

  // MARK: Answers

  /// - Parameter line: what the program printed, for messages.
  mutating func take(_ answer: SchedulerAnswer, line: String, _ turn: inout Turn) {
    guard isDecidedByProgram, state.end == nil, state.closing == nil, state.training == nil, !state.isSuspended else {
      return
    }
    let asked = asking
    if answer.isDue {
      guard asked.phase == .asked else { return refuse(line, "answers, and nothing was asked", &turn) }
      asking = Asking()
    }
    switch answer {
    case .start(let configuration, let milestone):
      // What was said of the limit may have crossed the answer, and a program need not know of it.
      guard state.drain == nil, !atTrialLimit else { return waits(asked) }
      create(configuration, milestone: milestone, &turn)
    case .promote(let id, let milestone): promote(id, to: milestone, line: line, asked, &turn)
    case .wait:
      waits(asked)
      guard asking.phase == .waits, state.drain == nil, isNothingUnderWay else { return }
      refuse(
        line, "waits, and no trial is under way: nothing would ever change; answer start, promote or finish", &turn)
    case .finish:
      record(.runDraining(state.drain?.reason ?? .schedulerFinished, promotesStill: false), &turn)
    case .stop(let id): stop(id, line: line, &turn)
    case .log: break
    }
  }

  /// The program cannot be relied on: all trials are paused and sealed, and `resume` goes on with a mended one.
  mutating func schedulerFailed(_ message: String, _ turn: inout Turn) {
    guard isDecidedByProgram, state.closing == nil, state.training == nil else { return }
    close(RunEnd(reason: .schedulerFailed, message: message), suspends: true, &turn)
  }

  private mutating func refuse(_ line: String, _ reason: String, _ turn: inout Turn) {
    schedulerFailed("the scheduler's program \(reason); it printed: \(line)", &turn)
  }

  private mutating func waits(_ asked: Asking) {
    // What came about since the question may be what it waits for.
    if !asked.hasNews { asking.phase = .waits }
  }

  /// Nothing runs that will report or end by itself.
  private var isNothingUnderWay: Bool {
    let endsByItself = state.specification.experiment.maxResourceAttribute != nil
    return state.waiting.isEmpty
      && state.activeTrials.allSatisfy { !endsByItself && state.awaiting.contains($0) }
  }

  private mutating func create(_ configuration: Configuration?, milestone: Int?, _ turn: inout Turn) {
    var origin = TrialCreation.Origin.program
    var chosen = configuration.flatMap { state.specification.experiment.space.completed($0) }
    if chosen == nil {
      guard let suggestion = state.searcher.suggest(ordinal: state.trials.count) else { return spaceExhausted(&turn) }
      chosen = suggestion.configuration
      origin = Self.origin(of: suggestion)
    }
    guard let chosen else { return }
    record(
      .trialCreated(
        TrialCreation(
          trial: TrialID(state.trials.count), configuration: chosen, bracket: 0, origin: origin,
          milestone: milestone ?? state.specification.scheduler.maxResource)),
      &turn)
  }

  private mutating func promote(
    _ id: TrialID, to milestone: Int, line: String, _ asked: Asking, _ turn: inout Turn
  ) {
    guard let trial = state[id] else { return refuse(line, unknown(id), &turn) }
    if state.drain?.promotesStill == false { return }
    if trial.status.isFinal || trial.order == .stop {
      guard asked.ended.contains(id) || !trial.status.isFinal else {
        return refuse(line, "promotes trial \(id), which is over (\(trial.status.word))", &turn)
      }
      turn.effects.append(
        .note("the scheduler's program promotes trial \(id), which has just ended: it is asked again"))
      return
    }
    guard milestone > trial.resource, milestone <= state.specification.scheduler.maxResource else {
      return refuse(
        line,
        "promotes trial \(id) to \(milestone), which must be above \(trial.resource), where it is, and at most max_t "
          + "(\(state.specification.scheduler.maxResource))", &turn)
    }
    if trial.promotedTo != nil {
      return refuse(line, "promotes trial \(id), which was promoted and has not gone on yet", &turn)
    }
    guard trial.resource >= trial.milestone, trial.status == .paused || trial.isActive else {
      return refuse(
        line, "promotes trial \(id), which runs: it is at \(trial.resource) and its milestone is \(trial.milestone)",
        &turn)
    }
    let value = trial.lastValue ?? .nan
    promote(
      Promotion(
        trial: id, system: 0, fromLevel: trial.milestone, milestone: milestone, rank: 0, rungSize: 0, value: value,
        cutOff: value, rule: .external),
      &turn)
  }

  private mutating func stop(_ id: TrialID, line: String, _ turn: inout Turn) {
    guard let trial = state[id] else { return refuse(line, unknown(id), &turn) }
    // A program that is told the history may well say again what it said before.
    guard !trial.status.isFinal, !state.scheduler.isStopped(id) else { return }
    let value = trial.lastValue ?? .nan
    record(
      .scheduling(
        .stop(
          StopDecision(
            trial: id, system: 0, level: trial.resource, rank: 0, count: 0, value: value, bound: value, rule: .external)
        )), &turn)
    stopWhatIsDecided(id, &turn)
  }

  private func unknown(_ id: TrialID) -> String {
    state.trials.isEmpty
      ? "names trial \(id), and there is none yet" : "names trial \(id), and the last one is \(state.trials.count - 1)"
  }
}
