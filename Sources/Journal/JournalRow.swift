/// One fact as the file keeps it.
struct JournalRow: Equatable, Sendable {
  /// From 1, without a gap.
  var sequence: Int
  var wallMicroseconds: Int64
  var activeNanoseconds: Int64
  /// For people who look into the file; the payload says it too.
  var kind: String
  var payload: [UInt8]

  /// Covers every column, so that a bit that flipped anywhere in the row is found.
  var checksum: UInt32 {
    var sum = JournalChecksum()
    sum.add(Int64(sequence))
    sum.add(wallMicroseconds)
    sum.add(activeNanoseconds)
    var kind = kind
    kind.withUTF8 { sum.add(UnsafeRawBufferPointer($0)) }
    sum.add(Int64(payload.count))
    payload.withUnsafeBytes { sum.add($0) }
    return sum.value
  }
}
