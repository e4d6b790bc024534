import Glibc
import HostSystem

/// Bytes on their way, in memory that does not move.
final class ByteBuffer {
  private let memory: UnsafeMutableRawPointer
  private let capacity: Int
  private var start = 0
  private var end = 0

  init(capacity: Int) {
    self.capacity = capacity
    memory = .allocate(byteCount: capacity, alignment: 16)
  }

  deinit { memory.deallocate() }

  var isEmpty: Bool { start == end }

  func clear() {
    start = 0
    end = 0
  }

  func drop(_ count: Int) {
    start = min(end, start + count)
    if start == end { clear() }
  }

  func withBytes(_ body: (UnsafePointer<CChar>, Int) -> Int) -> Int {
    body(UnsafePointer((memory + start).assumingMemoryBound(to: CChar.self)), end - start)
  }

  /// Fills the empty buffer; gives what `body` gave, which is an error when it is negative.
  func fill(_ body: (UnsafeMutablePointer<CChar>, Int) -> Int) -> Int {
    let count = body(memory.assumingMemoryBound(to: CChar.self), capacity)
    start = 0
    end = max(0, min(count, capacity))
    return count
  }

  /// Fills the empty buffer with what can be read now: 0 at the end, nil when there is nothing now.
  func fill(from descriptor: Descriptor) -> Int? {
    while true {
      let count = read(descriptor.number, memory, capacity)
      if count < 0, errno == EINTR { continue }
      if count < 0, errno == EAGAIN { return nil }
      start = 0
      end = max(0, count)
      return end
    }
  }

  /// Writes what can be written now: 0 when nobody reads any more, nil when there is no room now.
  func drain(to descriptor: Descriptor) -> Int? {
    var total = 0
    while !isEmpty {
      let count = write(descriptor.number, memory + start, end - start)
      if count > 0 {
        total += count
        drop(count)
      } else if count < 0, errno == EINTR {
        continue
      } else if count < 0, errno == EAGAIN {
        return total > 0 ? total : nil
      } else {
        return 0
      }
    }
    return total
  }
}
