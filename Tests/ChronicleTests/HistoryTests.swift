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

  @Test("has the times of day of the facts themselves, however often the run was down", arguments: TestRuns.seeds)
  func timesOfDay(seed: UInt64) throws {
    var (facts, specification) = TestRuns.facts(seed)
    // An hour passes after every seventh fact while the time of the run stands still.
    for index in facts.indices {
      let stamp = facts[index].stamp
      let wall = Timestamp(microseconds: stamp.wall.microseconds + Int64(index / 7) * 3_600_000_000)
      facts[index] = StampedFact(stamp: Stamp(wall: wall, active: stamp.active), fact: facts[index].fact)
    }
    var chronicle = try Chronicle(specification: specification)
    var assigned: [TrialAttempt: Double] = [:]
    var begun: [TrialAttempt: Double] = [:]
    for (index, fact) in facts.enumerated() {
      chronicle.take(fact, sequence: index + 1)
      let wall = fact.stamp.wall.seconds
      switch fact.fact {
      case .attemptAssigned(let assignment): assigned[assignment.attempt] = wall
      case .attemptStarted(let attempt, _): begun[attempt] = begun[attempt] ?? wall
      default: break
      }
    }
    var count = 0
    for (index, trial) in chronicle.trials.enumerated() {
      for attempt in trial.attempts {
        let name = TrialAttempt(TrialID(index), Attempt(Int(attempt.attempt)))
        #expect(attempt.assignedWall == assigned[name])
        if attempt.started != nil { #expect(attempt.startedWall == begun[name]) }
        #expect((attempt.ended == nil) == (attempt.endedWall == nil))
        guard attempt.ended != nil else { continue }
        count += 1
        #expect(attempt.endedWall == facts[Int(attempt.endSequence) - 1].stamp.wall.seconds)
      }
    }
    #expect(count > 0)
  }

  @Test("a moment at which the run was down is that before, and none after it is told too early")
  func clock() throws {
    let (_, specification) = TestRuns.facts(1)
    var chronicle = try Chronicle(specification: specification)
    // Paused after 4.5 s, stopped 36 s later, gone on with after 5 s more.
    for (wall, active) in [(100.0, 0.0), (104.5, 4.5), (140.5, 4.5), (145.5, 4.5), (145.55, 4.55)] {
      let stamp = Stamp(
        wall: Timestamp(microseconds: Int64(wall * 1e6)), active: .milliseconds(Int64(active * 1000)))
      chronicle.take(StampedFact(stamp: stamp, fact: .specificationChanged(hash: "")), sequence: chronicle.sequence + 1)
    }
    #expect(chronicle.clock.wall(at: 2) == 102)
    #expect(abs(chronicle.clock.wall(at: Double(Float(4.5))) - 104.5) < 0.001)
    #expect(abs(chronicle.clock.wall(at: 4.55) - 145.55) < 0.001)
    #expect(abs(chronicle.clock.wall(at: 6) - 147) < 0.001)
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
