import Chronicle
import Coordination
import HostSystem
import Journal
import Presentation
import TuningModel

/// The run's history as its journal grows: read piece by piece, so that keys are answered meanwhile.
struct JournalFeed {
  private let folder: RunFolder
  private let reader: JournalReader
  private let watcher: FileWatcher
  private(set) var chronicle: Chronicle
  /// The whole journal has been read once.
  private(set) var hasCaughtUp = false
  /// Facts of the last turn, whose lines may depend on each other.
  private var turn: [(sequence: Int, fact: StampedFact)] = []
  /// Looks at the journal since it changed last.
  private var looks = 0
  /// Lines of facts of late, to tell them from other lines of the coordinator.
  private(set) var recent: Set<String> = []
  private var recentOrder: [String] = []

  /// A commit is told of when its bytes are written, and can be read once they are synced too, of which nothing tells: so
  /// the journal is looked at again so long after the last change, and then not any more.
  private static let pauses: [Duration] = [10, 40, 160, 640, 2560].map { .milliseconds($0) }
  private static let pieceLimit = 500
  /// Lines are few, and only the last ones are shown.
  private static let eventBytes = 1 << 20

  init(_ folder: RunFolder) throws {
    self.folder = folder
    watcher = try FileWatcher()
    // SQLite's writer appends to a file of this folder; it is made and removed with the journal's connections.
    _ = try watcher.add(folder.path, FileWatcher.writes | FileWatcher.creation | FileWatcher.removal)
    reader = try JournalReader(at: folder.journal)
    chronicle = try Chronicle(specification: folder.specification(), eventBytes: Self.eventBytes)
  }

  /// Readable when something has changed in the run's folder.
  var descriptor: Descriptor { watcher.descriptor }
  /// When to look at the journal again without being told; nil: not at all.
  var pause: Duration? {
    if !hasCaughtUp { return .zero }
    return looks < Self.pauses.count ? Self.pauses[looks] : nil
  }

  /// What has changed in the folder. Another cluster file makes the state anew, from the first fact on.
  /// - Returns: names of files that were made, written or removed.
  mutating func acknowledge() throws -> Set<String> {
    var names: Set<String> = []
    while case let events = watcher.events(), !events.isEmpty { for event in events { names.insert(event.name) } }
    looks = 0
    if names.contains("cluster.yml") {
      let specification = try folder.specification()
      if chronicle.state.specification != specification {
        chronicle = try Chronicle(specification: specification, eventBytes: Self.eventBytes)
        turn = []
        hasCaughtUp = false
      }
    }
    return names
  }

  enum News: Comparable { case none, some, hosts }

  /// Takes in a piece of what is new.
  /// - Returns: whether something was, and whether it was about hosts.
  mutating func read() throws -> News {
    var news = News.none
    let records = try reader.tail(after: chronicle.sequence, limit: Self.pieceLimit)
    for record in records {
      if let first = turn.first, first.fact.stamp != record.stamp { tell() }
      let fact = StampedFact(stamp: record.stamp, fact: record.fact)
      chronicle.take(fact, sequence: record.sequence)
      turn.append((record.sequence, fact))
      news = max(news, record.fact.concernsHosts ? .hosts : .some)
    }
    if records.count < Self.pieceLimit {
      // A turn is one transaction, which is seen whole or not at all.
      tell()
      hasCaughtUp = true
      looks = records.isEmpty ? looks + 1 : 0
    }
    return news
  }

  /// What the facts of a turn have to say.
  private mutating func tell() {
    for (sequence, stamped) in turn {
      let lines = Presentation.lines(for: stamped, in: chronicle.state)
      guard !lines.isEmpty else { continue }
      for line in lines { remember(line) }
      chronicle.note(
        EventLog.Event(
          sequence: sequence, stamp: stamped.stamp, kind: stamped.fact.kind,
          severity: EventLog.Severity(of: stamped.fact),
          // Each line begins with its time and two spaces.
          text: lines.map { String($0.dropFirst(10)) }.joined(separator: "\n"), trial: stamped.fact.trial, host: nil))
    }
    turn.removeAll(keepingCapacity: true)
  }

  private mutating func remember(_ line: String) {
    recent.insert(line)
    recentOrder.append(line)
    guard recentOrder.count >= 4000 else { return }
    recentOrder.removeFirst(2000)
    recent = Set(recentOrder)
  }
}
