import TuningModel
import Wire

/// Where a supervised trial stands.
enum SupervisionPhase: Equatable, Sendable {
  /// Its process is not started yet.
  case starting
  case running
  /// Waiting for the moment to stop it without harm to its checkpoint.
  case settling(Settling)
  /// Stopped at its milestone.
  case held(Hold)
  /// It was told to end.
  case ending(Ending)
  /// Its own process has ended; others of it may be left.
  case emptying(SupervisionEnd, killAt: Instant)
  case over
}

extension SupervisionPhase {
  enum Purpose: Equatable, Sendable {
    case hold(resource: Int)
    case pause
  }

  struct Settling: Equatable, Sendable {
    var purpose: Purpose
    /// When `settle` has passed: stop unless it is writing just now.
    var limit: Instant
    /// Stop whatever it does.
    var lastLimit: Instant
    /// Reports since then.
    var reports = 0
    /// A stop found it writing; not to be tried again before this.
    var retryAt: Instant?
  }

  struct Hold: Equatable, Sendable {
    var resource: Int
    /// Whether it waits inside `report()` instead of being stopped by a signal.
    var isCooperating: Bool
    /// Whether it had to be stopped while it was writing.
    var isSaving: Bool
    var until: Instant
  }

  struct Ending: Equatable, Sendable {
    enum Step: Equatable, Sendable {
      /// Asked on its channel, or left to itself: no signal was sent.
      case asked
      case terminated
      case killed
    }

    var cause: AttemptEnd.Cause
    var step: Step
    /// When the next step is due.
    var until: Instant
    /// Whether an end of its own accord counts for itself instead of for `cause`: it was given time to finish.
    var isFinishing = false
  }
}
