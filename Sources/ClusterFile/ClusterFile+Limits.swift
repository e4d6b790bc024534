import Coordination
import TuningModel

extension ClusterFile {
  /// The text with other limits in `stop_criterion`, nil: as they are. Comments are not kept, aliases are written out.
  /// - Throws: the mistakes of the file, or those of the changed one.
  public static func extending(
    _ text: String, fileName: String, baseDirectory: String, trialsStarted: Int?, wallclockTime: Duration?
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
    if let trialsStarted { root.set("stop_criterion", "max_num_trials_started", .word("\(trialsStarted)")) }
    if let wallclockTime {
      root.set("stop_criterion", "max_wallclock_time", .word(DurationText.text(wallclockTime)))
    }
    let changed = YAMLText.block(root)
    let specification = try decode(
      text: changed, fileName: fileName, baseDirectory: baseDirectory, checksFiles: false
    ).specification
    return Changed(text: changed, specification: specification)
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
