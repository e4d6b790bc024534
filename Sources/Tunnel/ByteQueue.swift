/// Bytes that come at one end and go at the other, in one piece of memory.
struct ByteQueue: Sendable {
  private var storage: [UInt8] = []
  private var head = 0

  /// Bytes at the front that are gone but still take room, at most, before the others move up.
  private static let slack = 64 << 10

  var count: Int { storage.count - head }
  var isEmpty: Bool { storage.count == head }

  /// The byte at so many places behind the front.
  subscript(offset: Int) -> UInt8 { storage[head + offset] }

  mutating func append(_ bytes: some Collection<UInt8>) { storage.append(contentsOf: bytes) }

  mutating func append(_ byte: UInt8) { storage.append(byte) }

  /// Some bytes in the middle, `range` counted from the front.
  func slice(_ range: Range<Int>) -> ArraySlice<UInt8> {
    storage[(head + range.lowerBound)..<(head + range.upperBound)]
  }

  /// Lets the first bytes go.
  mutating func removeFirst(_ count: Int) {
    precondition(count >= 0 && count <= self.count, "\(count) bytes of \(self.count)")
    head += count
    if head == storage.count {
      storage.removeAll(keepingCapacity: true)
      head = 0
    } else if head >= Self.slack, head > storage.count / 2 {
      storage.removeFirst(head)
      head = 0
    }
  }

  /// Lets all bytes go, and the memory with them.
  mutating func removeAll() {
    storage = []
    head = 0
  }

  func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    storage.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[head...])) }
  }
}
