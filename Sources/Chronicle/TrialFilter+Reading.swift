import Coordination
import SearchSpace
import TuningModel

extension TrialFilter {
  /// Reads what was typed, for a run of this specification. Takes time in proportion to the text; its length is bounded
  /// by who asks.
  public init(_ text: String, _ specification: RunSpecification) throws(Problem) {
    var reader = FilterReader(text)
    var count = 0
    while let piece = try reader.next() {
      count += 1
      guard count <= Self.mostTerms else { throw Problem("a filter has at most \(Self.mostTerms) terms") }
      switch piece {
      case .number(let number): numbers.insert(number)
      case .text(let text): terms.append(Self.text(text))
      case .comparison(let name, let op, let value):
        terms.append(try FilterNames(specification).term(name, op, value))
      }
    }
  }
}

/// Takes a text apart, without knowing of any run.
private struct FilterReader {
  enum Piece {
    case number(Int)
    case text(String)
    case comparison(String, TrialFilter.Operator, String)
  }

  private let characters: [Character]
  private var place = 0

  init(_ text: String) { characters = Array(text) }

  /// nil: there is nothing more.
  mutating func next() throws(TrialFilter.Problem) -> Piece? {
    skipSpaces()
    guard let first = peek() else { return nil }
    if first == "#" { return .number(try number()) }
    if let (op, length) = operation(), op != .contains {
      place += length
      throw TrialFilter.Problem("\(op.rawValue) needs a name before it, as in lr\(op.rawValue)0.01")
    }
    let isQuoted = first == "\""
    let word = isQuoted ? try quoted() : self.word()
    // `~` is an operator where it touches the name: paths begin with one.
    let end = place
    if operation()?.0 != .contains { skipSpaces() }
    guard let (op, length) = operation(), op != .contains || place == end else {
      return word.isEmpty ? try next() : .text(word)
    }
    place += length
    skipSpaces()
    guard peek() != nil else {
      throw TrialFilter.Problem("\(Self.shown(word + op.rawValue)) needs a value after it")
    }
    return .comparison(word, op, try value(word + op.rawValue))
  }

  private func peek() -> Character? { place < characters.count ? characters[place] : nil }

  private mutating func skipSpaces() { while let next = peek(), next.isWhitespace { place += 1 } }

  /// The operator that stands here, and its length.
  private func operation() -> (TrialFilter.Operator, Int)? {
    guard let first = peek() else { return nil }
    let isWithEqual = place + 1 < characters.count && characters[place + 1] == "="
    switch first {
    case "<": return isWithEqual ? (.lessOrEqual, 2) : (.less, 1)
    case ">": return isWithEqual ? (.greaterOrEqual, 2) : (.greater, 1)
    case "=": return (.equal, isWithEqual ? 2 : 1)
    case "!": return isWithEqual ? (.notEqual, 2) : nil
    case "~": return (.contains, 1)
    case "≤": return (.lessOrEqual, 1)
    case "≥": return (.greaterOrEqual, 1)
    case "≠": return (.notEqual, 1)
    default: return nil
    }
  }

  private mutating func word() -> String {
    var word = ""
    while let next = peek(), !next.isWhitespace {
      if let (op, _) = operation(), op != .contains || !word.isEmpty { break }
      word.append(next)
      place += 1
    }
    return word
  }

  private mutating func quoted() throws(TrialFilter.Problem) -> String {
    var text = ""
    place += 1
    while let next = peek() {
      place += 1
      if next == "\"" { return text }
      if next == "\\", let escaped = peek(), escaped == "\"" || escaped == "\\" {
        text.append(escaped)
        place += 1
      } else {
        text.append(next)
      }
    }
    throw TrialFilter.Problem("a quote is not closed: \(Self.shown("\"" + text))")
  }

  private mutating func number() throws(TrialFilter.Problem) -> Int {
    var text = ""
    place += 1
    while let next = peek(), !next.isWhitespace {
      text.append(next)
      place += 1
    }
    guard text.utf8.count <= 10, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(text) else {
      throw TrialFilter.Problem(
        "\(Self.shown("#" + text)) is no trial: # stands before its number, as in #12, and in quotes for itself")
    }
    return number
  }

  private mutating func value(_ before: String) throws(TrialFilter.Problem) -> String {
    if peek() == "\"" { return try quoted() }
    var text = ""
    while let next = peek(), !next.isWhitespace {
      if let (op, _) = operation(), op != .contains {
        throw TrialFilter.Problem(
          "\(Self.shown(before + text + op.rawValue)): two operators; a value with \(op.rawValue) in it stands in quotes"
        )
      }
      text.append(next)
      place += 1
    }
    return text
  }

  static func shown(_ text: String) -> String { "`\(text.prefix(60))`" }
}

