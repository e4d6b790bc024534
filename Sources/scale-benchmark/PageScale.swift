import Chronicle
import Coordination
import Foundation
import HostSystem
import Journal
import TuningModel

/// What the page's server holds of a long run, and how long it looks at it for an answer.
struct PageScale {
  let journal: JournalScale

  func measure() throws -> [JSONValue.Member] {
    let specification = try journal.prepare()
    let before = Self.residentBytes
    var chronicle = try Chronicle(specification: specification)
    let reader = try JournalReader(at: journal.path)
    // What reading costs without keeping anything.
    let (reading, _) = try JournalScale.timed { try reader.replay { _ in } }
    let (loading, _) = try JournalScale.timed {
      try reader.replay { record in
        chronicle.take(StampedFact(stamp: record.stamp, fact: record.fact), sequence: record.sequence)
      }
    }
    try reader.close()
    var figures: [JSONValue.Member] = [
      ScaleBenchmark.figure("facts", chronicle.sequence),
      ScaleBenchmark.figure("trials", chronicle.trials.count),
      ScaleBenchmark.figure("reports", chronicle.trials.reduce(0) { $0 + $1.reports.count }),
      ScaleBenchmark.figure("segments", chronicle.timeline.lanes.reduce(0) { $0 + $1.segments.count }),
      ScaleBenchmark.figure("read_s", reading),
      ScaleBenchmark.figure("read_and_take_s", loading),
      ScaleBenchmark.figure("resident_bytes", Self.residentBytes - before),
    ]
    var state = try RunState(specification: specification)
    let stateBefore = Self.residentBytes
    let again = try JournalReader(at: journal.path)
    let (applying, _) = try JournalScale.timed {
      try again.replay { state.apply(StampedFact(stamp: $0.stamp, fact: $0.fact)) }
    }
    figures.append(ScaleBenchmark.figure("read_and_apply_s", applying))
    figures.append(ScaleBenchmark.figure("state_bytes", Self.residentBytes - stateBefore))
    withExtendedLifetime(state) {}
    figures.append(.init("query_ms", .object(Self.queries(&chronicle))))
    return figures
  }

  private static func queries(_ chronicle: inout Chronicle) -> [JSONValue.Member] {
    var query = TrialQuery()
    query.sort = .value
    query.order = .best
    query.text = "relu"
    let start = chronicle.timeline.lanes.first?.segments.first?.start ?? 0
    let end = chronicle.timeline.lanes.last?.segments.last?.start ?? start + 1
    let trial = chronicle.trials.indices.max { chronicle.trials[$0].reports.count < chronicle.trials[$1].reports.count }
    var figures: [JSONValue.Member] = []
    func time(_ name: String, _ body: () -> Void) {
      // The second time is what counts: the first one fills caches.
      body()
      figures.append(ScaleBenchmark.figure(name, JournalScale.timed(body).seconds * 1000))
    }
    time("ranking") { _ = chronicle.ranking() }
    time("best_steps") { _ = chronicle.bestSteps(over: { $0.seconds }, limit: 500) }
    time("results_1000") { _ = chronicle.results(limit: 1000) }
    time("curves_50") {
      for trial in chronicle.chosen(.best, limit: 50).trials { _ = chronicle.curve(of: trial, points: 100) }
    }
    time("curves_500") {
      for trial in chronicle.chosen(.spread, limit: 500).trials { _ = chronicle.curve(of: trial, points: 100) }
    }
    time("curve_of_one") { _ = chronicle.curve(of: trial ?? 0, points: 500) }
    time("configurations_1000") { _ = chronicle.configurationRows(limit: 1000) }
    time("timeline_1000_pixels") {
      for lane in chronicle.timeline.lanes { _ = Timeline.shown(lane, from: start, to: end, width: 1000) }
    }
    time("table_sorted_and_searched") { _ = chronicle.trials(query, at: 0) }
    time("levels") { for index in chronicle.trials.indices { _ = chronicle.level(of: index) } }
    time("rung_entries") { _ = chronicle.state.scheduler.entries(system: 0, level: chronicle.levels[0][0]).count }
    time("importance_sample") { _ = chronicle.importanceSample() }
    let sample = chronicle.importanceSample()
    time("importance") { _ = Importance(sample) }
    return figures
  }

  private static var residentBytes: Int {
    let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
    return (text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * Int(getpagesize())
  }
}
