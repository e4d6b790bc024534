import Coordination
import TuningModel

/// Which news go to whom, and when: news of one kind that follow each other within a target's `every` wait and are told
/// together; `finish` and `pause` go at once. What was not taken is tried again, later each time.
public struct NewsDesk: Sendable {
  /// What one target is told in one message.
  public struct Parcel: Equatable, Sendable {
    public let target: NotificationTarget
    public let news: News
    /// What it is called: the news, or `test`.
    public var name: String { events.last?.kind == "test" ? "test" : news.rawValue }
    /// In the order of their sequences; of many the first and the newest.
    public fileprivate(set) var events: [RunEvent]
    /// Of all, also of those that are not kept.
    public fileprivate(set) var count: Int
    fileprivate var first: Int { events.first?.sequence ?? 0 }
    fileprivate var tries = 0
    fileprivate var notBefore: Instant

    /// A message that tells of nothing, to see whether it comes.
    public static func trial(of target: NotificationTarget, at stamp: Stamp) -> Parcel {
      let event = RunEvent(
        sequence: 0, stamp: stamp, kind: "test", message: "a test of notifications: news of a run come this way")
      let news = News.allCases.first { target.news.contains($0) } ?? .finish
      return Parcel(target: target, news: news, events: [event], count: 1, notBefore: .zero)
    }

    /// For people. The best value is the newest one; of the others each is named, as far as they are few.
    public var message: String {
      guard news != .newBest, count > 1 else { return NewsDesk.bounded(events.last?.message ?? "") }
      let shown = events.prefix(NewsDesk.shownAtMost)
      let more = count - shown.count
      return NewsDesk.bounded(shown.map(\.message).joined(separator: "\n")) + (more > 0 ? "\nand \(more) more" : "")
    }

    /// What a webhook is sent and a command reads: the newest event, whose run it is, how many there were. `text` and
    /// `content` are what chat services show.
    public func json(run: String) -> JSONValue {
      guard case .object(var members)? = events.last?.json else { return .null }
      members.removeAll { $0.key == "message" || $0.key == "event" }
      let said = "\(run): \(message)"
      return .object(
        [.init("event", .string(name)), .init("run", .string(run))] + members + [
          .init("count", .int(count)), .init("message", .string(message)), .init("text", .string(said)),
          .init("content", .string(String(said.prefix(1900)))),
        ])
    }
  }

  /// The first 16 KiB of a text.
  static func bounded(_ text: String) -> String {
    guard text.utf8.count > 16_384 else { return text }
    return String(decoding: text.utf8.prefix(16_384), as: UTF8.self) + "…"
  }

  /// Messages of one parcel that are told one by one.
  static let shownAtMost = 10
  /// How often a parcel is tried.
  static let triesAtMost = 6

  public private(set) var targets: [NotificationTarget]
  private var parcels: [Parcel] = []
  /// When a target was told last of what, by the target's place.
  private var told: [Int: [News: Instant]] = [:]
  private var newest: Int

  /// - Parameter newest: the fact up to which all were told.
  public init(_ targets: [NotificationTarget], newest: Int = 0) {
    self.targets = targets
    self.newest = newest
  }

  /// Of what the parcels that wait tell.
  public var waitingNews: [News] { parcels.map(\.news) }
  /// Parcels that wait.
  public var waiting: Int { parcels.count }

  /// The fact up to which everybody has been told.
  public var done: Int { parcels.map(\.first).min().map { min($0 - 1, newest) } ?? newest }

  /// Others are told from here on; what waits for those that are no more is dropped.
  public mutating func change(_ targets: [NotificationTarget]) {
    guard targets != self.targets else { return }
    parcels.removeAll { !targets.contains($0.target) }
    told = [:]
    self.targets = targets
  }

  public mutating func add(_ events: [RunEvent], at now: Instant) {
    for event in events {
      newest = max(newest, event.sequence)
      guard let news = event.news else { continue }
      for (index, target) in targets.enumerated() where target.news.contains(news) {
        add(event, news, target, index, now)
      }
    }
  }

  private mutating func add(
    _ event: RunEvent, _ news: News, _ target: NotificationTarget, _ index: Int, _ now: Instant
  ) {
    if let place = parcels.firstIndex(where: { $0.target == target && $0.news == news && $0.tries == 0 }) {
      parcels[place].count += 1
      // The first says from where on it is to be told again, the last what is so now.
      if parcels[place].events.count > Self.shownAtMost { parcels[place].events.removeLast() }
      parcels[place].events.append(event)
      return
    }
    var due = now
    if news == .finish || news == .pause {
      // What waits to be told together goes before it.
      for place in parcels.indices where parcels[place].target == target && parcels[place].tries == 0 {
        parcels[place].notBefore = min(parcels[place].notBefore, now)
      }
    } else if let last = told[index]?[news] {
      due = max(now, last + target.every)
    }
    parcels.append(Parcel(target: target, news: news, events: [event], count: 1, notBefore: due))
  }

  /// When the next parcel is due; nil: none waits.
  public var nextTime: Instant? { parcels.map(\.notBefore).min() }

  /// The next parcel that is due, in the order of what happened.
  public func next(at now: Instant) -> Parcel? {
    parcels.filter { $0.notBefore <= now }.min { $0.first < $1.first }
  }

  /// What became of the parcel that `next` gave.
  /// - Parameter isHopeless: it is not to be tried again.
  /// - Returns: whether it was given up.
  @discardableResult
  public mutating func took(_ parcel: Parcel, isTold: Bool, isHopeless: Bool = false, at now: Instant) -> Bool {
    guard let place = parcels.firstIndex(of: parcel) else { return false }
    if let index = targets.firstIndex(of: parcel.target) { told[index, default: [:]][parcel.news] = now }
    parcels[place].tries += 1
    let tries = parcels[place].tries
    if isTold || isHopeless || tries >= Self.triesAtMost {
      parcels.remove(at: place)
      return !isTold
    }
    // 2, 8, 32 s, then some minutes.
    parcels[place].notBefore = now + .seconds(min(300, 2 << (2 * (tries - 1))))
    return false
  }

  /// The end has come: all that waits is due.
  public mutating func hurry() {
    for index in parcels.indices { parcels[index].notBefore = .zero }
  }
}
