import Glibc
import HostSystem
import TuningModel
import Wire

/// Reads the reports of one attempt out of its log, never more than there is credit for: the file is the spool.
final class ReportFollower {
  let attempt: TrialAttempt
  let path: String
  /// Keys that a report keeps however many it has.
  private let neededKeys: [String]
  private var file: Descriptor?
  private var reader = ReportLineReader()
  private var offset = 0
  private var passedThrough: Int
  private var credit: Int
  /// Found in the last piece and beyond the credit.
  private var waiting: [TrialReport] = []
  private var waitingFrom = 0
  /// Nothing more will be written.
  var isFinal = false
  private(set) var isFinished = false
  /// Whether there may be something to read that was not looked at.
  var isDirty = true

  private static let pieceSize = 1 << 18
  /// Bytes read in one call at most, so that a log of gigabytes leaves the others their turn.
  private static let turn = 4 << 20

  /// Reports up to `after` are passed over.
  init(_ attempt: TrialAttempt, path: String, neededKeys: [String], after: Int, credit: Int) {
    self.attempt = attempt
    self.path = path
    self.neededKeys = neededKeys
    passedThrough = after
    self.credit = credit
  }

  func grant(_ more: Int) {
    credit += more
    isDirty = true
  }

  var hasWork: Bool { isDirty && credit > 0 && !isFinished }

  /// The next reports.
  func read() -> [TrialReport] {
    var found: [TrialReport] = []
    var budget = Self.turn
    while hasWork {
      if waitingFrom < waiting.count {
        let count = min(credit, waiting.count - waitingFrom)
        found += waiting[waitingFrom..<waitingFrom + count]
        waitingFrom += count
        credit -= count
        continue
      }
      guard budget > 0 else { break }
      let count = readPiece()
      budget -= count
      if count == 0 {
        isDirty = false
        isFinished = isFinal
      }
    }
    return found
  }

  private func readPiece() -> Int {
    if file == nil { file = try? Descriptor.open(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW) }
    guard let bytes = try? file?.read(at: offset, upTo: Self.pieceSize), !bytes.isEmpty else { return 0 }
    offset += bytes.count
    waiting.removeAll(keepingCapacity: true)
    waitingFrom = 0
    let now = HostClock.wall
    bytes.withUnsafeBytes { buffer in
      reader.read(buffer) { event in
        guard case .report(let sequence, let fields, _) = event, sequence > passedThrough else { return }
        let (kept, isTruncated) = ReportFields.limited(fields, needed: neededKeys)
        waiting.append(TrialReport(sequence: sequence, readAt: now, fields: kept, isTruncated: isTruncated))
      }
    }
    return bytes.count
  }

  /// How many whole reports a log holds now.
  static func count(_ path: String) -> Int {
    guard let file = try? Descriptor.open(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW) else { return 0 }
    var reader = ReportLineReader()
    var offset = 0
    while let bytes = try? file.read(at: offset, upTo: pieceSize), !bytes.isEmpty {
      offset += bytes.count
      bytes.withUnsafeBytes { reader.read($0) { _ in } }
    }
    return reader.position.nextSequence - 1
  }
}

/// Tells which logs have grown. Where the system has no inotify instance or watch left, all are looked at regularly.
final class LogWatch {
  private let watcher: FileWatcher?
  private var attempts: [Int: TrialAttempt] = [:]
  private var unwatched: Set<TrialAttempt> = []

  static let interval = Duration.milliseconds(500)

  init() { watcher = try? FileWatcher() }

  var descriptor: Descriptor? { watcher?.descriptor }
  var needsPolling: Bool { !unwatched.isEmpty }

  func add(_ attempt: TrialAttempt, folder: String) {
    let mask = FileWatcher.creation | FileWatcher.writes
    if let watch = try? watcher?.add(folder, mask) {
      attempts[watch] = attempt
    } else {
      unwatched.insert(attempt)
    }
  }

  func remove(_ attempt: TrialAttempt) {
    unwatched.remove(attempt)
    for (watch, other) in attempts where other == attempt {
      watcher?.remove(watch)
      attempts[watch] = nil
    }
  }

  /// The attempts whose log may have grown; nil: any.
  func changes() -> Set<TrialAttempt>? {
    var changed = unwatched
    while let events = watcher?.events(), !events.isEmpty {
      for event in events {
        if event.isOverflow { return nil }
        if event.name == "std.out", let attempt = attempts[event.watch] { changed.insert(attempt) }
      }
    }
    return changed
  }
}
