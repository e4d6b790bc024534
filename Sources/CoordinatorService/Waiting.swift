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

/// Waits until one of some descriptors can be read, or the time has passed.
/// - Returns: the places of those that can be read.
@discardableResult
func waitReadable(anyOf descriptors: [CInt], for timeout: Duration) -> Set<Int> {
  var items = descriptors.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
  let milliseconds = max(0, min((timeout + .nanoseconds(999_999)).wholeMilliseconds, Int64(Int32.max)))
  guard poll(&items, nfds_t(items.count), Int32(milliseconds)) > 0 else { return [] }
  return Set(items.indices.filter { items[$0].revents != 0 })
}
