import Coordination
import Scheduling
import SearchSpace
import Simulation
import Testing
import TuningModel
import Wire

@Suite("What a run saved")
struct SavingsTests {
  /// A run of trials that reported these values, an epoch every so many seconds.
  private struct Run {
    var state: RunState
    var curves = RecordedCurves()
    private var seconds = 0.0
    private var sequence = 0

    init(_ scheduler: SchedulerOptions) throws {
      state = try RunState(
        specification: RunSpecification(
          experiment: Experiment(
            name: "t", entryPoint: ["true"], space: ConfigurationSpace([.init("x", .randint(lower: 0, upper: 99))]),
            metric: "loss"), scheduler: scheduler))
      take(.agentAdmitted(AgentAdmission(agent: AgentID(0), publicKey: "k", name: "h", origin: .launched)))
    }

    mutating func take(_ fact: Fact) {
      let time = Int64(seconds * 1e6)
      let stamped = StampedFact(
        stamp: Stamp(wall: Timestamp(microseconds: time), active: .microseconds(time)), fact: fact)
      state.apply(stamped)
      curves.note(stamped)
    }

    mutating func trial(
      _ index: Int, _ values: [Double], every step: Double, first: Double? = nil, epochs: [Int]? = nil
    ) {
      let attempt = TrialAttempt(TrialID(index), .first)
      take(
        .trialCreated(
          TrialCreation(
            trial: attempt.trial, configuration: Configuration([.init("x", .int(index))]), bracket: 0,
            origin: .searcher(draws: 1))))
      self.attempt(index, .first)
      for (place, value) in values.enumerated() {
        report(index, [value], every: place == 0 ? first ?? step : step, from: epochs?[place] ?? place + 1)
      }
    }

    mutating func attempt(_ index: Int, _ number: Attempt) {
      let attempt = TrialAttempt(TrialID(index), number)
      take(
        .attemptAssigned(
          AttemptAssignment(
            attempt: attempt, slot: SlotID(agent: AgentID(0), index: 0), milestone: 9, resumeFrom: nil,
            reason: number == .first ? .created : .promoted)))
      take(.attemptStarted(attempt, pid: 1))
    }

    mutating func report(
      _ index: Int, _ values: [Double], every step: Double, from first: Int,
      as disposition: ReportDisposition = .ranked,
      of number: Attempt = .first
    ) {
      for (place, value) in values.enumerated() {
        seconds += step
        sequence += 1
        take(
          .reportReceived(
            ReceivedReport(
              attempt: TrialAttempt(TrialID(index), number), sequence: sequence,
              readAt: Timestamp(microseconds: Int64(seconds * 1e6)), resource: first + place, value: value, fields: [],
              disposition: disposition)))
      }
    }

    mutating func end(_ index: Int, _ consequence: EndConsequence) {
      take(
        .attemptEnded(
          TrialAttempt(TrialID(index), .first),
          AttemptEnd(cause: .exited, exitStatus: 1, signal: nil, lastSequence: 0, seal: nil), consequence: consequence))
    }
  }

  private func options(_ name: SchedulerOptions.Name = .pasha, max: Int = 9) -> SchedulerOptions {
    SchedulerOptions(name: name, maxResource: max)
  }

  @Test("full training is every configuration to the end, at its own pace; one that failed ends where it failed")
  func full() throws {
    var run = try Run(options())
    // The first epoch of each has the start of the script in it.
    run.trial(0, [4, 3, 2], every: 2, first: 10)
    run.trial(1, [5, 4, 3], every: 3)
    run.trial(2, [6], every: 50)
    run.trial(3, [7, 7], every: 1)
    run.end(3, .failed(.code))
    let savings = Savings(curves: run.curves, state: run.state, slots: 2)
    #expect(savings.run.epochs == 9 && savings.run.assumedEpochs == 0 && savings.run.trials == 4)
    #expect(savings.run.seconds == 75.0)
    #expect(savings.full.epochs == 29 && savings.full.assumedEpochs == 20)
    // Trial 2 has one epoch: it goes on at the pace of the others, whose middle is 2.5 s.
    let beyond: [Double] = [6 * 2, 6 * 3, 8 * 2.5]
    #expect(savings.full.assumedSeconds == beyond.reduce(0, +))
    #expect(savings.full.seconds == 125.0)
    #expect(savings.full.wallSeconds == 62.5)
    #expect(savings.full.best == nil)
  }

