import Coordination
import Scheduling

/// What is changed in a cluster file to make one of several runs that are to be compared.
public struct ClusterFileVariant: Equatable, Sendable {
  /// `experiment.name`.
  public var name: String
  /// `scheduler.name`; keys of `scheduler` that belong to other schedulers go.
  public var scheduler: SchedulerOptions.Name
  /// `scheduler.random_seed`.
  public var seed: Int
  /// `stop_criterion.at_limit`; nil: as in the file.
  public var atLimit: StopCriterion.AtLimit?

  public init(name: String, scheduler: SchedulerOptions.Name, seed: Int, atLimit: StopCriterion.AtLimit? = nil) {
    self.name = name
    self.scheduler = scheduler
    self.seed = seed
    self.atLimit = atLimit
  }

  /// The text of the changed file: the same text and variant give the same. Comments are not kept, aliases are written
  /// out; relative paths stay relative to the same folder.
  /// - Throws: the mistakes of the file, or those of the changed one.
  public func text(of text: String, fileName: String, baseDirectory: String) throws(ClusterFileError) -> String {
    let mistakes = MistakeList(fileName: fileName)
    let document = YAMLDocument(text: text, mistakes: mistakes)
    if let error = mistakes.finish() { throw error }
    guard var root = document.root else {
      throw Self.failure("the file cannot be changed for \(name): it is empty", fileName)
    }
    root.set("experiment", "name", .word(name))
    root.remove("scheduler") { key in
      key != "name" && !SchedulerRules.reads(key, scheduler)
    }
    root.set("scheduler", "name", .word(scheduler.rawValue))
    root.set("scheduler", "random_seed", .word("\(seed)"))
    if let atLimit { root.set("stop_criterion", "at_limit", .word(atLimit.rawValue)) }
    let changed = YAMLText.block(root)
    // What is written must be what was meant, whatever the file holds.
    let before = try ClusterFile.decode(
      text: text, fileName: fileName, baseDirectory: baseDirectory, checksFiles: false
    ).specification
    let after = try ClusterFile.decode(
      text: changed, fileName: "\(fileName) for \(name)", baseDirectory: baseDirectory, checksFiles: false
    ).specification
    guard after == expected(before, after) else {
      throw Self.failure(
        "the file cannot be changed for \(name), and it is a fault of pasha that it does not say why; please report it",
        fileName)
    }
    return changed
  }

  /// The rest of the specification must be as it was. The scheduler's options are its own where it is another one.
  private func expected(_ before: RunSpecification, _ after: RunSpecification) -> RunSpecification {
    var result = before
    result.experiment.name = name
    result.searcher.randomSeed = UInt64(seed)
    if let atLimit { result.stop.atLimit = atLimit }
    if before.scheduler.name != scheduler { result.scheduler = after.scheduler }
    return result
  }

  private static func failure(_ message: String, _ fileName: String) -> ClusterFileError {
    ClusterFileError(
      problems: [
        ClusterFileProblem(
          code: .invalidValue, fileName: fileName, line: nil, column: nil, message: message, snippet: nil)
      ], warnings: [])
  }
}
