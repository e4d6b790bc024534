import TuningModel
import Wire

/// The supervisor of one attempt as a pure machine: what it sees goes in, what it does comes out.
///
/// A trial runs to its milestone. There it is *held*: a script that cooperates waits inside `report()`; any other is
/// stopped by SIGSTOP once its checkpoint is safe, that is, written since the report before and quiet; or when the
/// trial reports again; or when `settle` has passed. A trial found writing its checkpoint at the moment of the stop goes
/// on for a moment and is stopped again: a checkpoint is cut only when its writing takes longer than all limits. The
/// answer of the coordinator lets it go on in place or ends it. Nothing waits for ever: a hold becomes a pause after
/// `holdLimit`, a pause becomes SIGTERM and SIGKILL after `grace` each, and the lease ends what nobody asks for any
/// more.
public struct Supervision: Equatable, Sendable {
  /// The limits of a supervised attempt.
  public struct Settings: Equatable, Sendable {
    public var holdsAtMilestone: Bool
    /// How long a trial at its milestone, or to be paused, may go on before it is stopped.
    public var settle: Duration
    public var holdLimit: Duration
    /// From being asked to SIGTERM, and from there to SIGKILL.
    public var grace: Duration
    /// The checkpoint folder is quiet when nothing was written in it for this long.
    public var quiet: Duration

    public init(
      holdsAtMilestone: Bool, settle: Duration, holdLimit: Duration, grace: Duration,
      quiet: Duration = .milliseconds(100)
    ) {
      self.holdsAtMilestone = holdsAtMilestone
      self.settle = settle
      self.holdLimit = holdLimit
      self.grace = grace
      self.quiet = quiet
    }
  }

  let settings: Settings
  var milestone: Int
  var isLast: Bool
  var lease: Instant
  var pid = 0
  var phase = SupervisionPhase.starting
  var log = SupervisionLog()
  var checkpoint = SupervisionCheckpoint()
  var actions: [SupervisionAction] = []

  public init(settings: Settings, milestone: Int, isLast: Bool, lease: Instant) {
    self.settings = settings
    self.milestone = milestone
    self.isLast = isLast
    self.lease = lease
  }

  /// Takes what happened and says what to do, in order.
  public mutating func handle(_ event: SupervisionEvent, at now: Instant) -> [SupervisionAction] {
    switch event {
    case .started(let pid):
      self.pid = pid
      phase = .running
      actions.append(.tellAgent(.running(pid: pid, milestone: milestone)))
    case .report(let sequence, let resource): noteReport(sequence, resource, at: now)
    case .checkpointWritten: checkpoint.noteWrite(at: now)
    case .waiting(let resource): noteWaiting(resource, at: now)
    case .command(let command): obey(command, at: now)
    case .terminationRequested: pause(at: now)
    case .groupStopped(let isSaving): noteStopped(isSaving: isSaving, at: now)
    case .exited(let exit, let outOfMemory): noteExit(exit, outOfMemory: outOfMemory, at: now)
    case .groupEmpty: noteEmpty()
    case .timer: break
    }
    passTime(at: now, mayExpire: event == .timer || Mutant.judgesBeforeReading.isActive)
    defer { actions = [] }
    return actions
  }

  /// When `handle(.timer)` is due; nil when only events can change anything.
  public var deadline: Instant? {
    switch phase {
    case .starting, .over: nil
    case .running: lease
    case .settling(let settling): min(lease, stopTime(settling))
    case .held(let hold): min(lease, hold.until)
    case .ending(let ending):
      switch ending.step {
      case .asked: min(lease, ending.until)
      case .terminated: Mutant.lateGrace.isActive ? ending.until : min(lastMoment, ending.until)
      case .killed: ending.until
      }
    case .emptying(_, let killAt): killAt
    }
  }

  /// What an agent that connects is told first; nil before the start.
  public var status: SupervisorEvent? {
    switch phase {
    case .starting: nil
    case .held(let hold): .held(resource: hold.resource, milestone: milestone)
    default: .running(pid: pid, milestone: milestone)
    }
  }

  /// Whether the trial is being ended because its lease is over.
  public var isEndingForLease: Bool {
    if case .ending(let ending) = phase { ending.cause == .leaseExpired } else { false }
  }

  /// Whether processes of the trial are to be counted after each change: it is ending.
  public var isEmptying: Bool {
    if case .emptying = phase { true } else { false }
  }

  var holds: Bool { settings.holdsAtMilestone && !isLast }
  var channelMilestone: Int? { holds ? milestone : nil }
}
