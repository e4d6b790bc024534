import Coordination
import SearchSpace
import TuningModel

/// Reads a point of a configuration space, of which only some names may be given.
struct PointReader {
  let space: ConfigurationSpace
  let mistakes: MistakeList

  /// Complete; nil: there are mistakes.
  func read(_ node: YAMLNode, _ path: String) -> Configuration? {
    guard let given = MapReader(node, path: path, place: node.place, example: "{lr: 0.01}", mistakes: mistakes)
    else { return nil }
    var entries: [Configuration.Entry] = []
    for pair in given.pairs {
      let own = "\(path).\(YAMLScalar(text: pair.key, isPlain: true).shown)"
      guard let content = space[pair.key] else {
        let names = space.entries.map(\.name)
        let advice =
          KeyHints.nearest(to: pair.key, among: names).map { "did you mean \($0)?" }
          ?? "the names there are \(names.joined(separator: ", "))"
        mistakes.add(.unknownKey, pair.keyPlace, "\(own) is not in config_space; \(advice)")
        continue
      }
      guard let value = ParameterReading.value(pair.value, own, mistakes) else { continue }
      switch content {
      case .constant(let constant):
        let isSame = constant == value || (constant.number != nil && constant.number == value.number)
        if isSame {
          entries.append(Configuration.Entry(pair.key, constant))
        } else {
          mistakes.add(
            .invalidValue, pair.value.place,
            "\(own) must be \(constant.quotedText), the constant of config_space, not \(value.quotedText)")
        }
      case .domain(let domain):
        if let own = domain.cast(value) {
          entries.append(Configuration.Entry(pair.key, own))
        } else {
          mistakes.add(
            .invalidValue, pair.value.place, "\(own) must be \(domain.membersInWords), not \(value.quotedText)")
        }
      }
    }
    guard entries.count == given.pairs.count else { return nil }
    return space.completed(Configuration(entries))
  }
}
