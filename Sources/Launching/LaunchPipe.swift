import Glibc
import HostSystem

/// A pipe; both ends are closed at exec.
struct LaunchPipe {
  let read: Descriptor
  let write: Descriptor

  init() throws(SystemError) {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { throw SystemError(errno, "make", "a pipe") }
    read = Descriptor(owning: ends[0])
    write = Descriptor(owning: ends[1])
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
  }
}

extension Descriptor {
  /// Reads and writes of it do not wait any more.
  func makeNonBlocking() throws(SystemError) {
    let flags = fcntl(number, F_GETFL)
    guard flags >= 0, fcntl(number, F_SETFL, flags | O_NONBLOCK) >= 0 else {
      throw SystemError(errno, "set up", "a pipe")
    }
  }
}
