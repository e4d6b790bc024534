import Coordination
import SearchSpace
import TuningModel

extension SchedulerSection {
  /// `searcher`, `random_seed` and `points_to_evaluate`; nil: there are mistakes. Without the space the points are not
  /// looked at.
  func searcher(space: ConfigurationSpace?) -> SearcherOptions? {
    let kind = map.keyword("searcher", SearcherOptions.Kind.self) { _ in "this version has random search only" }
    let seed = map.int("random_seed", 0...Int.max)
    let points = space.flatMap { self.points($0) }
    guard kind != nil || !map.has("searcher"), seed != nil || !map.has("random_seed"), let points else { return nil }
    return SearcherOptions(kind: kind ?? .random, randomSeed: UInt64(seed ?? 0), pointsToEvaluate: points)
  }

  /// The points, complete. As in Syne Tune, a file without the key has the default configuration evaluated first, and
  /// an empty list leaves even that out.
  private func points(_ space: ConfigurationSpace) -> [Configuration]? {
    guard map.has("points_to_evaluate") else { return [space.defaultConfiguration] }
    guard let nodes = map.list("points_to_evaluate", "[{lr: 0.01}]") else { return nil }
    var points: [Configuration] = []
    var seen: [ConfigurationKey: Int] = [:]
    for (index, node) in nodes.enumerated() {
      guard let point = point(node, index, space), let key = space.matchKey(of: point) else { continue }
      if let earlier = seen[key] {
        map.mistakes.warn(
          .contradiction, node.place,
          "\(map.fullPath("points_to_evaluate"))[\(index)] is the same configuration as [\(earlier)]; it is tried once")
      } else {
        seen[key] = index
      }
      points.append(point)
    }
    guard points.count == nodes.count else { return nil }
    return points
  }

  private func point(_ node: YAMLNode, _ index: Int, _ space: ConfigurationSpace) -> Configuration? {
    let path = "\(map.fullPath("points_to_evaluate"))[\(index)]"
    guard
      let given = MapReader(node, path: path, place: node.place, example: "{lr: 0.01}", mistakes: map.mistakes)
    else { return nil }
    var entries: [Configuration.Entry] = []
    for pair in given.pairs {
      let own = "\(path).\(YAMLScalar(text: pair.key, isPlain: true).shown)"
      guard let content = space[pair.key] else {
        let names = space.entries.map(\.name)
        let advice =
          KeyHints.nearest(to: pair.key, among: names).map { "did you mean \($0)?" }
          ?? "the names there are \(names.joined(separator: ", "))"
        map.mistakes.add(.unknownKey, pair.keyPlace, "\(own) is not in config_space; \(advice)")
        continue
      }
      guard let value = ParameterReading.value(pair.value, own, map.mistakes) else { continue }
      switch content {
      case .constant(let constant):
        let isSame = constant == value || (constant.number != nil && constant.number == value.number)
        if isSame {
          entries.append(Configuration.Entry(pair.key, constant))
        } else {
          map.mistakes.add(
            .invalidValue, pair.value.place,
            "\(own) must be \(constant.quotedText), the constant of config_space, not \(value.quotedText)")
        }
      case .domain(let domain):
        if let own = domain.cast(value) {
          entries.append(Configuration.Entry(pair.key, own))
        } else {
          map.mistakes.add(
            .invalidValue, pair.value.place, "\(own) must be \(Self.members(of: domain)), not \(value.quotedText)")
        }
      }
    }
    guard entries.count == given.pairs.count else { return nil }
    return space.completed(Configuration(entries))
  }

  /// What belongs to a domain, in words.
  private static func members(of domain: Domain) -> String {
    func listed(_ values: [ParameterValue]) -> String {
      let shown = values.prefix(8).map(\.quotedText).joined(separator: ", ")
      return "one of " + (values.count > 8 ? shown + ", …" : shown)
    }
    switch domain {
    case .real(let range): return "a number in \(PythonNumber.text(range.lower))…\(PythonNumber.text(range.upper))"
    case .integer(let range): return "a whole number in \(range.lower)…\(range.upper)"
    case .choice(let values): return listed(values)
    case .ordinal(let ordinal): return listed(ordinal.values)
    case .finite(let range): return listed(range.values)
    }
  }
}