  @Test("ASHA is the real scheduler on the measured curves, and what lies beyond them is counted apart")
  func asha() throws {
    // The order never changes: PASHA stays at 3 epochs. Of nine trials ASHA promotes three to 3 epochs and one to 9.
    var run = try Run(options())
    for index in 0..<9 { run.trial(index, (1...3).map { Double(index) + 1 / Double($0) }, every: 1) }
    let savings = Savings(curves: run.curves, state: run.state, slots: 1)
    let other = try #require(savings.other)
    #expect(other.label == "asha")
    let direct = try Simulation(
      table: CurveTable(
        name: "t",
        rows: (0..<9).map { index in
          CurveTable.Row(
            id: index, values: (1...9).map { Double(index) + 1 / Double(min($0, 3)) }, seconds: (1...9).map(Double.init)
          )
        }),
      settings: SimulationSettings(
        method: .scheduler(options(.asha)), label: "asha", mode: .min, maxResource: 9, trials: 9, workers: 1,
        order: Array(0..<9))
    ).run()
    #expect(other.epochs == direct.epochs)
    #expect(other.assumedEpochs == direct.reached.reduce(0) { $0 + max(0, $1 - 3) })
    #expect(other.assumedEpochs > 0 && other.epochs > other.assumedEpochs)
    #expect(other.seconds == Double(direct.epochs) && other.wallSeconds == direct.runtimeSeconds)
    // No value was made up that is better than what was measured.
    #expect(other.best == 1.0 / 3)
    #expect(savings.again?.label == "pasha" && savings.again?.maxResource == 3)
  }

  @Test("of a run of ASHA the other one is PASHA; schedulers without rungs are compared with both less")
  func others() throws {
    for (name, other) in [(.asha, "pasha"), (.pasha, "asha"), (.fifo, "asha")] as [(SchedulerOptions.Name, String)] {
      var run = try Run(options(name))
      for index in 0..<4 { run.trial(index, (1...9).map { 1 / Double($0 + index) }, every: 1) }
      let savings = Savings(curves: run.curves, state: run.state, slots: 1)
      #expect(savings.other?.label == other)
      #expect(savings.other?.assumedEpochs == 0)
      #expect((savings.again == nil) == (name == .fifo))
    }
  }

  @Test("curves with gaps have no times and no simulation; trials without a value are told of")
  func gaps() throws {
    var run = try Run(options())
    run.trial(0, [3, 2], every: 5, epochs: [5, 9])
    run.trial(1, [], every: 1)
    let savings = Savings(curves: run.curves, state: run.state, slots: 1)
    #expect(savings.run.epochs == 9 && savings.full.epochs == 18)
    #expect(savings.run.seconds == nil && savings.full.seconds == nil && savings.other == nil)
    #expect(savings.notes == [.gaps(values: 2), .withoutCurve(trials: 1)])
  }

  @Test("what was trained after the search is left out")
  func training() throws {
    var run = try Run(options())
    run.trial(0, (1...3).map(Double.init), every: 1)
    let searched = Savings.Searched(run.state)
    run.take(.trainingBegan(Training(end: RunEnd(reason: .wallclockTime, message: ""), trials: [TrialID(0)])))
    run.report(0, (4...9).map(Double.init), every: 1, from: 4)
    let savings = Savings(curves: run.curves, state: run.state, searched: searched, began: 2, slots: 1)
    #expect(savings.run.epochs == 3 && savings.run.seconds == 3 && savings.run.wallSeconds == 1)
    #expect(savings.full.epochs == 9 && savings.full.assumedEpochs == 0)
  }

  @Test("what was trained again, and past a milestone, is trained: in epochs, in time, and by itself")
  func extra() throws {
    var run = try Run(options())
    // Epochs 2 and 3 came without waiting for an answer, and are trained again: the script has no checkpoint.
    run.trial(0, [3], every: 2)
    run.report(0, [2, 1], every: 2, from: 2, as: .withheld)
    run.end(0, .paused)
    run.attempt(0, Attempt(2))
    run.report(0, [3], every: 3, from: 1, as: .recorded, of: Attempt(2))
    run.report(0, [2, 1], every: 3, from: 2, of: Attempt(2))
    let savings = Savings(curves: run.curves, state: run.state, slots: 1)
    #expect(run.state.totals.trained == 6 && run.state.totals.resource == 3)
    #expect(savings.run.epochs == 6 && savings.run.extraEpochs == 3 && savings.run.maxResource == 3)
    #expect(savings.run.seconds == 15 && savings.full.epochs == 9)
  }

  @Test("an empty run, values that are not finite, and a resource beyond the maximum are no trouble")
  func odd() throws {
    let empty = try Run(options())
    #expect(Savings(curves: empty.curves, state: empty.state, slots: 0).full.epochs == 0)
    var run = try Run(options())
    run.trial(0, [.nan, .infinity, -.infinity], every: 0)
    run.trial(1, (1...12).map(Double.init), every: 1)
    let savings = Savings(curves: run.curves, state: run.state, slots: 3)
    #expect(savings.run.epochs == 15 && savings.full.epochs == 18)
    #expect(savings.other != nil)
  }
}
