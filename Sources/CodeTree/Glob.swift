/// A shell pattern over bytes, as gitignore(5) means it: `*`, `?`, `[…]`, `\`, and `**` between slashes.
///
/// All ways to match are followed side by side, byte by byte, so that no pattern takes more than its own length times
/// the text's. (Trying one way after the other takes exponential time for patterns like `*a*a*a*b`.)
struct Glob: Equatable, Sendable {
  enum Token: Equatable, Sendable {
    case byte(UInt8)
    /// `?`: any byte but a slash.
    case any
    /// `[…]`: one of these bytes, never a slash.
    case set(ByteSet)
    /// `*`: any number of bytes, none a slash.
    case star
    /// `**/`: any number of whole folders, none included.
    case folders
    /// `**` at the end: whatever follows.
    case rest
  }

  let tokens: [Token]

  /// nil when the pattern can match nothing: it ends in a lone backslash, or within a bracket.
  init?(_ pattern: ArraySlice<UInt8>) {
    var tokens: [Token] = []
    var rest = pattern
    while let byte = rest.popFirst() {
      switch byte {
      case UInt8(ascii: "\\"):
        guard let escaped = rest.popFirst() else { return nil }
        tokens.append(.byte(escaped))
      case UInt8(ascii: "?"): tokens.append(.any)
      case UInt8(ascii: "["):
        guard let set = ByteSet(bracket: &rest) else { return nil }
        tokens.append(.set(set))
      case UInt8(ascii: "*"): Self.appendStars(&rest, to: &tokens)
      default: tokens.append(.byte(byte))
      }
    }
    self.tokens = tokens
  }

  /// Two stars or more mean folders only when they fill the place between two slashes.
  private static func appendStars(_ rest: inout ArraySlice<UInt8>, to tokens: inout [Token]) {
    let stars = 1 + rest.prefix { $0 == UInt8(ascii: "*") }.count
    rest = rest.dropFirst(stars - 1)
    let opensComponent = tokens.isEmpty || tokens.last == .byte(slash) || tokens.last == .folders
    if stars > 1, opensComponent {
      if rest.isEmpty { return tokens.append(.rest) }
      if rest.first == slash {
        rest = rest.dropFirst()
        return tokens.append(.folders)
      }
    }
    tokens.append(.star)
  }

  /// Whether the whole text matches.
  func matches(_ text: some Sequence<UInt8>) -> Bool {
    var places = [Bool](repeating: false, count: tokens.count + 1)
    arrive(0, in: &places)
    for byte in text {
      var next = [Bool](repeating: false, count: tokens.count + 1)
      for place in tokens.indices where places[place] { step(place, byte, into: &next) }
      places = next
    }
    return places[tokens.count]
  }

  /// Whether the last component is this name, letter by letter.
  func ends(with name: [UInt8]) -> Bool {
    guard tokens.suffix(name.count) == name.map(Token.byte)[...] else { return false }
    switch tokens.dropLast(name.count).last {
    case nil, .byte(slash), .folders: return true
    default: return false
    }
  }

  /// Stands before a token, and behind it where it may match nothing.
  private func arrive(_ place: Int, in places: inout [Bool]) {
    var place = place
    while true {
      if places[place] { return }
      places[place] = true
      guard place < tokens.count else { return }
      switch tokens[place] {
      case .star, .folders, .rest: place += 1
      case .byte, .any, .set: return
      }
    }
  }

  private func step(_ place: Int, _ byte: UInt8, into next: inout [Bool]) {
    switch tokens[place] {
    case .byte(let wanted): if byte == wanted { arrive(place + 1, in: &next) }
    case .any: if byte != slash { arrive(place + 1, in: &next) }
    case .set(let set): if byte != slash, set.contains(byte) { arrive(place + 1, in: &next) }
    case .star: if byte != slash { arrive(place, in: &next) }
    case .rest: arrive(place, in: &next)
    case .folders:
      // Within a folder's name the token can only go on; behind the slash it may also be left.
      next[place] = true
      if byte == slash { arrive(place + 1, in: &next) }
    }
  }
}

let slash = UInt8(ascii: "/")
