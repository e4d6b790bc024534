/// A key that was pressed.
public enum Key: Equatable, Sendable {
  case character(Character)
  case up, down, pageUp, pageDown, home, end
  case enter, escape, backspace
}

/// Makes keys of what a terminal sends.
public struct KeyReader: Sendable {
  private var rest: [UInt8] = []

  public init() {}

  /// Whether an escape waits for what may follow it: a sequence comes at once, a key alone.
  public var isWaiting: Bool { !rest.isEmpty }

  public mutating func read(_ bytes: [UInt8]) -> [Key] {
    rest += bytes
    var keys: [Key] = []
    while let key = next() { if let key { keys.append(key) } }
    return keys
  }

  /// Nothing more has come for a moment: an escape is a key.
  public mutating func settle() -> [Key] {
    defer { rest = [] }
    return rest.first == 0x1B ? [.escape] : []
  }

  /// nil: nothing whole is left; of a sequence that is no key `.some(nil)`.
  private mutating func next() -> Key?? {
    guard let first = rest.first else { return nil }
    switch first {
    case 0x1B: return escaped()
    case 0x0D, 0x0A: return take(1, .enter)
    case 0x7F, 0x08: return take(1, .backspace)
    case 0..<0x20: return take(1, nil)
    case 0..<0x80: return take(1, .character(Character(Unicode.Scalar(first))))
    default:
      let length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : first >= 0xC0 ? 2 : 1
      guard rest.count >= length else { return nil }
      let text = String(validating: rest[..<length], as: UTF8.self)
      return take(text == nil ? 1 : length, text?.first.map { .character($0) })
    }
  }

  private mutating func take(_ count: Int, _ key: Key?) -> Key?? {
    rest.removeFirst(min(count, rest.count))
    return .some(key)
  }

  private mutating func escaped() -> Key?? {
    guard rest.count > 1 else { return nil }
    switch rest[1] {
    case UInt8(ascii: "["), UInt8(ascii: "O"):
      // Parameters, then a letter or `~`.
      guard let end = rest.dropFirst(2).firstIndex(where: { (0x40...0x7E).contains($0) }) else {
        // No key is as long as that.
        return rest.count > 32 ? take(rest.count, nil) : nil
      }
      let parameters = String(decoding: rest[2..<end], as: UTF8.self)
      return take(end + 1, Self.key(rest[end], parameters.split(separator: ";").first.map(String.init) ?? ""))
    case 0x1B: return take(1, .escape)
    default: return take(2, nil)
    }
  }

  private static func key(_ final: UInt8, _ parameter: String) -> Key? {
    switch final {
    case UInt8(ascii: "A"): .up
    case UInt8(ascii: "B"): .down
    case UInt8(ascii: "H"): .home
    case UInt8(ascii: "F"): .end
    case UInt8(ascii: "~"):
      switch parameter {
      case "5": .pageUp
      case "6": .pageDown
      case "1", "7": .home
      case "4", "8": .end
      default: nil
      }
    default: nil
    }
  }
}
