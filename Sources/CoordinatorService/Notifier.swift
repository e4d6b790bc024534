import Coordination
import HostSystem
import Presentation
import TuningModel

/// Tells the targets of `notifications` of news from a thread of its own (`NewsDesk` says when).
///
/// `notified` in the run's folder holds the fact up to which all was told, or given up: what a coordinator that died had
/// not told, the next one does. A message may so come twice, never not at all.
final class Notifier: Sendable {
  private enum Message: Sendable {
    case news([RunEvent])
    case targets([NotificationTarget])
  }

  /// How long the end of a run waits for what is left to be told.
  private static let patience = Duration.seconds(20)

  private let mailbox: Mailbox<Message>
  private let end: Wakeup
  private let thread: WorkerThread

  /// - Parameters:
  ///   - newest: the fact up to which all were told.
  ///   - note: takes what is to be said of troubles.
  init(
    folder: RunFolder, targets: [NotificationTarget], newest: Int, note: @escaping @Sendable (String) -> Void
  ) throws(ServiceError) {
    let mailbox = try Mailbox<Message>()
    guard let end = Wakeup() else { throw ServiceError(.software, "no file descriptor is left (ulimit -n)") }
    guard
      let thread = WorkerThread(
        name: "pasha-notify",
        {
          var desk = NewsDesk(targets, newest: newest)
          let courier = Courier(folder: folder, end: end, note: note)
          folder.noteNotified(newest)
          var told = newest
          while true {
            let due = desk.nextTime.map { max($0 - HostClock.now, .zero) } ?? .seconds(3600)
            let isEnding = waitReadable(anyOf: [mailbox.wakeup.descriptor, end.descriptor], for: due).contains(1)
            for message in mailbox.take() {
              switch message {
              case .news(let events): desk.add(events, at: HostClock.now)
              case .targets(let targets): desk.change(targets)
              }
            }
            if isEnding { return Self.finish(&desk, courier) }
            if let parcel = desk.next(at: HostClock.now) { Self.deliver(parcel, &desk, courier, until: nil) }
            if desk.done != told {
              told = desk.done
              folder.noteNotified(desk.done)
            }
          }
        })
    else { throw ServiceError(.software, "the system has no room for one more thread") }
    self.mailbox = mailbox
    self.end = end
    self.thread = thread
  }

  private static func deliver(
    _ parcel: NewsDesk.Parcel, _ desk: inout NewsDesk, _ courier: Courier, until deadline: Instant?
  ) {
    let failure = courier.deliver(parcel, until: deadline)
    if let failure { courier.note("\(courier.name(parcel.target)): \(failure.text)") }
    let isHopeless = failure?.isHopeless ?? false
    if desk.took(parcel, isTold: failure == nil, isHopeless: isHopeless, at: HostClock.now) {
      courier.note("\(courier.name(parcel.target)) was not told of \(parcel.news.rawValue)")
    }
  }

  /// Tells what is left, and tries again what was not taken, as long as there is time.
  private static func finish(_ desk: inout NewsDesk, _ courier: Courier) {
    let deadline = HostClock.now + patience
    desk.hurry()
    while let due = desk.nextTime, max(due, HostClock.now) < deadline {
      if due > HostClock.now { waitReadable(anyOf: [], for: due - HostClock.now) }
      if let parcel = desk.next(at: HostClock.now) { deliver(parcel, &desk, courier, until: deadline) }
    }
    if desk.waiting > 0 {
      courier.note(
        "\(desk.waiting == 1 ? "a message" : "\(desk.waiting) messages") of notifications could not be delivered")
    }
    courier.folder.noteNotified(desk.done)
  }

  func tell(_ events: [RunEvent]) {
    if !events.isEmpty { mailbox.post(.news(events)) }
  }

  func change(_ targets: [NotificationTarget]) { mailbox.post(.targets(targets)) }

  /// Tells what is left, for a bounded time, and ends.
  func finish() {
    end.signal()
    thread.join()
  }
}

extension RunFolder {
  /// The fact up to which everybody was told; nil: nobody ever was.
  var notifiedUpTo: Int? {
    (try? Files.readText(notified, limit: 64)).flatMap { Int($0.filter { !$0.isWhitespace }) }
  }

  func noteNotified(_ sequence: Int) { try? Files.writeAtomically(notified, "\(sequence)\n".utf8) }
}
