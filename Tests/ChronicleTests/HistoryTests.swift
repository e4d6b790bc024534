import Chronicle
import Coordination
import Testing
import TuningModel

@Suite("The history of a run")
struct HistoryTests {
  @Test("is the same whether it is looked at between the facts or not", arguments: TestRuns.seeds)
  func looking(seed: UInt64) throws {
    let (facts, specification) = TestRuns.facts(seed)
    var looked = try Chronicle(specification: specification)
    var query = TrialQuery()
    query.sort = .value
    query.order = .best
    for (index, fact) in facts.enumerated() {
      looked.take(fact, sequence: index + 1)
      guard index % 50 == 0 else { continue }
      _ = looked.ranking()
      _ = looked.trials(query, at: 0)
      _ = looked.chosen(.spread, limit: 3)
      _ = looked.importanceSample()
      for lane in looked.timeline.lanes { _ = Timeline.shown(lane, from: 0, to: 1e10, width: 100) }
    }
    #expect(try dump(looked) == dump(TestRuns.chronicle(seed)))
    // A copy that was taken on the way goes on to the same.
    var later = try TestRuns.chronicle(seed, upTo: facts.count / 2)
    for index in facts.count / 2..<facts.count { later.take(facts[index], sequence: index + 1) }
    #expect(dump(later) == dump(looked))
  }

  @Test("has the best values and the rises that the facts tell", arguments: TestRuns.seeds)
  func stepsAndRises(seed: UInt64) throws {
    let (facts, specification) = TestRuns.facts(seed)
    let chronicle = try TestRuns.chronicle(seed)
    let mode = specification.experiment.mode
    #expect(chronicle.steps.last?.value == chronicle.state.bestSoFar)
    for (a, b) in zip(chronicle.steps, chronicle.steps.dropFirst()) {
      #expect(mode.isBetter(b.value, than: a.value))
      #expect(a.spent <= b.spent && a.seconds <= b.seconds)
    }
    var raises = 0
    for (index, stamped) in facts.enumerated() {
      guard case .scheduling(.maximumRaised(let raise)) = stamped.fact else { continue }
      #expect(chronicle.rises[raises].raise == raise)
      #expect(chronicle.rises[raises].sequence == index + 1)
      raises += 1
    }
    #expect(chronicle.rises.count == raises)
  }

  @Test("keeps every usable report, and the curve that the scheduler knows", arguments: TestRuns.seeds)
  func reports(seed: UInt64) throws {
    let chronicle = try TestRuns.chronicle(seed)
    for (index, trial) in chronicle.state.trials.enumerated() {
      let column = chronicle.trials[index].reports
      #expect(column.count == trial.usableReports)
      let ranked = column.ranked.map { column.reports[$0] }
      #expect(ranked.map { Int($0.resource) }.max() ?? 0 == trial.resource)
      #expect(ranked.last?.value == trial.lastValue || ranked.last?.value.isNaN == true)
      let finite = ranked.map(\.value).filter(\.isFinite)
      let best = chronicle.state.specification.experiment.mode == .min ? finite.min() : finite.max()
      #expect(best == trial.best?.value)
    }
  }

  @Test("has attempts that add up to the time in slots", arguments: TestRuns.seeds)
  func attempts(seed: UInt64) throws {
    let chronicle = try TestRuns.chronicle(seed)
    var seconds = 0.0
    for (index, trial) in chronicle.state.trials.enumerated() {
      let attempts = chronicle.trials[index].attempts
      #expect(attempts.map { Int($0.attempt) } == Array(1..<(trial.attempt?.rawValue ?? 0) + 1))
      for attempt in attempts {
        if let ended = attempt.ended { seconds += ended - attempt.assigned }
        #expect((attempt.ended == nil) == (attempt.ending == nil))
      }
      #expect((attempts.last.map { $0.ended == nil } ?? false) == trial.isActive)
    }
    #expect(abs(seconds - chronicle.state.totals.slotTime.inSeconds) < 1e-3)
  }

  @Test("has lanes whose segments are in order and do not overlap", arguments: TestRuns.seeds)
  func lanes(seed: UInt64) throws {
    let chronicle = try TestRuns.chronicle(seed)
    #expect(!chronicle.timeline.lanes.isEmpty)
    for lane in chronicle.timeline.lanes {
      for segment in lane.segments { #expect(segment.start < segment.end) }
      for (a, b) in zip(lane.segments, lane.segments.dropFirst()) { #expect(a.end <= b.start) }
      for segment in lane.segments.dropLast() { #expect(segment.end.isFinite) }
    }
    // What is open is what is active.
    let open = chronicle.timeline.lanes.flatMap(\.segments).filter { $0.end == .infinity }
    #expect(open.map { Int($0.trial) }.sorted() == chronicle.state.activeTrials.map(\.rawValue))
  }

  @Test("passes over facts that do not fit the run")
  func foreign() throws {
    let (facts, specification) = TestRuns.facts(3)
    var chronicle = try Chronicle(specification: specification)
    for (index, fact) in facts.reversed().enumerated() { chronicle.take(fact, sequence: index + 1) }
    for (index, fact) in facts.enumerated() {
      chronicle.take(fact, sequence: index + 1)
      chronicle.take(fact, sequence: index + 1)
    }
    for index in chronicle.state.trials.indices { _ = chronicle.curve(of: index, points: 10) }
    #expect(chronicle.trials.count == chronicle.state.trials.count)
  }
}
