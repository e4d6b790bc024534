import Coordination
import TuningModel
import Wire

/// One fact of the journal.
public struct JournalRecord: Equatable, Sendable {
  /// From 1, without a gap.
  public var sequence: Int
  public var stamp: Stamp
  public var fact: Fact

  public init(sequence: Int, stamp: Stamp, fact: Fact) {
    self.sequence = sequence
    self.stamp = stamp
    self.fact = fact
  }
}

extension JournalRow {
  init(sequence: Int, _ stamped: StampedFact) {
    self.init(
      sequence: sequence, wallMicroseconds: stamped.stamp.wall.microseconds,
      activeNanoseconds: stamped.stamp.active.wholeNanoseconds, kind: stamped.fact.kind,
      payload: stamped.fact.encoded())
  }
}

extension JournalRecord {
  init(_ row: JournalRow, path: String) throws(JournalError) {
    let stamp = Stamp(
      wall: Timestamp(microseconds: row.wallMicroseconds), active: .nanoseconds(row.activeNanoseconds))
    do throws(WireError) {
      self.init(sequence: row.sequence, stamp: stamp, fact: try Fact(decoding: row.payload))
    } catch {
      let what = "fact \(row.sequence) (\(row.kind.prefix(40))) cannot be read: \(error)"
      switch error.code {
      case .unknownMessage, .unknownValue:
        throw JournalError(.newerVersion, path, "\(what). A newer pasha wrote it: use that one")
      default:
        throw JournalError(.damaged, path, "\(what). Put the file back from a copy, or start a new run")
      }
    }
    guard fact.kind == row.kind else {
      throw JournalError(
        .damaged, path, "fact \(sequence) is a \(fact.kind), but its row says \(row.kind.prefix(40))")
    }
  }
}
