import Foundation
import TuningModel

/// Waits until a descriptor can be read, or the time has passed.
/// - Returns: whether it can be read, or its other end is gone.
@discardableResult
func waitReadable(_ descriptor: CInt, for timeout: Duration) -> Bool { wait(descriptor, POLLIN, timeout) }

/// Waits until a descriptor can be written, or the time has passed.
/// - Returns: whether it can be written, or its other end is gone.
func waitWritable(_ descriptor: CInt, for timeout: Duration) -> Bool { wait(descriptor, POLLOUT, timeout) }

private func wait(_ descriptor: CInt, _ events: CInt, _ timeout: Duration) -> Bool {
  var item = pollfd(fd: descriptor, events: Int16(events), revents: 0)
  let milliseconds = max(0, min((timeout + .nanoseconds(999_999)).wholeMilliseconds, Int64(Int32.max)))
  return poll(&item, 1, Int32(milliseconds)) > 0
}