/// What names mean in a run.
private struct FilterNames {
  private let specification: RunSpecification

  init(_ specification: RunSpecification) { self.specification = specification }

  private enum Meaning {
    case quantity(TrialFilter.Quantity)
    case wording(TrialFilter.Wording)
  }

  private static let columns: [(name: String, meaning: Meaning)] = [
    ("trial", .quantity(.trial)), ("status", .wording(.status)), ("value", .quantity(.best)),
    ("last", .quantity(.last)), ("resource", .quantity(.resource)), ("milestone", .quantity(.milestone)),
    ("host", .wording(.host)), ("ran", .wording(.ran)), ("time", .quantity(.slotSeconds)),
    ("attempts", .quantity(.attempts)), ("restarts", .quantity(.restarts)), ("failure", .wording(.failure)),
  ]
  /// As the API's answers have them.
  private static let others: [(name: String, meaning: Meaning)] = [
    ("id", .quantity(.trial)), ("best", .quantity(.best)), ("last_value", .quantity(.last)),
    ("slot_seconds", .quantity(.slotSeconds)), ("attempt", .quantity(.attempts)),
  ]
  static let statusWords = ["pending", "assigned", "running", "held", "paused", "completed", "stopped", "failed"]

  /// A hyperparameter goes before the metric, this before the resource, these before columns; then in any case.
  private func meaning(of name: String) -> Meaning? {
    let experiment = specification.experiment
    if let content = experiment.space[name] { return Self.meaning(name, content) }
    if name == experiment.metric { return .quantity(.best) }
    if name == experiment.resourceAttribute { return .quantity(.resource) }
    let lower = name.lowercased()
    if let column = (Self.columns + Self.others).first(where: { $0.name == lower }) { return column.meaning }
    if let entry = experiment.space.entries.first(where: { $0.name.lowercased() == lower }) {
      return Self.meaning(entry.name, entry.content)
    }
    if lower == experiment.metric.lowercased() { return .quantity(.best) }
    return lower == experiment.resourceAttribute.lowercased() ? .quantity(.resource) : nil
  }

  /// Numbers alone are compared as numbers.
  private static func meaning(_ name: String, _ content: ConfigurationSpace.Content) -> Meaning {
    let values: [ParameterValue] =
      switch content {
      case .constant(let value): [value]
      case .domain(.choice(let values)): values
      case .domain(.ordinal(let ordinal)): ordinal.values
      case .domain(.real), .domain(.integer), .domain(.finite): []
      }
    let areNumbers = values.allSatisfy { value in
      switch value {
      case .int, .double: true
      case .string, .bool: false
      }
    }
    return areNumbers ? .quantity(.parameter(name)) : .wording(.parameter(name))
  }

  func term(
    _ name: String, _ op: TrialFilter.Operator, _ value: String
  ) throws(TrialFilter.Problem) -> TrialFilter.Term {
    let shown = FilterReader.shown(name)
    switch meaning(of: name) {
    case nil:
      throw TrialFilter.Problem("there is no column or hyperparameter \(shown); there are \(known())")
    case .quantity(let quantity):
      guard op != .contains else {
        throw TrialFilter.Problem("\(shown) is a number: it is compared by < <= > >= = !=")
      }
      guard let number = Double(value), !number.isNaN else {
        throw TrialFilter.Problem("\(shown) is a number, and \(FilterReader.shown(value)) is none")
      }
      return .number(quantity, op, number)
    case .wording(let wording):
      guard op == .equal || op == .notEqual || op == .contains else {
        throw TrialFilter.Problem("\(shown) is a text: it is compared by =, != and ~ (contains)")
      }
      let text = value.lowercased()
      if wording == .status, !Self.statusWords.contains(where: { op == .contains ? $0.contains(text) : $0 == text }) {
        throw TrialFilter.Problem(
          "there is no status \(FilterReader.shown(value)); there are \(Self.statusWords.joined(separator: ", "))")
      }
      return .wording(wording, op, text)
    }
  }

  private func known() -> String {
    let experiment = specification.experiment
    let own = experiment.space.entries.map(\.name)
    let names =
      own.prefix(6) + [experiment.metric, experiment.resourceAttribute] + Self.columns.map(\.name)
    return names.map { String($0.prefix(30)) }.joined(separator: ", ") + (own.count > 6 ? ", …" : "")
  }
}
