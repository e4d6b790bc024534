import Chronicle
import Coordination
import Scheduling
import Simulation
import Testing
import TuningModel

@Suite("The time that is left")
struct TimeLeftTests {
  /// Synthetic curves; an epoch takes from 5 to 15 s.
  private static func facts(
    _ name: SchedulerOptions.Name, seed: UInt64, trials: Int = 40, change: (inout SimulationSettings) -> Void = { _ in }
  ) throws -> (specification: RunSpecification, facts: [StampedFact]) {
    let curves = SyntheticCurves(epochs: 81, seed: seed)
    let rows = (0..<trials).map { index in
      let each = 5 + Double((index &* 7919) % 11)
      return CurveTable.Row(
        id: index, values: curves.values(of: index), seconds: (1...81).map { Double($0) * each })
    }
    var settings = SimulationSettings(
      method: .scheduler(SchedulerOptions(name: name, maxResource: 81)), label: "test", mode: .min, maxResource: 81,
      trials: trials, workers: 4, seed: seed)
    change(&settings)
    let simulation = try Simulation(table: CurveTable(name: "test", rows: rows), settings: settings)
    return try simulation.facts(of: SchedulerOptions(name: name, maxResource: 81))
  }

  /// The estimates at parts of a run's time, with what was left in truth.
  private static func estimates(
    _ run: (specification: RunSpecification, facts: [StampedFact]), at parts: [Double]
  ) throws -> [(left: Double, estimate: TimeLeft)] {
    let end = run.facts.last?.stamp.active.inSeconds ?? 0
    return try parts.map { part in
      var chronicle = try Chronicle(specification: run.specification)
      let now = end * part
      for (index, fact) in run.facts.enumerated() where fact.stamp.active.inSeconds <= now {
        chronicle.take(fact, sequence: index + 1)
      }
      return (end - now, chronicle.timeLeft(at: now))
    }
  }

  @Test(
    "lies between the bounds four times in five or so, whatever the scheduler",
    arguments: [SchedulerOptions.Name.pasha, .asha, .fifo, .medianStopping])
  func bounds(name: SchedulerOptions.Name) throws {
    var (held, all) = (0, 0)
    for seed in UInt64(0)..<12 {
      for (left, found) in try Self.estimates(Self.facts(name, seed: seed), at: [0.2, 0.4, 0.6, 0.8, 0.95]) {
        guard case .estimate(let estimate) = found else { continue }
        #expect(0 <= estimate.low && estimate.low <= estimate.seconds && estimate.seconds <= estimate.high)
        #expect(estimate.high.isFinite && !estimate.mayEndSooner)
        all += 1
        if estimate.low <= left, left <= estimate.high { held += 1 }
      }
    }
    #expect(all >= 50)
    #expect(Double(held) >= 0.75 * Double(all), "\(held) of \(all)")
  }

  @Test("is what max_wallclock_time leaves, where nothing else ends the run before")
  func wallClock() throws {
    let run = try Self.facts(.pasha, seed: 1) { $0.stop.maxWallclockTime = .seconds(150) }
    for (_, found) in try Self.estimates(run, at: [0.5, 0.9]) {
      guard case .estimate(let estimate) = found else { Issue.record("\(found)"); continue }
      #expect(estimate.basis == .wallclockTime)
      #expect(estimate.high <= 75.5)
      #expect(estimate.seconds == estimate.high)
    }
  }

  @Test("is told for a limit of reports, and that a value of the metric may end the run before")
  func evaluations() throws {
    let run = try Self.facts(.asha, seed: 2, trials: 200) {
      $0.stop.maxEvaluations = 120
      $0.stop.minMetricValue = -5
    }
    for (left, found) in try Self.estimates(run, at: [0.3, 0.6]) {
      guard case .estimate(let estimate) = found else { Issue.record("\(found)"); continue }
      #expect(estimate.basis == .evaluations && estimate.mayEndSooner)
      #expect(abs(estimate.seconds - left) < 0.5 * left)
    }
  }

