import Coordination
import TuningModel

/// What happened, in words, with its place in the journal. Bounded: of more text than `capacity` the oldest half goes.
public struct EventLog: Sendable {
  /// 24 MiB: some 200,000 lines.
  public static let defaultCapacity = 24 << 20

  public enum Severity: UInt8, Comparable, Sendable, CaseIterable {
    case info, notice, warning, error

    public static func < (a: Severity, b: Severity) -> Bool { a.rawValue < b.rawValue }
  }

  public struct Event: Equatable, Sendable {
    public var sequence: Int
    public var stamp: Stamp
    /// As the journal names it.
    public var kind: String
    public var severity: Severity
    /// The lines, without their time.
    public var text: String
    public var trial: TrialID?
    public var host: String?

    public init(
      sequence: Int, stamp: Stamp, kind: String, severity: Severity, text: String, trial: TrialID?, host: String?
    ) {
      self.sequence = sequence
      self.stamp = stamp
      self.kind = kind
      self.severity = severity
      self.text = text
      self.trial = trial
      self.host = host
    }
  }

  /// Which events are asked for.
  public enum Range: Equatable, Sendable {
    case newest
    /// The newest of those with a lower sequence.
    case before(Int)
    /// The oldest of those with a higher sequence.
    case after(Int)
  }

  private struct Entry: Sendable {
    var sequence: Int
    var stamp: Stamp
    var start: UInt32
    var length: UInt32
    /// -1: none.
    var trial: Int32
    var host: Int32
    var kind: UInt8
    var severity: Severity
  }

  private let capacity: Int
  private var entries: [Entry] = []
  private var text: [UInt8] = []
  private var kinds: [String] = []
  private var hosts: [String] = []
  private var hostPlaces: [String: Int32] = [:]

  init(capacity: Int) { self.capacity = max(1024, min(capacity, Int(Int32.max))) }

  public var count: Int { entries.count }
  /// Of the oldest and of the newest event; 0 without any.
  public var first: Int { entries.first?.sequence ?? 0 }
  public var last: Int { entries.last?.sequence ?? 0 }

  mutating func append(_ event: Event) {
    // One event may be long: the end of what a script wrote stands in it.
    let bytes = Array(event.text.utf8.prefix(16_384))
    if text.count + bytes.count > capacity { dropOldestHalf() }
    entries.append(
      Entry(
        sequence: event.sequence, stamp: event.stamp, start: UInt32(text.count), length: UInt32(bytes.count),
        trial: event.trial.map { Int32(clamping: $0.rawValue) } ?? -1, host: event.host.map { place(of: $0) } ?? -1,
        kind: UInt8(clamping: place(of: event.kind, in: &kinds)), severity: event.severity))
    text += bytes
  }

  private mutating func dropOldestHalf() {
    let kept = entries.suffix(entries.count / 2)
    let start = kept.first.map { Int($0.start) } ?? text.count
    text = Array(text[start...])
    entries = kept.map { entry in
      var entry = entry
      entry.start -= UInt32(start)
      return entry
    }
  }

  private mutating func place(of host: String) -> Int32 {
    if let place = hostPlaces[host] { return place }
    let place = Int32(hosts.count)
    hosts.append(host)
    hostPlaces[host] = place
    return place
  }

  private func place(of word: String, in words: inout [String]) -> Int {
    if let index = words.firstIndex(of: word) { return index }
    words.append(word)
    return words.count - 1
  }

  /// Events in the order of their sequence, `limit` at most.
  public func events(
    _ range: Range, limit: Int, trial: TrialID? = nil, severity: Severity = .info
  ) -> [Event] {
    let wanted = trial.map { Int32(clamping: $0.rawValue) }
    var found: [Int] = []
    func isWanted(_ entry: Entry) -> Bool {
      entry.severity >= severity && (wanted == nil || entry.trial == wanted)
    }
    switch range {
    case .after(let sequence):
      var index = firstIndex(above: sequence)
      while index < entries.count, found.count < limit {
        if isWanted(entries[index]) { found.append(index) }
        index += 1
      }
    case .newest, .before:
      var index = entries.count
      if case .before(let sequence) = range { index = firstIndex(above: sequence - 1) }
      while index > 0, found.count < limit {
        index -= 1
        if isWanted(entries[index]) { found.append(index) }
      }
      found.reverse()
    }
    return found.map { event(entries[$0]) }
  }

  private func firstIndex(above sequence: Int) -> Int {
    var low = 0
    var high = entries.count
    while low < high {
      let middle = (low + high) / 2
      if entries[middle].sequence <= sequence { low = middle + 1 } else { high = middle }
    }
    return low
  }

  private func event(_ entry: Entry) -> Event {
    let range = Int(entry.start)..<Int(entry.start + entry.length)
    return Event(
      sequence: entry.sequence, stamp: entry.stamp, kind: kinds[Int(entry.kind)], severity: entry.severity,
      text: String(decoding: text[range], as: UTF8.self), trial: entry.trial < 0 ? nil : TrialID(Int(entry.trial)),
      host: entry.host < 0 ? nil : hosts[Int(entry.host)])
  }
}

extension EventLog.Severity {
  /// How much a fact asks for somebody's attention.
  public init(of fact: Fact) {
    switch fact {
    case .runStarted, .runResumed, .runExtended, .runDraining, .runSuspended, .trainingBegan, .hostAdded, .hostMarked,
      .specificationChanged, .operatorCommand, .scheduling(.maximumRaised):
      self = .notice
    case .runClosing(let end, _), .runFinished(let end):
      switch end.reason {
      case .tooManyFailures, .noUsableHost, .schedulerFailed: self = .error
      default: self = .notice
      }
    case .agentReachability(_, let reachability):
      switch reachability {
      case .reachable: self = .notice
      case .suspect, .unreachable: self = .warning
      case .lost: self = .error
      }
    case .agentPrepared(_, let failure): self = failure == nil ? .info : .error
    case .agentSlots(_, let states): self = states.allSatisfy(\.isUsable) ? .notice : .warning
    case .attemptRefused(_, _, let consequence):
      if case .failed = consequence { self = .error } else { self = .warning }
    case .attemptEnded(_, _, let consequence):
      switch consequence {
      case .failed: self = .error
      case .pending(.restarted): self = .warning
      case .completed, .stopped: self = .notice
      case .paused, .pending: self = .info
      }
    case .reportReceived(let report):
      if case .rejected = report.disposition { self = .warning } else { self = .info }
    case .addressChosen, .joinTokenIssued, .joinTokenUsed, .agentAdmitted, .agentGreeted, .trialCreated,
      .attemptAssigned, .attemptStarted, .withheldReportSettled, .attemptHeld, .attemptProceeded, .attemptOrdered,
      .trialStopped, .checkpointsDropped, .checkpointCopied, .checkpointsDeleted, .scheduling:
      self = .info
    }
  }
}
