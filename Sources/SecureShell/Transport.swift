import CSSH2
import Glibc
import HostSystem
import TuningModel

/// What lies between libssh2 and a socket: it takes everything that libssh2 sends, and rations what libssh2 reads.
///
/// A full socket would make libssh2 remember half a packet, which it sends on only when the same call is made again with
/// the same memory; several of its calls never can. So what the socket does not take waits here. Whoever uses the session
/// must look at `waiting` before handing over more data.
final class Transport {
  let socket: Descriptor
  /// When something was received last.
  private(set) var lastReceived = HostClock.now
  /// Bytes received so far.
  private(set) var received = 0
  /// Why nothing can be sent or received any more.
  private(set) var failure: String?
  private var pending: [UInt8] = []
  private var pendingStart = 0
  private var ration = 0
  private var isDead = false

  /// What is sent beyond this is our own mistake, or a host that asks for answers without end and reads none.
  private static let pendingLimit = 8 << 20

  /// - Parameter socket: connected and non-blocking.
  init(socket: Descriptor) { self.socket = socket }

  /// How many bytes wait for the socket.
  var waiting: Int { pending.count - pendingStart }

  /// Allows libssh2 to read so many bytes before it is told that there is nothing more for now.
  func allow(_ bytes: Int) { ration = bytes }

  /// Whether the last reading ended with the ration, so that there may be more at once.
  var isRationed: Bool { ration <= 0 }

  /// Nothing is sent or received from now on; libssh2 sees the end of the connection.
  func die() { isDead = true }

  /// Sends what waits, as far as the socket takes it.
  func flush() {
    while waiting > 0, !isDead {
      let sent = pending.withUnsafeBytes { buffer in
        send(socket.number, buffer.baseAddress.map { $0 + pendingStart }, waiting, Int32(MSG_NOSIGNAL))
      }
      if sent > 0 {
        pendingStart += sent
      } else if sent < 0, errno == EINTR {
        continue
      } else if sent < 0, errno == EAGAIN {
        break
      } else {
        failure = failure ?? SystemError.reason(errno)
        isDead = true
      }
    }
    if waiting == 0 {
      pending.removeAll(keepingCapacity: true)
      pendingStart = 0
    } else if pendingStart > 1 << 18 {
      pending.removeFirst(pendingStart)
      pendingStart = 0
    }
  }

  /// The host said goodbye.
  func end(_ words: String) {
    failure = failure ?? "the host ended the connection" + (words.isEmpty ? "" : ": \(words)")
  }

  /// Takes what libssh2 sends; a negated `errno` when nothing more is taken.
  func take(_ bytes: UnsafeRawBufferPointer) -> Int {
    guard !isDead else { return bytes.count }
    guard waiting + bytes.count <= Self.pendingLimit else {
      failure = failure ?? "the host does not read what is sent to it"
      return Int(-ENOBUFS)
    }
    pending.append(contentsOf: bytes)
    return bytes.count
  }

  /// Gives libssh2 what has come: 0 at the end, a negated `errno` when there is nothing.
  func give(_ buffer: UnsafeMutableRawPointer, _ size: Int) -> Int {
    if isDead { return 0 }
    guard ration > 0 else { return Int(-EAGAIN) }
    while true {
      let count = recv(socket.number, buffer, min(size, ration), Int32(MSG_NOSIGNAL))
      if count > 0 {
        ration -= count
        received += count
        lastReceived = HostClock.now
        return count
      }
      if count == 0 {
        failure = failure ?? "the host closed the connection"
        return 0
      }
      let number = errno
      if number == EINTR { continue }
      if number != EAGAIN { failure = failure ?? SystemError.reason(number) }
      return Int(-number)
    }
  }
}
