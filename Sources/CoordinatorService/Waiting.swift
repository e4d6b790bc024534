import Foundation
import TuningModel

/// Waits until a descriptor can be read, or the time has passed.
/// - Returns: whether it can be read, or its other end is gone.
@discardableResult
func waitReadable(_ descriptor: CInt, for timeout: Duration) -> Bool {
  var item = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
  let milliseconds = max(0, min((timeout + .nanoseconds(999_999)).wholeMilliseconds, Int64(Int32.max)))
  return poll(&item, 1, Int32(milliseconds)) > 0
}
