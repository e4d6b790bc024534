import CSSH2

/// Values as SSH packs them (RFC 4251, section 5).
struct SSHWriter {
  private(set) var bytes: [UInt8] = []

  mutating func byte(_ value: UInt8) { bytes.append(value) }

  mutating func number(_ value: Int) {
    let word = UInt32(truncatingIfNeeded: value)
    bytes += [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: word >> $0) }
  }

  mutating func string(_ value: some Collection<UInt8>) {
    number(value.count)
    bytes += value
  }

  mutating func string(_ text: String) { string(Array(text.utf8)) }

  /// A number that is not negative, from its bytes, most significant first.
  mutating func mpint(_ magnitude: [UInt8]) {
    let digits = magnitude.drop { $0 == 0 }
    string((digits.first ?? 0) & 0x80 != 0 ? [0] + digits : Array(digits))
  }
}

/// Takes packed values apart; every read gives nil once the bytes do not hold what is asked for.
struct SSHReader {
  private var rest: ArraySlice<UInt8>

  init(_ bytes: some Sequence<UInt8>) { rest = Array(bytes)[...] }

  var isAtEnd: Bool { rest.isEmpty }

  mutating func byte() -> UInt8? { rest.popFirst() }

  mutating func number() -> Int? {
    guard let word = take(4) else { return nil }
    return word.reduce(0) { $0 << 8 | Int($1) }
  }

  mutating func string() -> [UInt8]? {
    guard let count = number() else { return nil }
    return take(count)
  }

  mutating func text() -> String? { string().map { String(decoding: $0, as: UTF8.self) } }

  /// Bytes that must come next, such as the magic of a file.
  mutating func skip(_ expected: [UInt8]) -> Bool { take(expected.count) == expected }

  private mutating func take(_ count: Int) -> [UInt8]? {
    guard count >= 0, count <= rest.count else { return nil }
    defer { rest = rest.dropFirst(count) }
    return Array(rest.prefix(count))
  }
}

/// Base64 (RFC 4648), by libcrypto.
enum Base64 {
  /// nil when the text is not base64, padding included.
  static func decode(_ text: some StringProtocol) -> [UInt8]? {
    let characters = Array(text.utf8)
    guard !characters.isEmpty, characters.count % 4 == 0, characters.count < 1 << 20 else { return nil }
    let padding = characters.suffix(2).count { $0 == UInt8(ascii: "=") }
    // libcrypto takes padding in the middle for zeros and leaves spaces out.
    let body = characters.dropLast(padding)
    let isClean = body.allSatisfy { character in
      switch character {
      case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"): true
      case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "/"): true
      default: false
      }
    }
    guard isClean else { return nil }
    var bytes = [UInt8](repeating: 0, count: characters.count / 4 * 3)
    guard EVP_DecodeBlock(&bytes, characters, Int32(characters.count)) >= 0 else { return nil }
    return Array(bytes.dropLast(padding))
  }

  static func encode(_ bytes: [UInt8]) -> String {
    guard bytes.count < 1 << 20 else { return "" }
    var characters = [UInt8](repeating: 0, count: (bytes.count + 2) / 3 * 4 + 1)
    let count = EVP_EncodeBlock(&characters, bytes, Int32(bytes.count))
    return String(decoding: characters.prefix(Int(max(0, count))), as: UTF8.self)
  }
}

/// The public half of a key as SSH packs it, host's or user's.
struct PublicKey: Equatable, Sendable {
  let blob: [UInt8]
  /// `ssh-ed25519`, `ecdsa-sha2-nistp256`, …
  let type: String

  /// nil when the bytes do not begin with the name of a type.
  init?(_ blob: [UInt8]) {
    var reader = SSHReader(blob)
    guard let type = reader.text(), !type.isEmpty, type.utf8.count < 100, type.utf8.allSatisfy({ $0 > 32 && $0 < 127 })
    else { return nil }
    self.blob = blob
    self.type = type
  }

  /// As `ssh-keygen -l` shows it.
  var fingerprint: String {
    var hash = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_LENGTH))
    CSSH2.SHA256(blob, blob.count, &hash)
    return "SHA256:" + String(Base64.encode(hash).prefix { $0 != "=" })
  }
}
