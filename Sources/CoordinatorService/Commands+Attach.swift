import Coordination
import Foundation
import HostSystem
import Journal
import Presentation
import TuningModel

extension Commands {
  /// Shows a run's progress as its journal grows, until it ends or is paused. Interrupting it leaves the run alone.
  /// - Parameter isPlain: lines on a terminal too.
  public static func attach(
    run: String?, isPlain: Bool, json: Bool, home: String = RunFolder.home
  ) throws -> ExitCode {
    let folder = try RunFolder.find(run, in: home)
    if !isPlain, !json, Terminal.canShow() { return try view(folder) }
    var state = try RunState(specification: folder.specification())
    let reader = try JournalReader(at: folder.journal)
    let watcher = try FileWatcher()
    // SQLite's writer appends to this file; it is made and removed with the journal's connections.
    _ = try watcher.add(folder.path, FileWatcher.writes | FileWatcher.creation | FileWatcher.removal)
    var last = 0
    var isFirst = true
    while true {
      var lines: [String] = []
      var turn: [JournalRecord] = []
      try reader.replay(from: last + 1) { record in
        // Facts of one turn have one stamp; what is said of one depends on those that came with it.
        if let first = turn.first, first.stamp != record.stamp {
          for record in turn { lines += self.lines(for: record, state, json: json) }
          turn = []
        }
        state.apply(StampedFact(stamp: record.stamp, fact: record.fact))
        last = record.sequence
        if !isFirst { turn.append(record) }
      }
      for record in turn { lines += self.lines(for: record, state, json: json) }
      if isFirst, !json {
        show(try table(folder, "status") { _, service in Presentation.status(state, service: service) })
        if let line = pageLine(folder) { show(line) }
      }
      isFirst = false
      for line in lines { show(line) }
      if state.end != nil || state.isSuspended { break }
      if !waitReadable(watcher.descriptor.number, for: .seconds(5)), !folder.service.isThere {
        throw ServiceError(
          .notRunning, "no coordinator runs \(folder.name); `pasha-coord resume \(folder.name)` goes on")
      }
      while !watcher.events().isEmpty {}
    }
    return close(state, json: json)
  }

  /// What is said at the end.
  static func close(_ state: RunState, json: Bool) -> ExitCode {
    if json {
      show(Presentation.summaryJSON(state).jsonText(.strict))
    } else {
      show("\n" + Presentation.summary(state))
    }
    if state.isSuspended { return .paused }
    return Presentation.runStatus(state) == "failed" || state.totals.bestTrial == nil ? .runFailed : .success
  }

  private static func lines(for record: JournalRecord, _ state: RunState, json: Bool) -> [String] {
    let lines = Presentation.lines(for: StampedFact(stamp: record.stamp, fact: record.fact), in: state)
    guard json else { return lines }
    return lines.map {
      JSONValue.object([.init("sequence", .int(record.sequence)), .init("line", .string($0))]).jsonText(.strict)
    }
  }
}
