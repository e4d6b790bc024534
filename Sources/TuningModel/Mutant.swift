/// Defects that are put in on purpose, to see that the fault simulation finds them. They exist in debug builds alone, and
/// there only where a test asks for one; a release build does not contain them.
public enum Mutant: String, Sendable, CaseIterable {
  /// What carries another attempt than the current one is taken all the same.
  case noAttemptCheck
  /// A report that came before is taken again.
  case noDuplicateCheck
  /// Effects are carried out before their facts are committed.
  case acknowledgesBeforeCommit
  /// The lease of an agent ends when its coordinator's does, or later.
  case noLeaseMargin
  /// The maximum resource falls.
  case maximumFalls
  /// The timer of a lease counts after the lease was extended.
  case staleTimersCount
  /// The checkpoint of a trial that pauses is given up.
  case pauseDropsCheckpoint
  /// An agent gets work before it has said what it runs.
  case schedulesBeforeReattach
  /// A slot is free when the trial's main process has ended, whatever else of it goes on.
  case slotFreedEarly
  /// Reports past a milestone are ranked at once.
  case withheldRankedEarly
  /// A restarted coordinator takes agents for lost that it has not waited for.
  case restartForgetsLeases
  /// The end of an attempt is taken before the last of its reports.
  case endOvertakesReports
  /// Attempts are not counted on when a trial starts again.
  case attemptNumberReused
  /// An agent that says hello is told to delete checkpoints that it alone has.
  case deletesHeldCheckpoint
  /// What follows from the facts is decided while they are replayed.
  case replayDecides
  /// A hello counts that was said before the newest one.
  case lateHelloCounts
  /// Orders that are lost are not given again.
  case ordersSaidOnce
  /// A trial whose lease ended while its host slept is given time to end.
  case lateGrace
  /// A supervisor that had to wait starts its trial after its lease.
  case startsAfterLease
  /// A supervisor that stood still ends its trial before it reads that the lease was extended.
  case judgesBeforeReading
  /// States of slots that are lost are not said again.
  case slotsSaidOnce
  /// A start that may have been carried out elsewhere is sent again under the same number.
  case startRepeatedElsewhere
  /// An agent whose machine was copied is never heard again, though the copy is gone.
  case earlierBootIsOver
  /// A start is carried out that was said in an earlier session.
  case earlierStartsCount
  /// A limit that was raised while the run was being paused does not count when it goes on.
  case extensionIsForgotten
  /// A hello counts that another process said with the key of one that lives.
  case rivalCounts
  /// A coordinator that stood still forgives its absence for each message that came meanwhile.
  case absenceForgivenOften

  #if PASHA_MUTANTS
    /// The defect of the simulation that runs now.
    @TaskLocal public static var current: Mutant?

    public var isActive: Bool { Self.current == self }
  #else
    @inlinable @inline(__always) public var isActive: Bool { false }
  #endif
}
