import Coordination
import Glibc
import HostSystem
import Journal
import Presentation
import TuningModel

/// Reads the journal into the archive as it grows, on a thread of its own: woken by changes of the run's folder.
final class Follower: Sendable {
  private let archive: Archive
  private let source: RunSource
  private let hub: Hub
  private let stop: Wakeup
  private let thread = Locked<WorkerThread?>(nil)
  /// Why the journal cannot be read any more.
  private let failure = Locked<String?>(nil)
  private let isLoaded = Locked(false)

  init(archive: Archive, source: RunSource, hub: Hub) throws(SystemError) {
    guard let stop = Wakeup() else { throw SystemError(.other, message: "no file descriptor is left (ulimit -n)") }
    self.archive = archive
    self.source = source
    self.hub = hub
    self.stop = stop
  }

  /// Whether the whole journal of the start has been read.
  var hasCaughtUp: Bool { isLoaded.withLock { $0 } }
  var problem: String? { failure.withLock { $0 } }

  /// Begins to follow. The journal is open before this returns.
  func begin() throws {
    let watcher = try FileWatcher()
    // SQLite's writer appends to a file of this folder; it is made and removed with the journal's connections.
    _ = try watcher.add(source.folder, FileWatcher.writes | FileWatcher.creation | FileWatcher.removal)
    let reader = try JournalReader(at: source.journal)
    let thread = WorkerThread(name: "pasha-follower") { [self] in
      follow(reader, watcher)
      try? reader.close()
    }
    guard let thread else { throw SystemError(.other, message: "the system has no room for one more thread") }
    self.thread.withLock { $0 = thread }
  }

  func end() {
    stop.signal()
    thread.withLock { thread in
      defer { thread = nil }
      return thread
    }?.join()
  }

  /// A commit is told of when its bytes are written, and can be read once they are synced too, of which nothing tells: so
  /// the journal is looked at again so long after the last change, and then not any more.
  private static let looks: [Duration] = [10, 40, 160, 640, 2560, 10_240].map { .milliseconds($0) }

  private func follow(_ reader: JournalReader, _ watcher: FileWatcher) {
    do {
      let loop = try EventLoop()
      try loop.watch(watcher.descriptor, token: 0)
      try loop.watch(number: stop.descriptor, token: 1)
      var last = 0
      var look = 0
      while true {
        let before = last
        last = try read(reader, after: last)
        let isFirst = isLoaded.withLock { isLoaded in
          defer { isLoaded = true }
          return !isLoaded
        }
        if last != before || isFirst { hub.announce() }
        // A turn is one transaction, which is seen whole or not at all.
        let ready = try loop.wait(for: look < Self.looks.count ? Self.looks[look] : nil)
        if ready.contains(where: { $0.token == 1 }) { return }
        look = ready.isEmpty ? look + 1 : 0
        var isFileNew = false
        while case let events = watcher.events(), !events.isEmpty {
          if events.contains(where: { $0.name == "cluster.yml" }) { isFileNew = true }
        }
        if isFileNew, let end = try takeOver(reader) { last = end }
      }
    } catch {
      failure.withLock { $0 = "\(error)" }
      hub.announce()
    }
  }

  /// Takes in what is new, piece by piece, so that answers are given meanwhile.
  private func read(_ reader: JournalReader, after first: Int) throws -> Int {
    var last = first
    while true {
      let records = try reader.tail(after: last, limit: 500)
      guard let newest = records.last else { break }
      archive.take(records.map { ($0.sequence, StampedFact(stamp: $0.stamp, fact: $0.fact)) })
      last = newest.sequence
    }
    archive.settle()
    return last
  }

  /// The state keeps what the cluster file says: with another one it is made anew, from the first fact on.
  private func takeOver(_ reader: JournalReader) throws -> Int? {
    let specification = try source.specification()
    guard archive.look({ $0.state.specification }) != specification else { return nil }
    try archive.restart(specification: specification)
    return try read(reader, after: 0)
  }
}