  @Test("is told while the best trials are trained")
  func training() throws {
    let run = try Self.facts(.pasha, seed: 1) { $0.stop.trainBest = 2 }
    let began = try #require(run.facts.first { if case .trainingBegan = $0.fact { true } else { false } })
    let end = try #require(run.facts.last).stamp.active.inSeconds
    let part = (began.stamp.active.inSeconds + 1) / end
    let (left, found) = try #require(Self.estimates(run, at: [part + (1 - part) / 2]).first)
    guard case .estimate(let estimate) = found else { Issue.record("\(found)"); return }
    #expect(estimate.basis == .training)
    #expect(estimate.low <= left && left <= estimate.high, "\(left): \(estimate)")
  }

  @Test("is not told where it cannot be")
  func unknown() throws {
    let run = try Self.facts(.pasha, seed: 1)
    func left(_ change: (inout RunSpecification) -> Void, part: Double = 0.5) throws -> TimeLeft? {
      var specification = run.specification
      change(&specification)
      return try Self.estimates((specification, run.facts), at: [part]).first?.estimate
    }
    #expect(try left { $0.stop = StopCriterion() } == .unknown(.endless))
    #expect(try left { $0.stop = StopCriterion(minMetricValue: 0) } == .unknown(.endless))
    #expect(try left({ _ in }, part: 0.0) == .unknown(.tooEarly))
    #expect(try left({ _ in }, part: 1) == .unknown(.over))
    let halving = try Self.facts(.successiveHalving, seed: 1)
    #expect(try Self.estimates(halving, at: [0.5]).first?.estimate == .unknown(.scheduler))
  }

  @Test("is not told while no host takes work, but for the limit of time")
  func noHost() throws {
    func left(_ mark: HostMark?, limit: Duration? = nil) throws -> TimeLeft {
      let run = try Self.facts(.asha, seed: 3) { $0.stop.maxWallclockTime = limit }
      var chronicle = try Chronicle(specification: run.specification)
      let half = (run.facts.last?.stamp.active.inSeconds ?? 0) / 2
      for (index, fact) in run.facts.enumerated() where fact.stamp.active.inSeconds <= half {
        chronicle.take(fact, sequence: index + 1)
      }
      let stamp = try #require(chronicle.state.lastStamp)
      for name in Set(chronicle.state.agents.map(\.name)).sorted() {
        guard let mark else { break }
        chronicle.take(StampedFact(stamp: stamp, fact: .hostMarked(name, mark)), sequence: chronicle.sequence + 1)
      }
      return chronicle.timeLeft(at: half)
    }
    #expect(try left(.draining) == .unknown(.noHost))
    #expect(try left(.removed) == .unknown(.noHost))
    for mark in [nil, HostMark.inUse] {
      guard case .estimate = try left(mark) else { Issue.record("no estimate"); continue }
    }
    guard case .estimate(let estimate) = try left(.draining, limit: .seconds(1_000_000)) else {
      Issue.record("no estimate")
      return
    }
    #expect(estimate.basis == .wallclockTime && estimate.low == estimate.high && estimate.seconds > 900_000)
  }

  @Test("grows while nothing comes any more")
  func stall() throws {
    let run = try Self.facts(.asha, seed: 3)
    var chronicle = try Chronicle(specification: run.specification)
    let half = (run.facts.last?.stamp.active.inSeconds ?? 0) / 2
    for (index, fact) in run.facts.enumerated() where fact.stamp.active.inSeconds <= half {
      chronicle.take(fact, sequence: index + 1)
    }
    func seconds(_ after: Double) throws -> Double {
      guard case .estimate(let estimate) = chronicle.timeLeft(at: half + after) else { throw Unexpected() }
      return estimate.high
    }
    #expect(try seconds(1000) > 2 * seconds(0))
  }

  private struct Unexpected: Error {}
}
