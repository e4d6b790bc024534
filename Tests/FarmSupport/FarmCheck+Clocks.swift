import Coordination
import Journal
import TuningModel

extension FarmCheck {
  /// How often the journal has a time of a clock while it was moved.
  public func seen(_ move: MovedClocks.Move) -> Int {
    let shift = Double(move.hours * 3600)
    return times(move.whose).count { ($0 - shift) > move.from && ($0 - shift) < move.until }
  }

  /// Clocks that were moved and that went on as if they were not: times in the journal that only they can have given.
  public func clockProblems(_ moves: [MovedClocks.Move]) -> [String] {
    moves.compactMap { move in
      // A turn, or a line that is read, may have looked at the clock a moment before it was moved.
      let margin = 0.5
      let right = times(move.whose).count { $0 > move.from + margin && $0 < move.until - margin }
      guard right > 0 else { return nil }
      let whose = move.whose == .agents ? "the agents" : "the coordinator"
      return "the clock of \(whose) was moved by \(move.hours) h, and \(right) times in the journal say that it was not"
    }
  }

  /// What a clock said, in seconds since 1970: of agents the times at which they read reports, of the coordinator those
  /// of its turns.
  private func times(_ whose: MovedClocks.Whose) -> [Double] {
    switch whose {
    case .coordinator: journal.records.map { Double($0.stamp.wall.microseconds) / 1e6 }
    case .agents:
      journal.records.compactMap {
        if case .reportReceived(let report) = $0.fact { Double(report.readAt.microseconds) / 1e6 } else { nil }
      }
    }
  }
}
