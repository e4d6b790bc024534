import TuningModel

extension MapReader {
  func scalar(_ key: String, _ expected: String) -> YAMLScalar? {
    guard let node = node(key) else { return nil }
    guard case .scalar(let scalar) = node.content else {
      tell(.wrongType, key, "must be \(expected), not \(node.shown)")
      return nil
    }
    return scalar
  }

  /// Text as it is written; a number or truth value is the text that stands there.
  func text(_ key: String, _ expected: String = "text") -> String? {
    guard let scalar = scalar(key, expected) else { return nil }
    guard scalar.text.contains(where: { !$0.isWhitespace }) else {
      tell(.invalidValue, key, "must not be empty")
      return nil
    }
    return scalar.text
  }

  /// A whole number; `81.0` and `1e3` are whole as well.
  func int(_ key: String, _ range: ClosedRange<Int>) -> Int? {
    let expected = "a whole number"
    guard let scalar = scalar(key, expected) else { return nil }
    let whole: Int
    switch scalar.value {
    case .int(let value): whole = value
    case .double(let value):
      guard let value = Int(exactly: value) else {
        tell(.wrongType, key, "must be \(expected), not \(scalar.text)")
        return nil
      }
      whole = value
    default:
      tellNotANumber(key, scalar, expected)
      return nil
    }
    guard range.contains(whole) else {
      tell(.invalidValue, key, "must be \(Self.shown(range)), not \(whole)")
      return nil
    }
    return whole
  }

  func double(_ key: String) -> Double? {
    guard let scalar = scalar(key, "a number") else { return nil }
    switch scalar.value {
    case .int(let value): return Double(value)
    case .double(let value) where value.isFinite: return value
    case .double:
      tell(.invalidValue, key, "must be a finite number, not \(scalar.text)")
      return nil
    default:
      tellNotANumber(key, scalar, "a number")
      return nil
    }
  }

  private func tellNotANumber(_ key: String, _ scalar: YAMLScalar, _ expected: String) {
    if case .doubtful(let reason) = scalar.value {
      tell(.invalidValue, key, "must be \(expected), and \(scalar.text) \(reason)")
    } else if !scalar.isPlain, YAMLScalar(text: scalar.text, isPlain: true).isNumber {
      tell(.wrongType, key, "must be \(expected), not text; remove the quotes")
    } else {
      tell(.wrongType, key, "must be \(expected), not \(scalar.shown)")
    }
  }

  func duration(_ key: String, _ range: ClosedRange<Duration> = .zero...DurationText.maximum) -> Duration? {
    let expected = "a duration such as 90s, 30m, 2h or 1h30m"
    guard let scalar = scalar(key, expected) else { return nil }
    guard let duration = DurationText.parse(scalar.text) else {
      tell(.invalidValue, key, "must be \(expected), not \(scalar.shown)")
      return nil
    }
    guard range.contains(duration) else {
      let bounds =
        range.upperBound == DurationText.maximum
        ? "at least \(DurationText.text(range.lowerBound))"
        : "\(DurationText.text(range.lowerBound))…\(DurationText.text(range.upperBound))"
      tell(.invalidValue, key, "must be \(bounds), not \(scalar.text)")
      return nil
    }
    return duration
  }

  /// Bytes, as `500MB`, `20GiB` or `4096`.
  func bytes(_ key: String, atLeast least: Int) -> Int? {
    let expected = "a size such as 500MB or 20GiB"
    guard let scalar = scalar(key, expected) else { return nil }
    let bytes: Int?
    switch scalar.value {
    case .int(let value): bytes = value
    case .double(let value): bytes = Int(exactly: value)
    default: bytes = ByteText.parse(scalar.text)
    }
    guard let bytes, bytes <= ByteText.maximum else {
      let advice =
        ByteText.isAmbiguous(scalar.text)
        ? "; write \(scalar.text)B for powers of 1000, \(scalar.text)iB for powers of 1024" : ""
      tell(.invalidValue, key, "must be \(expected), not \(scalar.shown)\(advice)")
      return nil
    }
    guard bytes >= least else {
      let advice =
        scalar.isNumber && bytes > 0 ? "; a number without a unit counts bytes; write a unit, as in \(bytes)GB" : ""
      tell(.invalidValue, key, "must be at least \(ByteText.text(least)), not \(scalar.text)\(advice)")
      return nil
    }
    return bytes
  }

  /// One of the words of an enumeration, but for those in `hidden`, which a file does not say.
  func keyword<Word: RawRepresentable<String> & CaseIterable>(
    _ key: String, _: Word.Type, hidden: [Word] = [], hint: (String) -> String? = { _ in nil }
  ) -> Word? {
    let words = Word.allCases.filter { word in !hidden.contains { $0.rawValue == word.rawValue } }.map(\.rawValue)
    let expected = Self.listed(words)
    guard let scalar = scalar(key, expected) else { return nil }
    if words.contains(scalar.text) { return Word(rawValue: scalar.text) }
    var advice = ""
    if let hint = hint(scalar.text) {
      advice = "; \(hint)"
    } else if words.count > 1, let near = KeyHints.nearest(to: scalar.text, among: words) {
      advice = "; did you mean \(near)?"
    }
    tell(.invalidValue, key, "must be \(expected), not \(scalar.shown)\(advice)")
    return nil
  }

  /// The elements of a list.
  func list(_ key: String, _ example: String) -> [YAMLNode]? {
    guard let node = node(key) else { return nil }
    guard case .sequence(let elements) = node.content else {
      tell(.wrongType, key, "must be a list such as \(example), not \(node.shown)")
      return nil
    }
    return elements
  }

  /// The reader of a map within this one; nil: not there, or no map.
  func map(_ key: String, example: String) -> MapReader? {
    guard let node = node(key) else { return nil }
    return MapReader(node, path: fullPath(key), place: keyPlace(of: key), example: example, mistakes: mistakes)
  }

  static func listed(_ words: [String]) -> String {
    guard let last = words.last, words.count > 1 else { return words.first ?? "" }
    return words.dropLast().joined(separator: ", ") + " or " + last
  }

  private static func shown(_ range: ClosedRange<Int>) -> String {
    range.upperBound == .max ? "at least \(range.lowerBound)" : "\(range.lowerBound)…\(range.upperBound)"
  }
}

extension YAMLScalar {
  var isNumber: Bool {
    switch value {
    case .int, .double, .doubtful: true
    case .null, .bool, .text: false
    }
  }
}
