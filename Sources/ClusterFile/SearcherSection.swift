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

  private func path(of index: Int) -> String { "\(map.fullPath("points_to_evaluate"))[\(index)]" }

  /// The points, complete. As in Syne Tune, a file without the key has the default configuration evaluated first, and
  /// an empty list leaves even that out.
  private func points(_ space: ConfigurationSpace) -> [Configuration]? {
    guard map.has("points_to_evaluate") else { return [space.defaultConfiguration] }
    guard let nodes = map.list("points_to_evaluate", "[{lr: 0.01}]") else { return nil }
    var points: [Configuration] = []
    var seen: [ConfigurationKey: Int] = [:]
    for (index, node) in nodes.enumerated() {
      guard let point = PointReader(space: space, mistakes: map.mistakes).read(node, path(of: index)),
        let key = space.matchKey(of: point)
      else { continue }
      if let earlier = seen[key] {
        map.mistakes.warn(
          .contradiction, node.place,
          "\(path(of: index)) is the same configuration as [\(earlier)]; it is tried once")
      } else {
        seen[key] = index
      }
      points.append(point)
    }
    guard points.count == nodes.count else { return nil }
    return points
  }
}
