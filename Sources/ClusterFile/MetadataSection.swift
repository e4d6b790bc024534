import Coordination
import TuningModel

/// `experiment.metadata`: what the user adds to `metadata.json`.
enum MetadataSection {
  /// Written by pasha itself; also every key that begins with `st_` or `pasha_`.
  private static let reserved = [
    "entrypoint", "backend", "metric_names", "metric_mode", "scheduler_name", "config_space",
  ]

  static func decode(_ experiment: MapReader) -> [MetadataEntry] {
    guard let map = experiment.map("metadata", example: "{note: first run}") else { return [] }
    return map.pairs.compactMap { pair in
      if reserved.contains(pair.key) || pair.key.hasPrefix("st_") || pair.key.hasPrefix("pasha_") {
        map.mistakes.add(
          .invalidValue, pair.keyPlace,
          "experiment.metadata must not hold \(pair.key), which every metadata.json has already; choose another name")
        return nil
      }
      return MetadataEntry(key: pair.key, value: json(pair.value, map.fullPath(pair.key), map.mistakes))
    }
  }

  static func json(_ node: YAMLNode, _ path: String, _ mistakes: MistakeList) -> JSONValue {
    switch node.content {
    case .sequence(let elements): return .array(elements.map { json($0, path, mistakes) })
    case .mapping(let pairs):
      return .object(pairs.map { JSONValue.Member($0.key, json($0.value, "\(path).\($0.key)", mistakes)) })
    case .scalar(let scalar):
      switch scalar.value {
      case .null: return .null
      case .bool(let value): return .bool(value)
      case .int(let value): return .int(value)
      case .double(let value) where value.isFinite: return .double(value)
      case .double:
        mistakes.add(.invalidValue, node.place, "\(path) must be a finite number, not \(scalar.text); put it in quotes")
        return .null
      // What is doubtful as a number is kept as it is written.
      case .text, .doubtful: return .string(scalar.text)
      }
    }
  }
}
