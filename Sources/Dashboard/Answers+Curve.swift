import Chronicle
import Coordination
import Hummingbird
import Journal
import Scheduling
import TuningModel

/// What one trial reported.
extension Answers {
  /// Names of numbers at most.
  static let mostSeries = 32
  /// Reports of a trial that are read from the journal at most; of more, those spread evenly.
  static let mostReports = 4096

  private struct Point: Sendable {
    var resource: Int
    var value: Double
    var seconds: Double
    var attempt: Int
    var counts: Bool
  }

  func curve(_ index: Int, _ parameters: inout QueryReader) async throws -> Response {
    let points = try parameters.whole("points", 2...4000) ?? 500
    try parameters.finish()
    let archive = self.archive
    let journal = source.journal
    let others = try await waits.run { () -> [(name: String, points: [Point])] in
      let (history, experiment) = try archive.look { chronicle in
        try Self.known(index, chronicle)
        return (chronicle.trials[index], chronicle.state.specification.experiment)
      }
      return try Self.others(history, experiment, journal)
    }
    return try await look { chronicle, writer in
      try Self.known(index, chronicle)
      let history = chronicle.trials[index]
      let metric = Self.metric(history)
      writer.object { writer in
        writer.member("trial", index)
        writer.array("series") { writer in
          let name = chronicle.state.specification.experiment.metric
          for series in [(name: name, points: metric)] + others {
            Self.write(series, points, Set(chronicle.milestones(of: index)), chronicle, &writer)
          }
        }
        Self.rungs(index, chronicle, &writer)
        writer.array("attempts") { writer in
          for attempt in history.attempts.suffix(200) {
            writer.object { writer in
              writer.member("attempt", max(1, Int(attempt.attempt)))
              writer.member("from_resource", max(0, Int(attempt.from)))
              writer.member("host", Self.host(attempt, chronicle))
            }
          }
        }
      }
    }
  }

  // MARK: Series

  private static func metric(_ history: TrialHistory) -> [Point] {
    let column = history.reports
    var attempt = 0
    return column.reports.indices.map { index in
      while attempt + 1 < history.attempts.count, Int(history.attempts[attempt + 1].firstReport) <= index {
        attempt += 1
      }
      let report = column.reports[index]
      return Point(
        resource: Int(report.resource), value: report.value, seconds: Double(report.seconds),
        attempt: history.attempts.isEmpty ? 1 : Int(history.attempts[attempt].attempt),
        counts: column.kinds[index] == .ranked)
    }
  }

  /// The other numbers stand in the journal alone: each report is read at its place there.
  private static func others(
    _ history: TrialHistory, _ experiment: Experiment, _ journal: String
  ) throws -> [(name: String, points: [Point])] {
    let metric = metric(history)
    guard !metric.isEmpty else { return [] }
    let reader = try JournalReader(at: journal)
    defer { try? reader.close() }
    var names: [String] = []
    var series: [String: [Point]] = [:]
    for index in Thinning.evenly(metric.count, limit: mostReports) {
      let sequence = Int(history.reports.sequences[index])
      guard case .reportReceived(let report)? = try reader.tail(after: sequence - 1, limit: 1).first?.fact else {
        continue
      }
      for field in report.fields where field.key != experiment.metric && field.key != experiment.resourceAttribute {
        guard let value = number(field.value) else { continue }
        if series[field.key] == nil {
          guard names.count < mostSeries - 1 else { continue }
          names.append(field.key)
        }
        var point = metric[index]
        point.value = value
        series[field.key, default: []].append(point)
      }
    }
    return names.map { ($0, series[$0] ?? []) }
  }

  private static func number(_ value: JSONValue) -> Double? {
    switch value {
    case .int(let value): Double(value)
    case .double(let value): value
    default: nil
    }
  }

  private static func write(
    _ series: (name: String, points: [Point]), _ limit: Int, _ milestones: Set<Int>, _ chronicle: Chronicle,
    _ writer: inout JSONWriter
  ) {
    let mode = chronicle.state.specification.experiment.mode
    var best: Int?
    var kept: [Int] = []
    for (index, point) in series.points.enumerated() where point.counts {
      if best.map({ mode.isBetter(point.value, than: series.points[$0].value) }) ?? true { best = index }
      if milestones.contains(point.resource) { kept.append(index) }
    }
    let shown = Thinning.extremes(
      series.points.count, limit: limit, keeping: (best.map { [$0] } ?? []) + kept,
      x: { Mathematics.log(Double(max(1, series.points[$0].resource))) }, value: { series.points[$0].value })
    writer.object { writer in
      writer.member("name", series.name)
      writer.member("total", series.points.count)
      writer.array("points") { writer in
        for index in shown {
          let point = series.points[index]
          writer.object { writer in
            writer.member("resource", max(1, point.resource))
            writer.member("value", point.value)
            writer.member("at", chronicle.clock.wall(at: point.seconds))
            writer.member("attempt", max(1, point.attempt))
            writer.member("counts", point.counts)
          }
        }
      }
    }
  }

  // MARK: Rungs

  private static func rungs(_ index: Int, _ chronicle: Chronicle, _ writer: inout JSONWriter) {
    let ladder = chronicle.state.scheduler.ladder
    writer.array("rungs") { writer in
      guard !ladder.isEmpty else { return }
      let trial = chronicle.state.trials[index]
      let system = max(0, min(ladder.count - 1, trial.bracket))
      let column = chronicle.trials[index].reports
      let ranked = column.ranked
      for rung in ladder[system].rungs where rung.level <= trial.resource {
        let entries = chronicle.state.scheduler.entries(system: system, level: rung.level)
        guard let place = entries.firstIndex(where: { $0.trial == trial.id }) else { continue }
        // The rung was entered by the first report that reached it.
        let first = ranked.first { column.reports[$0].resource >= rung.level }
        let entered = first.map { Double(column.reports[$0].seconds) }
        let promotion = chronicle.trials[index].promotions.last { Int($0.level) == rung.level }
        writer.object { writer in
          writer.member("level", rung.level)
          writer.member("at", chronicle.clock.wall(at: entered ?? 0))
          writer.member("value", entries[place].value)
          writer.member("rank", place + 1)
          writer.member("of", max(1, entries.count))
          writer.maybe("promoted_at", promotion?.wall)
          writer.maybe(
            "cut_off", promotion?.cutOff ?? chronicle.state.scheduler.cutOff(system: system, level: rung.level))
        }
      }
    }
  }
}
