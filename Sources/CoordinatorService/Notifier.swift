import Coordination
import HostSystem
import Presentation
import TuningModel

/// Tells the targets of `notifications` of news. Each has a thread of its own: one that does not answer keeps nothing from the
/// others.
///
/// `notified` in the run's folder holds the fact up to which all were told, or given up: what a coordinator that died had
/// not told, the next one does. A message may so come twice, and none is forgotten.
final class Notifier: Sendable {
  private let folder: RunFolder
  private let note: @Sendable (String) -> Void
  private let lanes: Locked<[Lane]>
  private let record: NewsRecord

  /// - Parameters:
  ///   - newest: the fact up to which all were told.
  ///   - note: takes what is to be said of troubles.
  init(
    folder: RunFolder, targets: [NotificationTarget], newest: Int, note: @escaping @Sendable (String) -> Void
  ) throws(ServiceError) {
    self.folder = folder
    self.note = note
    record = NewsRecord(folder: folder, newest: newest)
    var lanes: [Lane] = []
    for target in targets {
      lanes.append(try Lane(target, number: lanes.count, folder: folder, record: record, note: note))
    }
    self.lanes = Locked(lanes)
  }

  func tell(_ events: [RunEvent]) {
    guard !events.isEmpty else { return }
    let lanes = lanes.withLock { $0 }
    if lanes.isEmpty { return record.advance(to: events.map(\.sequence).max() ?? 0) }
    for lane in lanes { lane.tell(events) }
  }

  /// Others are to be told from here on; what waits for those that are no more is dropped.
  func change(_ targets: [NotificationTarget]) {
    let gone = lanes.withLock { lanes in
      let gone = lanes.filter { !targets.contains($0.target) }
      var kept = lanes.filter { targets.contains($0.target) }
      for target in targets where !kept.contains(where: { $0.target == target }) {
        do throws(ServiceError) {
          kept.append(try Lane(target, number: record.nextLane, folder: folder, record: record, note: note))
        } catch {
          note("a target of notifications is told nothing: \(error.message)")
        }
      }
      lanes = kept
      return gone
    }
    for lane in gone { lane.end(patience: .zero) }
  }

  /// Tells what is left, for a bounded time, and ends.
  func finish() {
    let lanes = lanes.withLock { $0 }
    for lane in lanes { lane.end(patience: Lane.patience) }
    for lane in lanes { lane.join() }
  }
}

/// Up to where the targets were told: by lane, and of all in the run's folder.
final class NewsRecord: Sendable {
  private struct Content: Sendable {
    var told: [Int: Int] = [:]
    var lanes = 0
    var newest: Int
    var written: Int
  }

  private let folder: RunFolder
  private let content: Locked<Content>

  init(folder: RunFolder, newest: Int) {
    self.folder = folder
    content = Locked(Content(newest: newest, written: newest))
    folder.noteNotified(newest)
  }

  var nextLane: Int { content.withLock { $0.lanes } }

  func begin(_ lane: Int) -> Int {
    content.withLock { content in
      content.lanes = max(content.lanes, lane + 1)
      content.told[lane] = content.newest
      return content.newest
    }
  }

  func note(_ lane: Int, told sequence: Int) {
    write { $0.told[lane] = sequence }
  }

  func end(_ lane: Int) { write { $0.told[lane] = nil } }

  /// Nobody is to be told.
  func advance(to sequence: Int) { write { $0.newest = max($0.newest, sequence) } }

  private func write(_ change: (inout Content) -> Void) {
    content.withLock { content in
      change(&content)
      content.newest = content.told.values.min() ?? content.newest
      guard content.newest > content.written else { return }
      content.written = content.newest
      folder.noteNotified(content.newest)
    }
  }
}

/// One target, and the thread that tells it.
private final class Lane: Sendable {
  private enum Message: Sendable {
    case news([RunEvent])
    case end(patience: Duration)
  }

  /// How long the end of a run waits for what is left to be told.
  static let patience = Duration.seconds(20)

  let target: NotificationTarget
  private let mailbox: Mailbox<Message>
  private let end: Wakeup
  private let thread: WorkerThread

  init(
    _ target: NotificationTarget, number: Int, folder: RunFolder, record: NewsRecord,
    note: @escaping @Sendable (String) -> Void
  ) throws(ServiceError) {
    let mailbox = try Mailbox<Message>()
    guard let end = Wakeup() else { throw ServiceError(.software, "no file descriptor is left (ulimit -n)") }
    let newest = record.begin(number)
    guard
      let thread = WorkerThread(
        name: "pasha-notify",
        {
          var desk = NewsDesk([target], newest: newest)
          let courier = Courier(folder: folder, end: end, note: note)
          var troubles = TargetTroubles(name: courier.name(target))
          while true {
            let due = desk.nextTime.map { max($0 - HostClock.now, .zero) } ?? .seconds(3600)
            waitReadable(mailbox.wakeup.descriptor, for: due)
            for message in mailbox.take() {
              switch message {
              case .news(let events): desk.add(events, at: HostClock.now)
              case .end(let patience):
                // What one could not be told is due again when the run is resumed.
                if patience > .zero {
                  Self.finish(&desk, courier, &troubles, within: patience, record, number)
                } else {
                  record.end(number)
                }
                return
              }
            }
            if let parcel = desk.next(at: HostClock.now) { Self.deliver(parcel, &desk, courier, &troubles, until: nil) }
            record.note(number, told: desk.done)
          }
        })
    else { throw ServiceError(.software, "the system has no room for one more thread") }
    self.target = target
    self.mailbox = mailbox
    self.end = end
    self.thread = thread
  }

  func tell(_ events: [RunEvent]) { mailbox.post(.news(events)) }

  func end(patience: Duration) {
    mailbox.post(.end(patience: patience))
    end.signal()
  }

  func join() { thread.join() }

  private static func deliver(
    _ parcel: NewsDesk.Parcel, _ desk: inout NewsDesk, _ courier: Courier, _ troubles: inout TargetTroubles,
    until deadline: Instant?
  ) {
    let failure = courier.deliver(parcel, until: deadline)
    if let words = troubles.note(failure?.text) { courier.note(words) }
    let isHopeless = failure?.isHopeless ?? false
    if desk.took(parcel, isTold: failure == nil, isHopeless: isHopeless, at: HostClock.now) {
      troubles.giveUp(parcel.news)
    }
  }

  /// Tells what is left, and tries again what was not taken, as long as there is time.
  private static func finish(
    _ desk: inout NewsDesk, _ courier: Courier, _ troubles: inout TargetTroubles, within patience: Duration,
    _ record: NewsRecord, _ number: Int
  ) {
    let deadline = HostClock.now + patience
    desk.hurry()
    while let due = desk.nextTime, max(due, HostClock.now) < deadline {
      if due > HostClock.now { waitReadable(anyOf: [], for: due - HostClock.now) }
      if let parcel = desk.next(at: HostClock.now) { deliver(parcel, &desk, courier, &troubles, until: deadline) }
    }
    record.note(number, told: desk.done)
    if let words = troubles.finish(waiting: desk.waitingNews) { courier.note(words) }
  }
}

extension RunFolder {
  /// The fact up to which everybody was told; nil: nobody ever was.
  var notifiedUpTo: Int? {
    (try? Files.readText(notified, limit: 64)).flatMap { Int($0.filter { !$0.isWhitespace }) }
  }

  func noteNotified(_ sequence: Int) { try? Files.writeAtomically(notified, "\(sequence)\n".utf8) }
}
