import ClusterFile
import Coordination
import HostSystem
import Journal
import Presentation
import TuningModel

extension Commands {
  /// All runs, the newest first. One whose journal cannot be read is listed with the reason.
  public static func list(json: Bool, home: String = RunFolder.home) throws -> ExitCode {
    let folders = RunFolder.newestFirst(in: home)
    let runs = folders.map { folder in
      do {
        return Presentation.ListedRun(name: folder.name, state: try folder.state(), service: folder.service)
      } catch {
        return Presentation.ListedRun(name: folder.name, state: nil, service: .none, problem: "\(error)")
      }
    }
    if json {
      show(Presentation.listJSON(runs).jsonText(.strict))
    } else if runs.isEmpty {
      show("there is no run in \(home); `pasha-coord cluster.yml` starts one")
    } else {
      show(Presentation.list(runs))
    }
    return .success
  }

  /// One trial with its configuration, attempts and checkpoints.
  public static func trial(
    run: String?, trial: Int, json: Bool, home: String = RunFolder.home
  ) throws -> ExitCode {
    let folder = try RunFolder.find(run, in: home)
    var record = try TrialRecord(trial: TrialID(trial), specification: folder.specification())
    try JournalReader(at: folder.journal).replay { record.take(StampedFact(stamp: $0.stamp, fact: $0.fact)) }
    let text = json ? Presentation.recordJSON(record)?.jsonText(.strict) : Presentation.record(record)
    guard let text else { throw ServiceError(.notFound, "run \(folder.name) has no trial \(trial)") }
    show(text)
    return .success
  }

  /// Runs beside each other: what each found, what it took, and when each came to what all of them came to.
  public static func compare(runs: [String], json: Bool, home: String = RunFolder.home) throws -> ExitCode {
    let courses = try runs.map { name in
      let folder = try RunFolder.find(name, in: home)
      var course = try RunCourse(specification: folder.specification())
      try JournalReader(at: folder.journal).replay { course.take(StampedFact(stamp: $0.stamp, fact: $0.fact)) }
      return course
    }
    if let difference = Presentation.difference(courses) {
      throw ServiceError(.usage, "these runs cannot be compared: \(difference)")
    }
    show(json ? Presentation.comparisonJSON(courses).jsonText(.strict) : Presentation.comparison(courses))
    return .success
  }
}
