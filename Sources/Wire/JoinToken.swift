/// What someone on another machine needs to add an agent to a run: where the coordinator listens, its public key, and
/// the secret half of a one-time key that may only join. The text form is one line of letters, digits, `-`, `_` and one
/// colon, with a checksum, so that a token that was cut or mistyped is told from one that is used up.
public struct JoinToken: Equatable, Sendable {
  public var run: String
  /// Name or address of the coordinator's host as agents reach it.
  public var host: String
  public var controlPort: UInt16
  public var bulkPort: UInt16
  /// The coordinator's CURVE public key, Z85.
  public var serverKey: String
  /// The one-time CURVE secret key, Z85.
  public var joinSecretKey: String

  public init(
    run: String, host: String, controlPort: UInt16, bulkPort: UInt16, serverKey: String, joinSecretKey: String
  ) {
    self.run = run
    self.host = host
    self.controlPort = controlPort
    self.bulkPort = bulkPort
    self.serverKey = serverKey
    self.joinSecretKey = joinSecretKey
  }

  private static let prefix = "pasha1:"

  /// The token's text. Texts in it longer than 65,535 bytes are cut, which the reading side refuses.
  public var text: String {
    var bytes: [UInt8] = []
    for field in [run, host, serverKey, joinSecretKey] {
      let utf8 = Array(field.utf8.prefix(Int(UInt16.max)))
      bytes += [UInt8(utf8.count >> 8), UInt8(utf8.count & 0xff)] + utf8
    }
    for port in [controlPort, bulkPort] { bytes += [UInt8(port >> 8), UInt8(port & 0xff)] }
    let sum = Self.checksum(bytes)
    bytes += [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: sum >> $0) }
    return Self.prefix + Self.base64(bytes)
  }

  /// Reads a token; white space around it and line breaks inside it, as a terminal's copy brings them, do no harm.
  public init(parsing text: String) throws(JoinTokenError) {
    let clean = String(decoding: text.utf8.filter { $0 > 0x20 && $0 < 0x7f }, as: UTF8.self)
    guard !clean.isEmpty else {
      throw JoinTokenError(code: .empty, message: "no token was given; `pasha-coord invite RUN` prints one")
    }
    guard clean.hasPrefix(Self.prefix) else {
      throw JoinTokenError(
        code: .notAToken, message: "this is no token of `pasha-coord invite`: tokens begin with \(Self.prefix)")
    }
    let damaged = JoinTokenError(
      code: .damaged, message: "the token is incomplete or mistyped: its checksum is wrong; copy it again, whole")
    guard let bytes = Self.bytes(base64: clean.dropFirst(Self.prefix.count)), bytes.count >= 16 else { throw damaged }
    let sum = bytes.suffix(4).reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
    guard sum == Self.checksum(bytes.dropLast(4)) else { throw damaged }
    var rest = bytes.dropLast(4)
    var fields: [String] = []
    for _ in 0..<4 {
      guard let length = Self.takeNumber(&rest), rest.count >= length else { throw damaged }
      guard let field = String(validating: rest.prefix(length), as: UTF8.self) else { throw damaged }
      fields.append(field)
      rest = rest.dropFirst(length)
    }
    guard let control = Self.takeNumber(&rest), let bulk = Self.takeNumber(&rest), rest.isEmpty else { throw damaged }
    guard control > 0, bulk > 0, !fields[1].isEmpty, fields[2].utf8.count == 40, fields[3].utf8.count == 40 else {
      throw damaged
    }
    self.init(
      run: fields[0], host: fields[1], controlPort: UInt16(control), bulkPort: UInt16(bulk), serverKey: fields[2],
      joinSecretKey: fields[3])
  }

  private static func takeNumber(_ rest: inout ArraySlice<UInt8>) -> Int? {
    guard let high = rest.popFirst(), let low = rest.popFirst() else { return nil }
    return Int(high) << 8 | Int(low)
  }

  // MARK: Text form

  private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

  /// Base64 with the alphabet that is safe in addresses and shells, without padding (RFC 4648, section 5).
  private static func base64(_ bytes: [UInt8]) -> String {
    var text: [UInt8] = []
    var index = 0
    while index < bytes.count {
      let group = bytes[index..<min(index + 3, bytes.count)]
      let word = group.reduce(UInt32(0)) { $0 << 8 | UInt32($1) } << UInt32(8 * (3 - group.count))
      for place in 0...group.count { text.append(alphabet[Int(word >> UInt32(18 - 6 * place)) & 63]) }
      index += 3
    }
    return String(decoding: text, as: UTF8.self)
  }

  private static func bytes(base64 text: Substring) -> [UInt8]? {
    var bytes: [UInt8] = []
    var word: UInt32 = 0
    var bits = 0
    for character in text.utf8 {
      guard let value = alphabet.firstIndex(of: character) else { return nil }
      word = word << 6 | UInt32(value)
      bits += 6
      if bits >= 8 {
        bits -= 8
        bytes.append(UInt8(truncatingIfNeeded: word >> UInt32(bits)))
      }
    }
    return bits < 6 ? bytes : nil
  }

  /// CRC-32 (ISO-HDLC, reflected 0xEDB88320): against slips of the hand, not against forgery.
  private static func checksum(_ bytes: some Sequence<UInt8>) -> UInt32 {
    var sum = UInt32.max
    for byte in bytes {
      sum ^= UInt32(byte)
      for _ in 0..<8 { sum = sum & 1 == 1 ? sum >> 1 ^ 0xEDB8_8320 : sum >> 1 }
    }
    return ~sum
  }
}

/// Why a text is no usable token.
public struct JoinTokenError: Error, Equatable, Sendable, CustomStringConvertible {
  public enum Code: String, Sendable, CaseIterable {
    case empty
    case notAToken
    case damaged
  }

  public let code: Code
  public let message: String

  public init(code: Code, message: String) {
    self.code = code
    self.message = message
  }

  public var description: String { message }
}
