import TuningModel

/// Seeds that find something. What a seed means follows from how scenarios are drawn and from what the world does: after a
/// change there, the tests of the defects name new seeds.
enum FaultCorpus {
  static var all: [UInt64] { Set(mutants.values).sorted() + others + (100..<300) }

  /// Seeds that found what no defect on purpose stands for: limits of a search that were raised while its best trials were
  /// trained; the copy of a machine, asked for what the one that counts had sealed; a trial that was let go on while its run
  /// was ending; an order that was on its way when the copy of a machine took over; two extensions at the same time.
  static let others: [UInt64] = [4_420, 169_198_448_928, 4_000_038_879, 4_000_060_485, 6_000_023_624]

  /// A seed that finds each defect. Those from `lateHelloCounts` on are bugs that seeds have found in pasha: each of them is
  /// kept, to be found again.
  static let mutants: [Mutant: UInt64] = [
    .noAttemptCheck: 25, .noDuplicateCheck: 2, .acknowledgesBeforeCommit: 0, .noLeaseMargin: 175, .maximumFalls: 3,
    .staleTimersCount: 1, .pauseDropsCheckpoint: 0, .schedulesBeforeReattach: 0, .slotFreedEarly: 2,
    .withheldRankedEarly: 7, .restartForgetsLeases: 60, .endOvertakesReports: 30, .attemptNumberReused: 1,
    .deletesHeldCheckpoint: 2, .replayDecides: 10, .lateHelloCounts: 49, .ordersSaidOnce: 8, .lateGrace: 270,
    .startsAfterLease: 175, .judgesBeforeReading: 43, .slotsSaidOnce: 164, .startRepeatedElsewhere: 3_536,
    .earlierBootIsOver: 24, .rivalCounts: 19, .earlierStartsCount: 741_278_254_959,
    .extensionIsForgotten: 944_584_249_518, .absenceForgivenOften: 297,
  ]
}
