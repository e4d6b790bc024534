import Coordination
import Foundation
import RunChecking
import Testing

extension JournalCheck {
  init(_ run: WatchedRun) throws {
    try self.init(runFolder: run.place.runFolder(), baseDirectory: run.place.folder.path)
  }

  /// The folders of all agents of the run, on this machine.
  private var homes: Set<String> {
    Set(
      facts.compactMap { fact in
        guard case .agentGreeted(let greeting) = fact else { return nil }
        return greeting.home
      })
  }

  /// All that must hold of a run that ended, whatever was killed on the way.
  func expectSound(_ run: WatchedRun) throws {
    let problems = try reportProblems(homes: homes) + decisionProblems() + trainingProblems() + unsettled
    for problem in problems { Issue.record("\(problem)") }
    #expect(run.notes("overlaps").isEmpty)
  }
}
