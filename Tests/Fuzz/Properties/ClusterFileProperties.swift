import ClusterFile
import Coordination
import SearchSpace
import Searching
import TuningModel

/// Every text ends with a run that can begin, or with mistakes that have a place and words.
enum ClusterFileProperties {
  static func check(_ bytes: [UInt8]) throws(BrokenProperty) {
    guard let text = String(validating: bytes, as: UTF8.self) else { return }
    let first = decode(text)
    try require(first == decode(text), "read twice it is not the same")
    switch first {
    case .success(let file): try check(file)
    case .failure(let error):
      try require(!error.problems.isEmpty, "refused without a reason")
      // As YAML counts them.
      let ends = "\n\r\u{85}\u{2028}\u{2029}".unicodeScalars
      let lines = 2 + text.unicodeScalars.count { ends.contains($0) }
      for problem in error.problems + error.warnings {
        try require(!problem.message.isEmpty, "a mistake without words")
        try require((1...lines).contains(problem.line ?? 1), "line \(problem.line ?? 1) of \(lines): \(problem)")
        try require((problem.column ?? 1) >= 1, "column \(problem.column ?? 1): \(problem)")
        try require(!problem.message.contains("fault of pasha"), "\(problem)")
      }
    }
  }

  private static func decode(_ text: String) -> Result<ClusterFile, ClusterFileError> {
    Result { () throws(ClusterFileError) in
      try ClusterFile.decode(text: text, fileName: "cluster.yml", baseDirectory: "/nowhere", checksFiles: false)
    }
  }

  /// The run begins, and what it suggests belongs to its space.
  private static func check(_ file: ClusterFile) throws(BrokenProperty) {
    let specification = file.specification
    guard (try? RunState(specification: specification)) != nil else {
      throw BrokenProperty("a file that is right gives a run that cannot begin")
    }
    let space = specification.experiment.space
    var searcher = RandomSearcher(
      space: space, seed: specification.searcher.randomSeed, pointsToEvaluate: specification.searcher.pointsToEvaluate)
    for ordinal in 0..<3 {
      guard let suggestion = searcher.suggest(ordinal: ordinal) else { break }
      try require(
        space.completed(suggestion.configuration) != nil, "\(suggestion.configuration) does not belong to its space")
      searcher.observe(suggestion.configuration)
    }
  }
}
