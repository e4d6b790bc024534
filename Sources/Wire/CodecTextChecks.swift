/// What is checked of decoded text.
extension Check {
  /// Text of bounded length.
  package static func text(
    _ text: String, atMost limit: Int, from least: Int = 0, _ field: String
  ) throws(WireError) -> String {
    let count = text.utf8.count
    guard count >= least else { throw WireError(.badText, "\(field) is empty") }
    guard count <= limit else {
      throw WireError(.badText, "\(field) has \(count) bytes, where at most \(limit) are allowed")
    }
    return text
  }

  /// A name that is shown in a line: without control characters.
  package static func name(_ text: String, from least: Int = 0, _ field: String) throws(WireError) -> String {
    guard !text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) else {
      throw WireError(.badText, "\(field) holds a control character")
    }
    return try self.text(text, atMost: WireLimits.maximumNameBytes, from: least, field)
  }

  /// The key of a metric or a resource.
  package static func key(_ text: String, _ field: String) throws(WireError) -> String {
    try self.text(text, atMost: WireLimits.maximumKeyBytes, from: 1, field)
  }

  /// Text that goes to the operating system, which ends text at NUL.
  package static func systemText(
    _ text: String, atMost limit: Int = WireLimits.maximumArgumentBytes, from least: Int = 0, _ field: String
  ) throws(WireError) -> String {
    guard !text.utf8.contains(0) else { throw WireError(.badText, "\(field) holds a NUL") }
    return try self.text(text, atMost: limit, from: least, field)
  }

  /// A name that becomes a folder's: letters, digits, `-`, `_` and `.`, not at the beginning.
  package static func folderName(_ text: String, _ field: String) throws(WireError) -> String {
    let isPlain = text.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
      case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."): true
      default: false
      }
    }
    guard isPlain, text.utf8.first != UInt8(ascii: ".") else {
      throw WireError(.badText, "\(field) may hold letters, digits, '-', '_' and, within, '.' alone")
    }
    return try self.text(text, atMost: WireLimits.maximumNameBytes, from: 1, field)
  }

  /// A hash in hexadecimal, lower case.
  package static func hash(_ text: String, _ field: String) throws(WireError) -> String {
    let isHexadecimal = text.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"): true
      default: false
      }
    }
    guard isHexadecimal else { throw WireError(.badText, "\(field) is not a hash in hexadecimal") }
    return try self.text(text, atMost: 128, from: 1, field)
  }

  /// A CURVE key in Z85 (ZeroMQ RFC 32): 40 characters.
  package static func curveKey(_ text: String, _ field: String) throws(WireError) -> String {
    let punctuation = ".-:+=^!/*?&<>()[]{}@%$#".utf8
    let isZ85 = text.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"): true
      case UInt8(ascii: "A")...UInt8(ascii: "Z"): true
      default: punctuation.contains(byte)
      }
    }
    guard text.utf8.count == 40, isZ85 else { throw WireError(.badText, "\(field) is not a key in Z85") }
    return text
  }

  /// An absolute path.
  package static func absolutePath(_ text: String, _ field: String) throws(WireError) -> String {
    guard text.utf8.first == UInt8(ascii: "/") else { throw WireError(.badPath, "\(field) is not an absolute path") }
    return try systemText(text, atMost: WireLimits.maximumPathBytes, field)
  }
}

extension String {
  /// The beginning of the text, at most `limit` bytes, whole scalars.
  package func cut(toBytes limit: Int) -> String {
    guard utf8.count > limit else { return self }
    var end = utf8.index(utf8.startIndex, offsetBy: limit)
    while end > utf8.startIndex, utf8[end].isContinuation { end = utf8.index(before: end) }
    return String(self[..<end])
  }

  /// The end of the text, at most `limit` bytes, whole scalars: of a log the last lines matter.
  package func tail(ofBytes limit: Int) -> String {
    guard utf8.count > limit else { return self }
    return String(decoding: utf8.suffix(limit).drop(while: \.isContinuation), as: UTF8.self)
  }
}

extension UInt8 {
  /// Whether it continues a scalar of UTF-8.
  fileprivate var isContinuation: Bool { self & 0xC0 == 0x80 }
}
