import Coordination
import TuningModel
import Wire

/// What a trial reported, and its attempts, in the order in which they came.
public struct TrialHistory: Sendable {
  public internal(set) var reports = ReportColumns()
  public internal(set) var attempts: [AttemptSpan] = []
  public internal(set) var promotions: [PromotionMark] = []
  /// Active seconds of the run at its last report that counts, and the resource that the run had spent by then.
  public internal(set) var lastSeconds = 0.0
  public internal(set) var spentThen = 0
  /// Its configuration as `name=value`, in lower case: what a text is looked for in.
  let searched: [UInt8]

  init(searched: String) { self.searched = Array(searched.utf8) }

  /// Whether the bytes stand there, one after the other.
  func holds(_ needle: [UInt8]) -> Bool {
    guard let first = needle.first else { return true }
    guard searched.count >= needle.count else { return false }
    return searched.withUnsafeBufferPointer { text in
      needle.withUnsafeBufferPointer { needle in
        for start in 0...(text.count - needle.count) where text[start] == first {
          var length = 1
          while length < needle.count, text[start + length] == needle[length] { length += 1 }
          if length == needle.count { return true }
        }
        return false
      }
    }
  }

  /// When it was given a slot for the first time: active seconds.
  public var firstAssigned: Double? { attempts.first?.assigned }
  /// The same in seconds since 1970.
  public var firstAssignedWall: Double? { attempts.first?.assignedWall }
}

/// A promotion of a trial: from which rung, when, and what it had to reach.
public struct PromotionMark: Equatable, Sendable {
  public var level: Int32
  /// Active seconds of the run.
  public var seconds: Double
  /// Seconds since 1970.
  public var wall: Double
  public var cutOff: Double
}

/// The reports of a trial that name a resource and a value.
public struct ReportColumns: Sendable {
  public struct Report: Equatable, Sendable {
    public var resource: Int32
    /// Active seconds of the run: to a quarter of a second after a month.
    public var seconds: Float
    public var value: Double
  }

  /// What became of it.
  public enum Kind: UInt8, Sendable {
    case ranked, recorded, withheld, stale
  }

  public private(set) var reports: [Report] = []
  public private(set) var kinds: [Kind] = []
  /// Places in the journal.
  public private(set) var sequences: [UInt32] = []
  /// Those that wait for an answer, by their number within their attempt.
  private var withheld: [(attempt: Attempt, number: Int, index: Int)] = []

  public var count: Int { reports.count }

  mutating func append(_ report: ReceivedReport, seconds: Double, sequence: Int) {
    guard let resource = report.resource, let value = report.value else { return }
    let kind: Kind
    switch report.disposition {
    case .ranked: kind = .ranked
    case .recorded: kind = .recorded
    case .withheld: kind = .withheld
    case .stale: kind = .stale
    case .rejected: return
    }
    if kind == .withheld { withheld.append((report.attempt.attempt, report.sequence, reports.count)) }
    reports.append(Report(resource: Int32(clamping: resource), seconds: Float(seconds), value: value))
    kinds.append(kind)
    sequences.append(UInt32(clamping: sequence))
  }

  mutating func settle(_ attempt: Attempt, _ number: Int, as disposition: ReportDisposition) {
    guard let place = withheld.firstIndex(where: { $0.attempt == attempt && $0.number == number }) else { return }
    let index = withheld.remove(at: place).index
    switch disposition {
    case .ranked: kinds[index] = .ranked
    case .recorded: kinds[index] = .recorded
    case .withheld: break
    case .stale, .rejected: kinds[index] = .stale
    }
  }

  /// The places of those that the scheduler was told of.
  public var ranked: [Int] { kinds.indices.filter { kinds[$0] == .ranked } }

  /// The value that counts at a resource, or at the next lower one that was reported.
  public func value(upTo resource: Int) -> Double? {
    for index in reports.indices.reversed()
    where kinds[index] == .ranked && reports[index].resource <= resource { return reports[index].value }
    return nil
  }
}

/// One start of a trial. Times are active seconds; beside each is the time of day of the same fact, in seconds since 1970,
/// which no clock could give back: a run that was paused has many times of day at one active second.
public struct AttemptSpan: Equatable, Sendable {
  public enum Ending: UInt8, Sendable {
    case paused, completed, stopped, failed, lost, refused
  }

  public var attempt: Int32
  public var agent: Int32
  public var slot: Int32
  public var reason: AttemptAssignment.Reason
  /// What the checkpoint covered that it went on from; 0: it began at the start.
  public var from: Int32
  public var milestone: Int32
  public var assigned: Double
  public var assignedWall: Double
  public var started: Double?
  public var startedWall: Double?
  public var ended: Double?
  public var endedWall: Double?
  public var ending: Ending?
  /// The place in the journal of the fact that ended it.
  public var endSequence: UInt32 = 0
  /// Of its first report among those of its trial.
  public var firstReport: Int32
}
