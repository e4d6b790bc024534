import Coordination
import TuningModel
import Wire

/// What ran in which slot and when, and when hosts were not in use as usual. Times are seconds since 1970.
public struct Timeline: Sendable {
  public enum Kind: UInt8, Sendable {
    /// Assigned, and not running yet.
    case starting
    /// Its checkpoint is on its way there.
    case moving
    case running, held
    /// Told to end, and not gone yet.
    case ending
  }

  public struct Segment: Equatable, Sendable {
    public var start: Double
    /// Infinite while it lasts.
    public var end: Double
    public var trial: Int32
    public var attempt: Int32
    public var kind: Kind
  }

  public enum AbsenceKind: UInt8, Sendable {
    /// No agent of the host had come, or the run was down.
    case absent
    case suspect, unreachable, lost, draining
    /// The slot got no work.
    case unusable
  }

  public struct Absence: Equatable, Sendable {
    public var start: Double
    public var end: Double
    public var kind: AbsenceKind
  }

  public struct LaneName: Hashable, Sendable {
    public var host: String
    public var slot: Int

    public init(host: String, slot: Int) {
      self.host = host
      self.slot = slot
    }
  }

  public struct Lane: Sendable {
    public var name: LaneName
    /// What the slot holds, for people.
    public internal(set) var device = ""
    /// In order, without overlaps; the last one may be open.
    public internal(set) var segments: [Segment] = []
    public internal(set) var unusable: [Absence] = []
  }

  public private(set) var lanes: [Lane] = []
  /// By host.
  public private(set) var absences: [String: [Absence]] = [:]
  /// When no coordinator ran.
  public private(set) var downtimes: [Absence] = []
  private var places: [LaneName: Int] = [:]

  /// A lane that a host is known to have.
  mutating func offer(_ name: LaneName, device: String) {
    let index = place(of: name)
    if !device.isEmpty { lanes[index].device = device }
  }

  private mutating func place(of name: LaneName) -> Int {
    if let index = places[name] { return index }
    places[name] = lanes.count
    lanes.append(Lane(name: name))
    return lanes.count - 1
  }

  // MARK: Segments

  mutating func begin(_ kind: Kind, _ attempt: TrialAttempt, in name: LaneName, at time: Double) {
    let index = place(of: name)
    close(index, at: time)
    // The clock of then may have been put back.
    let start = max(time, lanes[index].segments.last?.end ?? time)
    lanes[index].segments.append(
      Segment(
        start: start, end: .infinity, trial: Int32(clamping: attempt.trial.rawValue),
        attempt: Int32(clamping: attempt.attempt.rawValue), kind: kind))
  }

  /// The attempt does something else from here on.
  mutating func change(to kind: Kind, _ attempt: TrialAttempt, in name: LaneName, at time: Double) {
    guard let index = places[name], let last = lanes[index].segments.last, last.end == .infinity,
      last.trial == Int32(clamping: attempt.trial.rawValue), last.attempt == Int32(clamping: attempt.attempt.rawValue),
      last.kind != kind
    else { return }
    begin(kind, attempt, in: name, at: time)
  }

  mutating func end(_ attempt: TrialAttempt, in name: LaneName, at time: Double) {
    guard let index = places[name], let last = lanes[index].segments.last,
      last.trial == Int32(clamping: attempt.trial.rawValue), last.attempt == Int32(clamping: attempt.attempt.rawValue)
    else { return }
    close(index, at: time)
  }

  private mutating func close(_ index: Int, at time: Double) {
    guard let last = lanes[index].segments.indices.last, lanes[index].segments[last].end == .infinity else { return }
    lanes[index].segments[last].end = max(time, lanes[index].segments[last].start)
    // What took no time is nothing to see.
    if lanes[index].segments[last].end == lanes[index].segments[last].start { lanes[index].segments.removeLast() }
  }

  // MARK: Absences

  /// What a host is absent for from now on; nil: it is there. Draining is told apart from being out of reach.
  mutating func mark(_ host: String, _ kind: AbsenceKind?, isDrain: Bool = false, at time: Double) {
    var list = absences[host] ?? []
    if let open = list.lastIndex(where: { $0.end == .infinity && ($0.kind == .draining) == isDrain }) {
      if list[open].kind == kind { return }
      list[open].end = max(time, list[open].start)
    }
    if let kind { list.append(Absence(start: time, end: .infinity, kind: kind)) }
    absences[host] = list
  }

  mutating func markSlot(_ name: LaneName, isUsable: Bool, at time: Double) {
    let index = place(of: name)
    if let last = lanes[index].unusable.indices.last, lanes[index].unusable[last].end == .infinity {
      if isUsable { lanes[index].unusable[last].end = max(time, lanes[index].unusable[last].start) }
    } else if !isUsable {
      lanes[index].unusable.append(Absence(start: time, end: .infinity, kind: .unusable))
    }
  }

  mutating func wasDown(from start: Double, to end: Double) {
    guard end > start else { return }
    downtimes.append(Absence(start: start, end: end, kind: .absent))
  }
}
