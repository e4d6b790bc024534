import TuningModel

/// Seeds that find something. What a seed means follows from how scenarios are drawn and from what the world does: after a
/// change there, the tests of the defects name new seeds.
enum FaultCorpus {
  static var all: [UInt64] { Set(mutants.values).sorted() + (100..<300) }

  /// A seed that finds each defect. Those from `lateHelloCounts` on are bugs that seeds have found in pasha: each of them is
  /// kept, to be found again.
  static let mutants: [Mutant: UInt64] = [
    .noAttemptCheck: 7, .noDuplicateCheck: 0, .acknowledgesBeforeCommit: 0, .noLeaseMargin: 5664,
    .maximumFalls: 5, .staleTimersCount: 6, .pauseDropsCheckpoint: 0, .schedulesBeforeReattach: 0, .slotFreedEarly: 2,
    .withheldRankedEarly: 13, .restartForgetsLeases: 388, .endOvertakesReports: 2, .attemptNumberReused: 0,
    .deletesHeldCheckpoint: 0, .replayDecides: 2, .lateHelloCounts: 8, .ordersSaidOnce: 18, .lateGrace: 25,
    .startsAfterLease: 456,
  ]
}
