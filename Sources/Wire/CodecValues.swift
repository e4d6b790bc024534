import TuningModel

extension TrialAttempt {
  package var message: ProtoTrialAttempt {
    .with {
      $0.trial = UInt32(clamping: trial.rawValue)
      $0.attempt = UInt32(clamping: attempt.rawValue)
    }
  }

  package init(_ message: ProtoTrialAttempt, _ field: String = "attempt") throws(WireError) {
    self.init(
      TrialID(try Check.count(message.trial, "\(field).trial")),
      Attempt(try Check.positive(message.attempt, "\(field).attempt")))
  }
}

extension JSONValue.Member {
  package var message: ProtoReportField {
    .with {
      $0.key = key
      switch value {
      case .null: $0.null = ProtoEmpty()
      case .bool(let value): $0.boolean = value
      case .int(let value): $0.integer = Int64(value)
      case .double(let value): $0.number = value
      case .string(let value): $0.text = value
      case .array, .object: $0.json = value.jsonText(.compact)
      }
    }
  }

  package init(_ message: ProtoReportField) throws(WireError) {
    let value: JSONValue =
      switch message.value {
      case .null: .null
      case .boolean(let value): .bool(value)
      case .integer(let value): .int(Int(value))
      case .number(let value): .double(value)
      case .text(let value): .string(value)
      case .json(let text): try Self.parse(text)
      case nil: throw Check.unknownMessage("the value of a report's field")
      }
    self.init(message.key, value)
  }

  private static func parse(_ text: String) throws(WireError) -> JSONValue {
    do throws(JSONError) {
      return try JSONValue(parsing: text)
    } catch {
      throw WireError(.malformed, "the JSON of a report's field: \(error)")
    }
  }
}

extension Configuration {
  package var message: ProtoConfiguration {
    .with { $0.parameters = entries.map(\.message) }
  }

  package init(_ message: ProtoConfiguration) throws(WireError) {
    self.init(
      try Check.list(
        message.parameters, atMost: WireLimits.maximumParameters, "configuration"
      ) { (entry) throws(WireError) in try Entry(entry) })
  }
}

extension Configuration.Entry {
  fileprivate var message: ProtoParameter {
    .with {
      $0.name = name
      switch value {
      case .int(let value): $0.integer = Int64(value)
      case .double(let value): $0.number = value
      case .string(let value): $0.text = value
      case .bool(let value): $0.boolean = value
      }
    }
  }

  fileprivate init(_ message: ProtoParameter) throws(WireError) {
    let name = try Check.systemText(
      message.name, atMost: WireLimits.maximumKeyBytes, from: 1, "configuration: the name of a hyperparameter")
    switch message.value {
    case .integer(let value): self.init(name, .int(Int(value)))
    case .number(let value): self.init(name, .double(value))
    case .text(let value): self.init(name, .string(try Check.systemText(value, "configuration.\(name)")))
    case .boolean(let value): self.init(name, .bool(value))
    case nil: throw Check.unknownMessage("configuration.\(name)")
    }
  }
}

extension EnvironmentEntry {
  var message: ProtoEnvironmentEntry {
    .with {
      $0.name = name
      $0.value = value
    }
  }

  init(_ message: ProtoEnvironmentEntry) throws(WireError) {
    let name = try Check.systemText(
      message.name, atMost: WireLimits.maximumKeyBytes, from: 1, "environment: the name of a variable")
    guard !name.utf8.contains(UInt8(ascii: "=")) else {
      throw WireError(.badText, "environment: the name of a variable holds '='")
    }
    self.init(name: name, value: try Check.systemText(message.value, "environment.\(name)"))
  }

  static func list(_ messages: [ProtoEnvironmentEntry]) throws(WireError) -> [EnvironmentEntry] {
    try Check.list(
      messages, atMost: WireLimits.maximumArguments, "environment"
    ) { (entry) throws(WireError) in try EnvironmentEntry(entry) }
  }
}

extension Check {
  /// The words of a command, at least one.
  static func command(_ words: [String], _ field: String) throws(WireError) -> [String] {
    guard !words.isEmpty else { throw WireError(.missing, "\(field) has no words") }
    return try list(words, atMost: WireLimits.maximumArguments, field) { (word) throws(WireError) in
      try systemText(word, field)
    }
  }
}
