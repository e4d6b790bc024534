import TuningModel

/// Seeds that have found something. What a seed means follows from how scenarios are drawn: after a change there, the tests
/// of the defects name new seeds, and those of bugs are found by putting the bug back.
enum FaultCorpus {
  static var all: [UInt64] { bugs.map(\.seed) + Set(mutants.values).sorted() + (0..<100) }

  /// Bugs that seeds have found in pasha.
  static let bugs: [(seed: UInt64, what: String)] = [
    (456, "a supervisor that waited for its slot while its host slept started the trial after its lease"),
    (2139, "the same, over a resumed link"),
    (1915, "a slot that was out of order before its agent restarted was never used again"),
    (548, "a host that woke after the lease let its trial run on for the grace period"),
    (415, "what a script left behind when supervisor and agent were killed at the end of a run"),
  ]

  /// A seed that finds each defect.
  static let mutants: [Mutant: UInt64] = [:]
}
