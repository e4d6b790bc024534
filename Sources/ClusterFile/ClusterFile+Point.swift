import SearchSpace
import TuningModel

extension ClusterFile {
  /// Reads a configuration as `points_to_evaluate` may hold one, such as `{lr: 0.01, layers: 3}`; what is not given has
  /// the domain's default. The messages of problems tell all; their places mean little.
  public static func point(
    fromArgument text: String, space: ConfigurationSpace
  ) throws(ClusterFileError) -> Configuration {
    let mistakes = MistakeList(fileName: "CONFIGURATION")
    let node = YAMLDocument(text: text, mistakes: mistakes).root
    let point = node.flatMap { PointReader(space: space, mistakes: mistakes).read($0, "configuration") }
    if let error = mistakes.finish() { throw error }
    return point ?? space.defaultConfiguration
  }
}
