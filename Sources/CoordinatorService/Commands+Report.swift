import Chronicle
import Coordination
import Glibc
import HostSystem
import Journal
import Presentation
import RunReport
import Simulation
import TuningModel

public struct ReportOptions: Sendable {
  public var run: String?
  /// `-`: standard output; nil: `report.html` or `report.md` in the run's folder.
  public var output: String?
  public var markdown: Bool
  public var json: Bool

  public init(run: String?, output: String? = nil, markdown: Bool = false, json: Bool = false) {
    self.run = run
    self.output = output
    self.markdown = markdown
    self.json = json
  }
}

extension Commands {
  /// Writes the story of a run, which goes on or is over.
  public static func report(_ options: ReportOptions, home: String = RunFolder.home) throws -> ExitCode {
    if options.json, options.output == "-" {
      throw ServiceError(.usage, "--json and --output - both want standard output")
    }
    let folder = try RunFolder.find(options.run, in: home)
    let (report, savings) = try report(of: folder)
    let text = options.markdown ? report.markdown() : report.html()
    if options.output == "-" {
      writeAll(STDOUT_FILENO, Array(text.utf8))
      return .success
    }
    let path = options.output ?? folder.path + (options.markdown ? "/report.md" : "/report.html")
    do {
      try Files.writeAtomically(path, text.utf8, mode: 0o644)
    } catch {
      throw ServiceError(.cannotCreate, "cannot write the report: \(error.message)")
    }
    if options.json {
      show(
        JSONValue.object([
          .init("run", .string(folder.name)), .init("output", .string(path)),
          .init("savings", savings.map(Presentation.savingsJSON) ?? .null),
        ]).jsonText(.strict))
    } else {
      show(path)
    }
    return .success
  }

  private static func report(of folder: RunFolder) throws -> (RunReport, Savings?) {
    let specification = try folder.specification()
    var chronicle = try Chronicle(specification: specification)
    var curves = RecordedCurves()
    var searched: Savings.Searched?
    try JournalReader(at: folder.journal).replay { record in
      let stamped = StampedFact(stamp: record.stamp, fact: record.fact)
      chronicle.take(stamped, sequence: record.sequence)
      curves.note(stamped)
      if case .trainingBegan = record.fact, searched == nil { searched = Savings.Searched(chronicle.state) }
    }
    let slots = min(chronicle.timeline.lanes.count, specification.cluster.maxWorkers ?? .max)
    let savings =
      chronicle.state.totals.trained == 0
      ? nil
      : Savings(
        curves: curves, state: chronicle.state, searched: searched,
        began: chronicle.trials.compactMap(\.firstAssigned).min() ?? 0, slots: slots)
    let report = RunReport(
      chronicle: chronicle, savings: savings, importance: Importance(chronicle.importanceSample()),
      options: RunReport.Options(folder: folder.path, isRunning: folder.service.isThere, now: HostClock.wall))
    return (report, savings)
  }
}
