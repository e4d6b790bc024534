import ClusterFile
import CodeTree
import Coordination
import Foundation
import HostSystem
import Presentation
import Scheduling
import SearchSpace
import TuningModel

extension Commands {
  /// Says everything that is wrong with a cluster file, or what a run of it would be.
  public static func check(file: String, json: Bool) throws -> ExitCode {
    do {
      let decoded = try ClusterFile.load(path: file)
      let tree = try decoded.specification.experiment.codeFolder.map { try CodeTree.scan(folder: $0) }
      let warnings =
        decoded.warnings.map(\.description)
        + [EntryPointCheck.warning(decoded.specification.experiment, tree)].compactMap { $0.map { "warning: " + $0 } }
      let scheduler = try TrialScheduler(decoded.specification.scheduler)
      if json {
        show(
          JSONValue.object([
            .init("ok", .bool(true)),
            .init("warnings", .array(warnings.map { .string($0) })),
            .init("rungs", .array((scheduler.ladder.first?.rungs ?? []).map { .int($0.level) })),
            .init("code_files", tree.map { .int($0.manifest.entries.count) } ?? .null),
          ]).jsonText(.strict))
      } else {
        for warning in warnings { show(warning) }
        show(describe(decoded.specification, tree, scheduler))
      }
      return .success
    } catch let error as ClusterFileError {
      guard json else { throw error }
      show(
        JSONValue.object([
          .init("ok", .bool(false)),
          .init("problems", .array(error.problems.map { .string($0.description) })),
        ]).jsonText(.strict))
      return exitCode(of: error)
    }
  }

  private static func describe(
    _ specification: RunSpecification, _ tree: CodeTree?, _ scheduler: TrialScheduler
  ) -> String {
    let experiment = specification.experiment
    var lines = ["\(experiment.name): no mistakes"]
    lines.append("  command: \(experiment.entryPoint.joined(separator: " "))")
    if let tree {
      lines.append("  code: \(tree.manifest.entries.count) entries, \(Presentation.bytes(tree.bytes))")
    }
    lines.append(
      "  \(experiment.mode.rawValue)imise \(Presentation.printable(experiment.metric)) over \(experiment.space.entries.count) hyperparameters and constants"
    )
    let levels = (scheduler.ladder.first?.rungs.map(\.level) ?? []) + [specification.scheduler.maxResource]
    lines.append(
      "  \(specification.scheduler.name.rawValue): milestones \(levels.map(String.init).joined(separator: ", "))")
    lines.append(
      "  slots on this machine: \(specification.cluster.localSlots ?? ProcessInfo.processInfo.activeProcessorCount)")
    return lines.joined(separator: "\n")
  }
}
