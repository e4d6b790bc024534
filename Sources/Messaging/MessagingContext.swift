import CZeroMQ
import Glibc
import HostSystem

/// libzmq's context: its I/O threads and the names within the process. One per process, made first and ended last.
public final class MessagingContext: @unchecked Sendable {
  // Sendable in truth: libzmq's context functions may be called from any thread.
  let handle: UnsafeMutableRawPointer
  private let monitors = Locked(0)

  public init() throws(MessagingError) {
    guard let handle = zmq_ctx_new() else { throw .current("starting libzmq") }
    self.handle = handle
    // One coordinator with hundreds of agents has few sockets; connections are not counted.
    zmq_ctx_set(handle, ZMQ_MAX_SOCKETS, 1023)
  }

  /// Waits until what closed sockets still had to send is sent or its time is over. Sockets hold their context, so that
  /// none is open here.
  deinit {
    while zmq_ctx_term(handle) != 0, zmq_errno() == EINTR {}
  }

  /// A name for a monitor's socket that no other has.
  func nextMonitorEndpoint() -> String {
    let number = monitors.withLock { count in
      count += 1
      return count
    }
    return "inproc://pasha.monitor.\(number)"
  }
}
