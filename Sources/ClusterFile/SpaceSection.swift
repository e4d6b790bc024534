import SearchSpace
import TuningModel

/// `experiment.config_space`: hyperparameters and constants.
enum SpaceSection {
  static let maximumEntries = 1024

  /// nil: there are mistakes.
  static func decode(_ experiment: MapReader) -> ConfigurationSpace? {
    guard let map = experiment.map("config_space", example: "{lr: {type: loguniform, lower: 1e-5, upper: 0.1}}") else {
      return nil
    }
    var entries: [ConfigurationSpace.Entry] = []
    for pair in map.pairs {
      if let problem = HyperparameterName.problem(pair.key) {
        let shown = YAMLScalar(text: pair.key, isPlain: true).shown
        map.mistakes.add(.invalidValue, pair.keyPlace, "the hyperparameter's name \(shown) \(problem.message)")
      }
      if let content = content(pair, map) { entries.append(ConfigurationSpace.Entry(pair.key, content)) }
    }
    guard map.pairs.count <= maximumEntries else {
      map.mistakes.add(
        .tooLarge, map.place, "\(map.path) must have at most \(maximumEntries) entries, not \(map.pairs.count)")
      return nil
    }
    guard entries.count == map.pairs.count else { return nil }
    let space = ConfigurationSpace(entries)
    if space.domains.isEmpty {
      map.mistakes.warn(
        .contradiction, map.place, "\(map.path) holds no domain, only constants: there is one configuration to try")
    }
    return space
  }

  private static func content(_ pair: YAMLNode.Pair, _ map: MapReader) -> ConfigurationSpace.Content? {
    switch pair.value.content {
    case .mapping:
      guard let domain = map.map(pair.key, example: "{type: uniform, lower: 0, upper: 1}") else { return nil }
      return DomainReader(domain).decode().map { .domain($0) }
    case .sequence:
      map.tell(
        .wrongType, pair.key,
        "must be a constant or a domain, not a list; write {type: choice, values: […]} to choose from it")
      return nil
    case .scalar:
      return ParameterReading.value(pair.value, map.fullPath(pair.key), map.mistakes).map { .constant($0) }
    }
  }
}

/// Values of hyperparameters as they are written.
enum ParameterReading {
  /// One argument of a program can be no longer (MAX_ARG_STRLEN of Linux is 128 KiB).
  static let maximumBytes = 64 << 10

  /// nil: not a value, which was told.
  static func value(_ node: YAMLNode, _ path: String, _ mistakes: MistakeList) -> ParameterValue? {
    guard case .scalar(let scalar) = node.content else {
      mistakes.add(.wrongType, node.place, "\(path) must be a number, text, true or false, not \(node.shown)")
      return nil
    }
    switch scalar.value {
    case .null:
      mistakes.add(
        .wrongType, node.place,
        "\(path) must be a number, text, true or false, not nothing; "
          + "write \"\" for empty text and \"null\" for the word"
      )
    case .bool(let value): return .bool(value)
    case .int(let value): return .int(value)
    case .double(let value) where value.isFinite: return .double(value)
    case .double:
      mistakes.add(
        .invalidValue, node.place,
        "\(path) must be a finite number, not \(scalar.text); put it in quotes to pass it as text")
    case .doubtful(let reason):
      mistakes.add(
        .invalidValue, node.place, "\(path) is a number that \(reason); put it in quotes to pass it as text")
    case .text(let text):
      guard text.utf8.count <= maximumBytes else {
        mistakes.add(
          .tooLarge, node.place,
          "\(path) must be at most 64 KiB of text, not \(text.utf8.count) bytes; pass a file's name")
        return nil
      }
      return .string(text)
    }
    return nil
  }
}
