import TuningModel

extension ParameterValue {
  /// The value as an argument of the training script: what Python's `str()` gives. Numbers with the fewest digits that
  /// give them back, `True` and `False`, text as it is.
  public var argumentText: String {
    switch self {
    case .int(let value): String(value)
    case .double(let value): PythonNumber.text(value)
    case .string(let value): value
    case .bool(let value): value ? "True" : "False"
    }
  }

  /// The value in JSON, of the same type.
  public var json: JSONValue {
    switch self {
    case .int(let value): .int(value)
    case .double(let value): .double(value)
    case .string(let value): .string(value)
    case .bool(let value): .bool(value)
    }
  }

  /// The value of a JSON scalar; nil for `null`, arrays and objects.
  public init?(json: JSONValue) {
    switch json {
    case .int(let value): self = .int(value)
    case .double(let value): self = .double(value)
    case .string(let value): self = .string(value)
    case .bool(let value): self = .bool(value)
    case .null, .array, .object: return nil
    }
  }

  /// The value as it is shown in a message: text that could be taken for something else in quotes.
  public var quotedText: String {
    switch self {
    case .string(let text): JSONValue.string(text).jsonText()
    case .bool(let value): value ? "true" : "false"
    case .int, .double: argumentText
    }
  }
}

extension Configuration {
  /// The configuration as one JSON object, in its order.
  public var json: JSONValue { .object(entries.map { JSONValue.Member($0.name, $0.value.json) }) }
}

extension Domain {
  /// What belongs to the domain: `a number in 0.001…1.0`, `one of "a", "b"`.
  public var membersInWords: String {
    func listed(_ values: [ParameterValue]) -> String {
      let shown = values.prefix(8).map(\.quotedText).joined(separator: ", ")
      return "one of " + (values.count > 8 ? shown + ", …" : shown)
    }
    switch self {
    case .real(let range): return "a number in \(PythonNumber.text(range.lower))…\(PythonNumber.text(range.upper))"
    case .integer(let range): return "a whole number in \(range.lower)…\(range.upper)"
    case .choice(let values): return listed(values)
    case .ordinal(let ordinal): return listed(ordinal.values)
    case .finite(let range): return listed(range.values)
    }
  }
}
