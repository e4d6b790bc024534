import Coordination
import Foundation
import HostSystem
import Presentation
import TuningModel

/// Adds what happens to `events.jsonl`, and hands news to who is to hear of them, from a thread of its own: a slow disk or
/// a webhook that does not answer holds up nobody. Each coordinator of a run goes on where the file ends.
final class EventKeeper: Sendable {
  private enum Message: Sendable {
    case events([RunEvent])
    case end
  }

  private let mailbox: Mailbox<Message>
  private let notifier: Notifier
  private let thread: WorkerThread

  /// - Parameters:
  ///   - history: events of the journal that the file does not have yet.
  ///   - note: takes what is to be said of troubles.
  init(
    folder: RunFolder, targets: [NotificationTarget], history: [RunEvent], note: @escaping @Sendable (String) -> Void
  ) throws(ServiceError) {
    let mailbox = try Mailbox<Message>()
    let written = folder.lastEvent()
    let told = folder.notifiedUpTo
    let notifier = try Notifier(
      folder: folder, targets: targets, newest: told ?? history.last?.sequence ?? 0, note: note)
    mailbox.post(.events(history.filter { $0.sequence > written }))
    // In a run that told nobody yet, nobody hears of what was long ago.
    notifier.tell(history.filter { $0.news != nil && $0.sequence > told ?? .max })
    guard
      let thread = WorkerThread(
        name: "pasha-events",
        {
          var file = EventFile(folder: folder, note: note)
          while true {
            waitReadable(mailbox.wakeup.descriptor, for: file.isBehind ? .seconds(5) : .seconds(3600))
            var isEnding = false
            for message in mailbox.take() {
              switch message {
              case .events(let events): file.add(events)
              case .end: isEnding = true
              }
            }
            file.flush(atTheEnd: isEnding)
            if isEnding { return }
          }
        })
    else { throw ServiceError(.software, "the system has no room for one more thread") }
    self.mailbox = mailbox
    self.notifier = notifier
    self.thread = thread
  }

  func add(_ events: [RunEvent]) {
    guard !events.isEmpty else { return }
    mailbox.post(.events(events))
    notifier.tell(events.filter { $0.news != nil })
  }

  /// Others are to be told from here on.
  func change(_ targets: [NotificationTarget]) { notifier.change(targets) }

  /// Writes and tells what is left, and ends.
  func finish() {
    mailbox.post(.end)
    thread.join()
    notifier.finish()
  }
}

/// `events.jsonl` of a run, to which whole lines are added.
private struct EventFile {
  /// Bytes that wait for room on the disk at most.
  private static let backlogLimit = 16 << 20

  let folder: RunFolder
  let note: @Sendable (String) -> Void
  private var waiting: [UInt8] = []
  private var isTold = false
  private var isGivenUp = false

  var isBehind: Bool { !waiting.isEmpty && !isGivenUp }

  mutating func add(_ events: [RunEvent]) {
    guard !isGivenUp else { return }
    for event in events {
      waiting += event.json.jsonBytes()
      waiting.append(UInt8(ascii: "\n"))
    }
  }

  init(folder: RunFolder, note: @escaping @Sendable (String) -> Void) {
    self.folder = folder
    self.note = note
  }

  private var path: String { folder.events }

  mutating func flush(atTheEnd: Bool) {
    guard isBehind else { return }
    do throws(SystemError) {
      let file = try folder.openForLines(path)
      let size = try file.status().size
      do throws(SystemError) {
        try file.write(waiting)
      } catch {
        // The half of a line would be the end of a reader's trust.
        ftruncate(file.number, off_t(size))
        throw error
      }
      waiting.removeAll()
      isTold = false
    } catch {
      if !isTold { note("\(error.message); the events wait for it in memory") }
      isTold = true
      // What is missing is added by the next coordinator of the run.
      isGivenUp = waiting.count > Self.backlogLimit || atTheEnd
      if isGivenUp { note("events are missing in \(path) from here on; `pasha-coord resume` adds them") }
    }
  }
}

extension RunFolder {
  /// What happened, a JSON object in each line.
  var events: String { path + "/events.jsonl" }
  /// Up to which fact of the journal everybody was told.
  var notified: String { path + "/notified" }
  /// What the commands of `notifications` printed.
  var notificationLog: String { path + "/notifications.log" }

  /// Bytes that no line of `events.jsonl` has.
  private static let longestLine = 64 << 20

  /// A file to which whole lines are added. One that is no regular file holds up whoever opens it: it is refused.
  func openForLines(_ path: String) throws(SystemError) -> Descriptor {
    let file = try Descriptor.open(path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK)
    guard try file.status().kind == .file else {
      throw SystemError(.unsuitable, message: "\(path) is not a regular file")
    }
    return file
  }

  /// The sequence of the last whole line of `events.jsonl`; 0: there is none. The half of a line, as a power cut leaves
  /// it, is taken away.
  func lastEvent() -> Int {
    guard let file = try? Descriptor.open(events, O_RDWR | O_NOFOLLOW | O_NONBLOCK), let status = try? file.status(),
      status.kind == .file, status.size > 0
    else { return 0 }
    let size = status.size
    // A line is shorter: its message is cut at the bounds of the journal's texts.
    var reach = 65_536
    while true {
      guard let tail = try? file.read(at: max(0, size - reach), upTo: min(size, reach)) else { return 0 }
      if let end = tail.lastIndex(of: 10) {
        let start = tail[..<end].lastIndex(of: 10).map { $0 + 1 }
        if start != nil || reach >= size {
          if end + 1 < tail.count { ftruncate(file.number, off_t(size - (tail.count - end - 1))) }
          let line = String(decoding: tail[(start ?? 0)..<end], as: UTF8.self)
          return (try? JSONValue(parsing: line))?.whole("sequence") ?? 0
        }
      } else if reach >= min(size, Self.longestLine) {
        ftruncate(file.number, 0)
        return 0
      }
      reach *= 4
    }
  }
}

/// Finds the events of a journal that is read again.
struct EventHistory {
  /// Of facts after `first`.
  private(set) var events: [RunEvent] = []
  private let first: Int
  private var turn: [(sequence: Int, fact: StampedFact)] = []
  private var best: Double?

  init(after first: Int) { self.first = first }

  /// The run's folder has the events up to some fact, and everybody was told up to some fact.
  init(of folder: RunFolder) { self.init(after: min(folder.lastEvent(), folder.notifiedUpTo ?? .max)) }

  /// Takes a fact. `state` is the run's state before it.
  mutating func take(_ sequence: Int, _ fact: StampedFact, before state: RunState) {
    guard sequence > first else { return }
    // Facts of one moment have one stamp; what is said of one depends on those that came with it.
    if turn.first.map({ $0.fact.stamp != fact.stamp }) ?? true { finish(state) }
    turn.append((sequence, fact))
  }

  /// `state` is the run's state after all facts that were taken.
  mutating func finish(_ state: RunState) {
    events += Presentation.events(of: turn, best: best, in: state)
    turn.removeAll(keepingCapacity: true)
    best = state.bestSoFar
  }
}
