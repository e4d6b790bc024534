import Foundation
import HostSystem

/// Writes lines to a descriptor from a thread of its own, so that a terminal or pipe that does not take them never holds
/// up the coordinator. When it falls far behind, lines are left out, and their number is said.
final class LinePrinter: Sendable {
  private enum Message: Sendable {
    case line(String)
    case end
  }

  private static let backlogLimit = 10_000
  private let mailbox: Mailbox<Message>
  private let backlog = Locked(0)
  private let left = Locked(0)
  private let thread: WorkerThread

  init(descriptor: CInt) throws(ServiceError) {
    let mailbox = try Mailbox<Message>()
    let backlog = self.backlog
    let left = self.left
    guard
      let thread = WorkerThread(
        name: "pasha-print",
        {
          while true {
            waitReadable(mailbox.wakeup.descriptor, for: .seconds(3600))
            let messages = mailbox.take()
            var text = ""
            var isEnding = false
            for message in messages {
              switch message {
              case .line(let line): text += line + "\n"
              case .end: isEnding = true
              }
            }
            backlog.withLock { $0 -= messages.count }
            let missing = left.withLock { count in
              defer { count = 0 }
              return count
            }
            if missing > 0 { text += "(\(missing) lines were left out)\n" }
            writeAll(descriptor, Array(text.utf8))
            if isEnding { return }
          }
        })
    else { throw ServiceError(.software, "the system has no room for one more thread") }
    self.mailbox = mailbox
    self.thread = thread
  }

  func print(_ line: String) {
    let isTooMuch = backlog.withLock { count in
      if count >= Self.backlogLimit { return true }
      count += 1
      return false
    }
    if isTooMuch {
      left.withLock { $0 += 1 }
    } else {
      mailbox.post(.line(line))
    }
  }

  /// Writes what is left and ends.
  func finish() {
    backlog.withLock { $0 += 1 }
    mailbox.post(.end)
    thread.join()
  }
}

/// Writes all bytes, or as many as the other end takes before it goes.
func writeAll(_ descriptor: CInt, _ bytes: [UInt8]) {
  var done = 0
  while done < bytes.count {
    let count = bytes[done...].withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
    if count > 0 {
      done += count
    } else if count < 0, errno == EINTR {
      continue
    } else if count < 0, errno == EAGAIN {
      var item = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
      poll(&item, 1, 1000)
    } else {
      return
    }
  }
}
