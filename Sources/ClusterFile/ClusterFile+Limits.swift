import Coordination
import TuningModel

extension ClusterFile {
  /// The text with other limits in `stop_criterion`, as values by key. Comments are not kept, aliases are written out.
  /// - Throws: the mistakes of the file, or those of the changed one.
  public static func extending(
    _ text: String, fileName: String, baseDirectory: String, limits: [(key: String, value: Limit)]
  ) throws(ClusterFileError) -> ClusterFile.Changed {
    let mistakes = MistakeList(fileName: fileName)
    let document = YAMLDocument(text: text, mistakes: mistakes)
    if let error = mistakes.finish() { throw error }
    guard var root = document.root else {
      throw ClusterFileError(
        problems: [
          ClusterFileProblem(
            code: .invalidValue, fileName: fileName, line: nil, column: nil,
            message: "the file cannot be changed: it is empty", snippet: nil)
        ], warnings: [])
    }
    for limit in limits { root.set("stop_criterion", limit.key, .word(limit.value.text)) }
    let changed = YAMLText.block(root)
    let specification = try decode(
      text: changed, fileName: fileName, baseDirectory: baseDirectory, checksFiles: false
    ).specification
    return Changed(text: changed, specification: specification)
  }

  /// What a key of `stop_criterion` may be set to.
  public enum Limit: Sendable {
    case count(Int)
    case time(Duration)
    case number(Double)

    fileprivate var text: String {
      switch self {
      case .count(let count): "\(count)"
      case .time(let duration): DurationText.text(duration)
      case .number(let number): PythonNumber.text(number)
      }
    }
  }

  /// A file that was changed, and what it says.
  public struct Changed: Sendable {
    public let text: String
    public let specification: RunSpecification
  }
}

extension ClusterFile {
  /// Reads a duration as the keys of a cluster file have it, such as `90m`; nil: it is none.
  public static func duration(fromArgument text: String) -> Duration? { DurationText.parse(text) }
}
