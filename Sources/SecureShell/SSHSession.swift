import CSSH2
import Glibc
import HostSystem
import TuningModel

/// A libssh2 session from its first byte to the end of authentication; then a pump takes it over. One thread at a time.
final class SSHSession {
  /// The host, for messages.
  let label: String
  let transport: Transport
  let raw: OpaquePointer
  private var isUnsafeToFree = false

  /// How much is read before deadlines are looked at again.
  private static let ration = 1 << 18

  /// - Parameter socket: connected and non-blocking.
  init(socket: Descriptor, label: String) throws(SecureShellError) {
    self.label = label
    transport = Transport(socket: socket)
    guard let raw = transport.makeSession() else {
      throw SecureShellError(.system, "\(label): this machine has no memory left for an SSH session")
    }
    self.raw = raw
  }

  deinit {
    transport.die()
    // libssh2 1.10 keeps pointers to what it has freed after some broken packets; freeing the session frees them again.
    guard !isUnsafeToFree else { return }
    var tries = 0
    while libssh2_session_free(raw) == LIBSSH2_ERROR_EAGAIN, tries < 100 { tries += 1 }
  }

  /// Calls something of libssh2 until it no longer asks to be called again.
  /// - Parameters:
  ///   - step: what takes the time, for the message: "the handshake".
  func drive(_ step: String, until deadline: Instant, _ call: () -> Int32) throws(SecureShellError) -> Int32 {
    let started = HostClock.now
    while true {
      transport.allow(Self.ration)
      let result = call()
      note(result)
      transport.flush()
      if result != LIBSSH2_ERROR_EAGAIN { return result }
      guard HostClock.now < deadline else {
        throw SecureShellError(
          .timeout,
          "\(label): \(step) took longer than \((deadline - started).shown): the host took the connection, but does not "
            + "answer; is it overloaded, or something else on its SSH port?")
      }
      if transport.isRationed { continue }
      wait(until: min(deadline, HostClock.now + .seconds(1)))
    }
  }

  /// Marks the session when an error of libssh2 leaves it in a state that must not be freed.
  func note(_ result: Int32) {
    switch result {
    case LIBSSH2_ERROR_OUT_OF_BOUNDARY, LIBSSH2_ERROR_DECRYPT, LIBSSH2_ERROR_INVALID_MAC, LIBSSH2_ERROR_PROTO,
      LIBSSH2_ERROR_ALLOC:
      isUnsafeToFree = true
    default: break
    }
  }

  /// libssh2's words for the last error.
  var lastError: String {
    var text: UnsafeMutablePointer<CChar>?
    let code = libssh2_session_last_error(raw, &text, nil, 0)
    guard let text, text.pointee != 0 else { return "libssh2 error \(code)" }
    return "\(String(cString: text)) (libssh2 error \(code))"
  }

  /// Why the connection is gone, when it is.
  var end: String? { transport.failure }

  private func wait(until deadline: Instant) {
    let events = POLLIN | (transport.waiting > 0 ? POLLOUT : 0)
    var item = pollfd(fd: transport.socket.number, events: Int16(events), revents: 0)
    _ = poll(&item, 1, deadline.pollTime)
  }
}
