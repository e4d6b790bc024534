import Chronicle
import Coordination
import Testing
import TuningModel

@Suite("What a screen is shown of a run")
struct QueryTests {
  @Test("The thinned timeline covers what ran, and is no longer than two segments a pixel", arguments: TestRuns.seeds)
  func timeline(seed: UInt64) throws {
    let chronicle = try TestRuns.chronicle(seed)
    let segments = chronicle.timeline.lanes.flatMap(\.segments)
    let from = segments.map(\.start).min() ?? 0
    let to = max(segments.filter { $0.end.isFinite }.map(\.end).max() ?? 1, from + 1)
    for width in [16, 100, 2000] {
      for lane in chronicle.timeline.lanes {
        let shown = Timeline.shown(lane, from: from, to: to, width: width)
        #expect(shown.count <= 2 * width + 2)
        for (a, b) in zip(shown, shown.dropFirst()) { #expect(a.end <= b.start) }
        for segment in shown { #expect(segment.start < segment.end && segment.start >= from && segment.end <= to) }
        let ran = lane.segments.reduce(0) { $0 + max(0, min($1.end, to) - max($1.start, from)) }
        let drawn = shown.reduce(0) { $0 + ($1.end - $1.start) * $1.busy }
        #expect(abs(ran - drawn) < 1e-6 * max(1, ran))
      }
    }
  }

  @Test("A thinned curve has its first, last and best point, and no more than asked for", arguments: TestRuns.seeds)
  func curves(seed: UInt64) throws {
    let chronicle = try TestRuns.chronicle(seed)
    for index in chronicle.state.trials.indices {
      let column = chronicle.trials[index].reports
      let all = column.ranked
      for limit in [2, 3, 8, 1000] {
        let shown = chronicle.curve(of: index, points: limit)
        #expect(shown.count <= limit && shown == shown.sorted())
        guard !all.isEmpty else { continue }
        #expect(shown.first == all.first && shown.last == all.last)
        if limit >= 3, let best = chronicle.state.trials[index].best {
          #expect(shown.contains { column.reports[$0].value == best.value })
        }
      }
    }
  }

  @Test("Thinned steps keep the ends, and the last step of every column")
  func steps() {
    for (count, limit) in [(0, 5), (1, 2), (3, 2), (1000, 10), (1000, 999), (5000, 500)] {
      let kept = Thinning.steps(count, limit: limit) { Double($0 * $0) }
      #expect(kept.count <= max(limit, 2) && kept == Set(kept).sorted())
      if count > 0 { #expect(kept.first == 0 && kept.last == count - 1) }
    }
    #expect(Thinning.steps(100, limit: 10) { _ in 5 } == [0, 99])
  }

  @Test("Thinned points keep the extremes")
  func extremes() {
    var generator = SeededGenerator(seed: 4, stream: 0)
    for count in [1, 10, 999, 10_000] {
      var values = (0..<count).map { _ in generator.nextUnit() }
      if count > 20 { for index in [0, 1, count / 2] { values[index] = .nan } }
      for limit in [8, 64, 500] {
        let logarithmic = Thinning.extremes(
          count, limit: limit, x: { Mathematics.log(Double($0 + 1)) }, value: { values[$0] })
        #expect(logarithmic.count <= limit && logarithmic == Set(logarithmic).sorted())
        #expect(logarithmic.map { values[$0] }.filter(\.isFinite).min() == values.filter(\.isFinite).min())
        let kept = Thinning.extremes(count, limit: limit) { values[$0] }
        #expect(kept.count <= limit && kept == Set(kept).sorted())
        #expect(kept.first == 0 && kept.last == count - 1)
        let finite = values.filter(\.isFinite)
        #expect(kept.map { values[$0] }.filter(\.isFinite).min() == finite.min())
        #expect(kept.map { values[$0] }.filter(\.isFinite).max() == finite.max())
      }
    }
  }

  @Test("The table is sorted, cut and searched", arguments: TestRuns.seeds)
  func table(seed: UInt64) throws {
    let chronicle = try TestRuns.chronicle(seed)
    let count = chronicle.state.trials.count
    var query = TrialQuery()
    query.limit = 500
    for sort in [TrialQuery.Sort.trial, .status, .value, .lastValue, .resource, .slotSeconds, .attempt, .host] {
      for order in [TrialQuery.Order.ascending, .descending, .best] {
        query.sort = sort
        query.order = order
        let (matched, rows) = chronicle.trials(query, at: 0)
        #expect(matched == count && Set(rows) == Set(0..<count))
        var pieces: [Int] = []
        var piece = query
        piece.limit = 3
        while pieces.count < count {
          piece.offset = pieces.count
          pieces += chronicle.trials(piece, at: 0).rows
        }
        #expect(pieces == rows)
        guard sort == .value else { continue }
        let values = rows.map { chronicle.state.trials[$0].best?.value }
        // Missing ones stand last in every order.
        #expect(values.drop { $0 != nil }.allSatisfy { $0 == nil })
      }
    }
    query.text = "=\(chronicle.state.trials.first.map { _ in "" } ?? "")"
    #expect(chronicle.trials(query, at: 0).matched == count)
    query.text = "no such text"
    #expect(chronicle.trials(query, at: 0).matched == 0)
    query.text = nil
    query.statuses = ["paused", "completed"]
    let wanted = chronicle.state.trials.count { query.statuses.contains($0.status.word) }
    #expect(chronicle.trials(query, at: 0).matched == wanted)
  }

  @Test("Events are had from both ends, piece by piece, and the oldest go when there are too many")
  func events() throws {
    let (_, specification) = TestRuns.facts(1)
    var chronicle = try Chronicle(specification: specification, eventBytes: 20_000)
    let stamp = Stamp(wall: Timestamp(microseconds: 1), active: .zero)
    for sequence in 1...3000 {
      chronicle.note(
        EventLog.Event(
          sequence: sequence * 2, stamp: stamp, kind: sequence % 3 == 0 ? "a" : "b",
          severity: sequence % 5 == 0 ? .error : .info, text: "event \(sequence)", trial: TrialID(sequence % 7),
          host: sequence % 2 == 0 ? "h" : nil))
    }
    let log = chronicle.events
    #expect(log.last == 6000 && log.first > 2 && log.count < 3000)
    var seen: [Int] = []
    var before = Int.max
    while true {
      let piece = log.events(.before(before), limit: 100)
      guard let first = piece.first else { break }
      seen = piece.map(\.sequence) + seen
      before = first.sequence
    }
    var forward: [Int] = []
    while case let piece = log.events(.after(forward.last ?? 0), limit: 77), !piece.isEmpty {
      forward += piece.map(\.sequence)
    }
    #expect(seen == forward && seen.count == log.count && seen.first == log.first && seen.last == 6000)
    #expect(log.events(.newest, limit: 3).map(\.text) == ["event 2998", "event 2999", "event 3000"])
    #expect(log.events(.newest, limit: 10, trial: TrialID(3)).allSatisfy { $0.trial == TrialID(3) })
    #expect(log.events(.newest, limit: 10, severity: .warning).allSatisfy { $0.severity == .error })
  }
}
