/// ZeroMQ's text form of binary keys: five printable characters for four bytes (rfc.zeromq.org/spec/32).
public enum Z85 {
  private static let alphabet = Array(
    "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#".utf8)

  /// The digit that each byte stands for; 255: none.
  private static let values: [UInt8] = alphabet.enumerated().reduce(into: Array(repeating: 255, count: 256)) {
    $0[Int($1.element)] = UInt8($1.offset)
  }

  /// nil unless the count is a multiple of four.
  public static func encode(_ bytes: [UInt8]) -> String? {
    guard bytes.count.isMultiple(of: 4) else { return nil }
    var text: [UInt8] = []
    text.reserveCapacity(bytes.count / 4 * 5)
    for start in stride(from: 0, to: bytes.count, by: 4) {
      let word = bytes[start..<start + 4].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
      for divisor in [52_200_625, 614_125, 7225, 85, 1] as [UInt32] { text.append(alphabet[Int(word / divisor % 85)]) }
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// nil for another alphabet, another length, and groups that stand for more than 32 bits: each value has one text.
  public static func decode(_ text: some Collection<UInt8>) -> [UInt8]? {
    guard text.count.isMultiple(of: 5) else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.count / 5 * 4)
    var word: UInt64 = 0
    for (index, character) in text.enumerated() {
      let value = values[Int(character)]
      guard value < 85 else { return nil }
      word = word * 85 + UInt64(value)
      guard index % 5 == 4 else { continue }
      guard word <= UInt64(UInt32.max) else { return nil }
      for shift in [24, 16, 8, 0] as [UInt64] { bytes.append(UInt8(truncatingIfNeeded: word >> shift)) }
      word = 0
    }
    return bytes
  }
}
