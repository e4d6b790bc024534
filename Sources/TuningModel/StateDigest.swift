/// A 64-bit digest of values that is the same in every process, unlike `Hasher` (FNV-1a: Fowler, Noll, Vo; Internet-Draft
/// draft-eastlake-fnv). For comparing states, not against anybody who wants two of them to be equal.
public struct StateDigest: Equatable, Sendable {
  public private(set) var value: UInt64 = 0xCBF2_9CE4_8422_2325

  public init() {}

  public mutating func combine(_ number: Int) { combine(UInt64(bitPattern: Int64(number))) }

  public mutating func combine(_ bits: UInt64) {
    for shift in stride(from: 0, to: 64, by: 8) { combine(byte: UInt8(truncatingIfNeeded: bits >> UInt64(shift))) }
  }

  /// All NaN are the same here.
  public mutating func combine(_ number: Double) { combine(number.isNaN ? UInt64.max : number.bitPattern) }

  public mutating func combine(_ flag: Bool) { combine(byte: flag ? 1 : 0) }

  public mutating func combine(_ bytes: some Sequence<UInt8>) {
    var count = 0
    for byte in bytes {
      combine(byte: byte)
      count += 1
    }
    combine(count)
  }

  public mutating func combine(_ text: String) { combine(text.utf8) }

  private mutating func combine(byte: UInt8) { value = (value ^ UInt64(byte)) &* 0x100_0000_01B3 }
}
