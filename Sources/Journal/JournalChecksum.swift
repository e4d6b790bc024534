/// CRC-32C (Castagnoli; RFC 3720, section 12.1) of a fact's row: it finds every flipped bit and every burst of up to 32.
struct JournalChecksum {
  private var state: UInt32 = 0xFFFF_FFFF

  var value: UInt32 { ~state }

  mutating func add(_ bytes: UnsafeRawBufferPointer) {
    var state = state
    Self.table.withUnsafeBufferPointer { table in
      var index = 0
      // Eight bytes at once, each by the table for its distance from the end of the eight.
      while index + 8 <= bytes.count {
        let word = bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self).littleEndian ^ UInt64(state)
        state = 0
        for byte in 0..<8 {
          state ^= table[(7 - byte) << 8 | Int(truncatingIfNeeded: word >> UInt64(8 * byte)) & 0xFF]
        }
        index += 8
      }
      while index < bytes.count {
        state = table[Int(UInt8(truncatingIfNeeded: state) ^ bytes[index])] ^ state >> 8
        index += 1
      }
    }
    self.state = state
  }

  mutating func add(_ value: Int64) {
    withUnsafeBytes(of: value.littleEndian) { add($0) }
  }

  private static let table: [UInt32] = {
    var table = [UInt32](repeating: 0, count: 8 << 8)
    for byte in 0..<256 {
      var value = UInt32(byte)
      for _ in 0..<8 { value = value & 1 == 0 ? value >> 1 : value >> 1 ^ 0x82F6_3B78 }
      table[byte] = value
    }
    for index in 256..<table.count {
      let before = table[index - 256]
      table[index] = table[Int(before & 0xFF)] ^ before >> 8
    }
    return table
  }()
}
