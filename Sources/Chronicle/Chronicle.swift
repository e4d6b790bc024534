import Coordination
import Scheduling
import TuningModel
import Wire

/// The history of a run in a form that is quickly looked at: facts go in once, in order, and what a screen can show comes
/// out, at any moment.
///
/// Words: a *report* is a value at a resource; an *attempt* is a start of a trial, and how it ended; a *lane* is a slot of a
/// host with the *segments* of what ran in it; a *step* is a moment at which the best value became better; a *rise* is one
/// of PASHA's maximum resource, with its reason; a *mark* is what was done by a moment, for the pace; an *event* is a fact that has something to say to somebody who watches; an
/// *intervention* is what somebody did to the run by hand, or that it was taken up again.
///
/// Invariants: taking facts one by one or in any batches gives the same history; a fact that changes nothing in the state
/// of the run adds nothing to its history; taking a fact costs no more however long the history is. Reports are kept in 21
/// bytes each; a value of another name than the metric's stands in the journal alone, at the sequence that is kept.
///
/// No query walks all reports; those over trials walk the trials.
public struct Chronicle: Sendable {
  /// The run as it stands after the last fact.
  public private(set) var state: RunState
  /// The place of the last fact in the journal; 0: there was none.
  public private(set) var sequence = 0
  /// By trial.
  public internal(set) var trials: [TrialHistory] = []
  public internal(set) var steps: [BestStep] = []
  public internal(set) var rises: [Rise] = []
  public internal(set) var timeline = Timeline()
  public internal(set) var clock = RunClock()
  var pace = Pace()
  public internal(set) var events: EventLog
  public private(set) var interventions = Interventions()
  /// When the run ended, or was paused.
  public internal(set) var endedAt: Stamp?
  /// Levels of the rungs of each bracket, lowest first, without the maximum resource.
  public let levels: [[Int]]
  /// Trials with a finite value, best first; nil: to be sorted anew.
  var ranked: [Int]?

  /// - Parameter eventBytes: how much text of events is kept at most; the oldest go first.
  public init(
    specification: RunSpecification, eventBytes: Int = EventLog.defaultCapacity
  ) throws(SchedulerOptionProblem) {
    state = try RunState(specification: specification)
    events = EventLog(capacity: eventBytes)
    let all = state.scheduler.levels
    let brackets = max(1, min(specification.scheduler.brackets, all.count + 1))
    levels = (0..<brackets).map { Array(all.dropFirst($0)) }
  }

  /// Takes the next fact of the run.
  public mutating func take(_ stamped: StampedFact, sequence: Int) {
    let before = Before(state, stamped.fact)
    let lastWall = state.lastStamp?.wall.seconds
    let wasSuspended = state.isSuspended
    state.apply(stamped)
    self.sequence = sequence
    clock.note(stamped.stamp)
    pace.note(state, seconds: stamped.stamp.active.inSeconds)
    let silence = max(0, stamped.stamp.wall.seconds - (lastWall ?? stamped.stamp.wall.seconds))
    if let kind = Intervention.Kind(stamped.fact, wasSuspended: wasSuspended, silence: silence) {
      interventions.add(kind, at: stamped.stamp.active.inSeconds)
    }
    note(stamped, before, lastWall)
  }

  /// Takes what the last facts have to say: in the order of their sequence.
  public mutating func note(_ event: EventLog.Event) { events.append(event) }

  /// What the history needs of the state before a fact.
  struct Before {
    /// The trial whose attempt the fact is about, where it is the trial's newest.
    var attempt: TrialAttempt?
    var isActive = false
    var slot: SlotID?
    var best: Double?

    init(_ state: RunState, _ fact: Fact) {
      best = state.bestSoFar
      guard let attempt = fact.attempt, state.trials.indices.contains(attempt.trial.rawValue) else { return }
      let index = attempt.trial.rawValue
      guard state.trials[index].attempt == attempt.attempt else { return }
      self.attempt = attempt
      isActive = state.trials[index].isActive
      slot = state.trials[index].slot
    }
  }
}
