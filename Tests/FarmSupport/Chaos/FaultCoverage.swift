/// Which kinds of faults the runs of a chaos had.
public struct FaultCoverage: Sendable {
  /// How many of each kind took effect.
  public private(set) var effects: [FaultKind: Int] = [:]
  private var drawn: Set<FaultKind> = []
  private var runs = 0

  /// Minutes from which on a chaos is to have had all kinds.
  public static let minutes = 8.0

  public init() {}

  public mutating func add(_ schedule: FaultSchedule, effects more: [FaultKind: Int]) {
    runs += 1
    drawn.formUnion(schedule.faults.map(\.kind))
    effects.merge(more, uniquingKeysWith: +)
  }

  /// Kinds of which none took effect.
  public var missing: [FaultKind] { FaultKind.allCases.filter { effects[$0, default: 0] == 0 } }

  /// What is wrong with it where it was to be a whole chaos of so many minutes; nil: nothing. Whether a fault that was
  /// drawn finds what it is done to is chance.
  public func problem(minutes: Double) -> String? {
    let never = FaultKind.allCases.filter { !drawn.contains($0) }
    guard minutes >= Self.minutes, runs >= FaultSchedule.runsForAllKinds, !never.isEmpty else { return nil }
    return "in \(runs) runs these kinds were never drawn: \(never.map(\.rawValue).joined(separator: ", "))"
  }
}
