import Coordination
import Presentation
import Scheduling
import SearchSpace
import Testing
import TuningModel
import Wire

/// What commands say of a run, made of its facts.
@Suite("Words of commands")
struct WordsTests {
  private static let specification = RunSpecification(
    experiment: Experiment(
      name: "t", entryPoint: ["true"], space: ConfigurationSpace([.init("x", .randint(lower: 0, upper: 99))]),
      metric: "loss"), scheduler: SchedulerOptions(name: .pasha, maxResource: 27))

  /// Facts of a run, a second each.
  private struct Facts {
    var all: [StampedFact] = []

    mutating func add(_ facts: Fact...) {
      for fact in facts {
        let seconds = Int64(all.count + 1)
        all.append(
          StampedFact(
            stamp: Stamp(wall: Timestamp(microseconds: seconds * 1_000_000), active: .seconds(seconds)), fact: fact))
      }
    }

    init() {
      add(
        .runStarted(RunStart(run: "run-1", version: "1", specificationHash: "a", codeHash: nil, randomSeed: 1)),
        .agentAdmitted(AgentAdmission(agent: AgentID(0), publicKey: "k", name: "gpu1", origin: .launched)),
        .agentGreeted(
          AgentGreeting(
            agent: AgentID(0), version: "1", hostname: "gpu1", machineID: "m", bootID: "b", home: "/p", slots: 1)),
        .agentPrepared(AgentID(0), failure: nil),
        .trialCreated(
          TrialCreation(
            trial: TrialID(0), configuration: Configuration([.init("x", .int(1))]), bracket: 0,
            origin: .searcher(draws: 1))))
    }

    mutating func assign(_ attempt: Int, _ reason: AttemptAssignment.Reason = .created, from seal: Int? = nil) {
      let name = TrialAttempt(TrialID(0), Attempt(attempt))
      add(
        .attemptAssigned(
          AttemptAssignment(
            attempt: name, slot: SlotID(agent: AgentID(0), index: 0), milestone: 1, resumeFrom: seal, reason: reason)))
    }

    mutating func report(
      _ resource: Int, as disposition: ReportDisposition = .ranked, of attempt: Int = 1, value: Double? = nil
    ) {
      add(
        .reportReceived(
          ReceivedReport(
            attempt: TrialAttempt(TrialID(0), Attempt(attempt)), sequence: all.count,
            readAt: Timestamp(microseconds: 0), resource: resource, value: value ?? 1 / Double(resource), fields: [],
            disposition: disposition)))
    }

    mutating func end(
      _ consequence: EndConsequence, of attempt: Int = 1, covering resource: Int? = nil, tail: String = ""
    ) {
      let seal = resource.map {
        Seal(
          generation: 1, attempt: Attempt(attempt), coveredSequence: 1, coveredResource: $0, files: 1, bytes: 1,
          hash: "h")
      }
      add(
        .attemptEnded(
          TrialAttempt(TrialID(0), Attempt(attempt)),
          AttemptEnd(cause: .failed, exitStatus: 1, signal: nil, lastSequence: 0, seal: seal, errorTail: tail),
          consequence: consequence))
    }

    func state() throws -> RunState {
      var state = try RunState(specification: WordsTests.specification)
      for fact in all { state.apply(fact) }
      return state
    }

    func explained() throws -> String {
      var explanation = try TrialExplanation(trial: TrialID(0), specification: WordsTests.specification)
      for fact in all { explanation.take(fact) }
      explanation.finish()
      return Presentation.explanation(explanation, isServed: true) ?? ""
    }

    func shown() throws -> String {
      var record = try TrialRecord(trial: TrialID(0), specification: WordsTests.specification)
      for fact in all { record.take(fact) }
      return Presentation.record(record) ?? ""
    }
  }

  @Test("what was trained is what all attempts reported from where they began, whatever became of the reports")
  func trained() throws {
    var run = Facts()
    run.assign(1)
    run.report(1)
    // The script does not wait at its milestone; a report may jump, and one that is unusable tells of nothing.
    run.report(2, as: .withheld)
    run.report(5, as: .withheld)
    run.report(9, as: .rejected(.metricMissing))
    #expect(try run.state().totals.trained == 5)
    run.end(.pending(.restarted), covering: 3)
    // From the checkpoint.
    run.assign(2, .restarted, from: 1)
    run.report(4, of: 2)
    #expect(try run.state().totals.trained == 6)
    run.end(.pending(.restarted), of: 2)
    // The checkpoint was damaged, or the script does not read it: it begins again.
    run.assign(3, .restarted, from: 1)
    run.report(1, as: .recorded, of: 3)
    run.report(2, as: .recorded, of: 3)
    let state = try run.state()
    #expect(state.totals.trained == 8 && state.totals.resource == 4)
    #expect(state.trials[0].trained == 8)
    #expect(Presentation.summary(state).contains("1 trial, 7 reports, 8 epochs,"))
    #expect(Presentation.summary(state).contains("70.4 % of the 27 epochs that training all trials in full would take"))
    #expect(Presentation.summary(state).contains("0 promotions without a restart"))
    #expect(Presentation.summaryJSON(state).member("resource") == .int(8))
    // A script may report any whole number.
    run.report(.max, as: .withheld, of: 3)
    run.assign(4, .restarted)
    run.report(.max, as: .withheld, of: 4)
    #expect(try run.state().totals.trained == .max)
  }

  @Test("a trial paused at its milestone is told to go on to nothing until it is promoted")
  func next() throws {
    var run = Facts()
    run.assign(1)
    run.report(1)
    #expect(try run.shown().contains("next: epoch 1 ("))
    run.end(.paused, covering: 1)
    #expect(try run.shown().contains("next: nothing until it is promoted (`pasha-coord explain 0` says why)"))
    run.add(
      .scheduling(
        .promotion(
          Promotion(
            trial: TrialID(0), system: 0, fromLevel: 1, milestone: 3, rank: 0, rungSize: 3, value: 1, cutOff: 1))))
    #expect(try run.shown().contains("next: epoch 3 (`pasha-coord explain 0` says why)"))
  }

  @Test("the maximum stands where it is while the run goes on, and ended there once it is over")
  func maximum() throws {
    var run = Facts()
    run.assign(1)
    run.report(1)
    #expect(try Presentation.summary(run.state()).contains("the maximum resource stands at 3 of 27"))
    run.end(.paused)
    run.add(.runFinished(RunEnd(reason: .trialsStarted, message: "")))
    #expect(try Presentation.summary(run.state()).contains("the maximum resource ended at 3 of 27"))
  }

  @Test("a trial that failed says why, and one that was refused says so, with names that people know")
  func explained() throws {
    var run = Facts()
    run.assign(1)
    let refusal = StartRefusal(code: .slotBusy, detail: "9#1 is in slot 0")
    run.add(.attemptRefused(TrialAttempt(TrialID(0), .first), refusal, consequence: .pending(.restarted)))
    #expect(
      try Presentation.lines(for: #require(run.all.last), in: run.state()).first?.contains(
        "trial 0 was not started: attempt 1 of trial 9 is in slot 0") == true)
    #expect(try run.shown().contains("was not started: attempt 1 of trial 9 is in slot 0"))
    run.assign(2, .restarted)
    let text = try run.explained()
    #expect(text.contains("did not start attempt 1: attempt 1 of trial 9 is in slot 0"))
    #expect(text.contains("as the attempt before was refused"))
    run.end(.failed(.code), of: 2, tail: "ValueError: bad luck\n")
    #expect(try run.explained().contains("now: it failed at epoch 0: an error in its code (ValueError: bad luck)"))
    var lost = Facts()
    lost.assign(1)
    lost.end(.pending(.restarted))
    lost.assign(2, .restarted)
    #expect(try lost.explained().contains("as the attempt before was lost"))
  }

  @Test("hosts of a run that is over are not ready, and nothing waits for a reason")
  func over() throws {
    var run = Facts()
    #expect(try Presentation.hosts(run.state()).contains("ready"))
    run.add(.runFinished(RunEnd(reason: .stoppedByOperator, message: "")))
    let state = try run.state()
    #expect(!Presentation.hosts(state).contains("ready") && Presentation.hosts(state).contains("over"))
    #expect(Presentation.hosts(state).contains("the run is over"))
    #expect(Presentation.hostsJSON(state).jsonText(.strict).contains(#""state":"over""#))
    var waiting = try WaitingExplanation(specification: Self.specification)
    for fact in run.all { waiting.take(fact) }
    let json = Presentation.explanationJSON(waiting, at: Timestamp(microseconds: 0), isServed: false)
    #expect(json.member("reason") == .string("the run is over (stopped by an operator)"))
  }

  @Test("a run that ended without a finite value says so wherever it is told of")
  func withoutValue() throws {
    var run = Facts()
    run.assign(1)
    run.report(1, value: .nan)
    #expect(try Presentation.endMessage(run.state()) == nil)
    run.end(.paused)
    run.add(.runFinished(RunEnd(reason: .trialsStarted, message: "")))
    let state = try run.state()
    let why = "no trial reported a finite loss: its one value is NaN or infinite"
    #expect(Presentation.summary(state).contains(why))
    #expect(Presentation.summaryJSON(state).member("message") == .string(why))
    #expect(Presentation.status(state, service: .none).contains(why))
    let listed = [Presentation.ListedRun(name: "run-1", state: state, service: .none)]
    #expect(Presentation.list(listed).contains("none finite"))
    #expect(Presentation.listJSON(listed).jsonText(.strict).contains(why))
    var silent = Facts()
    silent.add(.runFinished(RunEnd(reason: .stoppedByOperator, message: "")))
    #expect(try Presentation.endMessage(silent.state()) == "no trial reported loss")
    silent = Facts()
    silent.add(.runFinished(RunEnd(reason: .tooManyFailures, message: "its own")))
    #expect(try Presentation.endMessage(silent.state()) == "its own")
  }

  @Test("what was removed by hand after the end is told apart from what was never written")
  func cleaned() throws {
    var run = Facts()
    run.assign(1)
    run.report(1)
    #expect(try Presentation.summary(run.state()).contains("checkpoint: none was written"))
    run.end(.paused, covering: 1)
    run.add(
      .runFinished(RunEnd(reason: .stoppedByOperator, message: "")), .checkpointsDropped(TrialID(0), keeping: []))
    #expect(
      try Presentation.summary(run.state()).contains(
        "checkpoint: none is left, what was sealed has been removed or lost"))
    #expect(try run.explained().contains("its checkpoint is removed: somebody cleaned up after the run"))
    #expect(try !run.explained().contains("keep_best"))
  }

  @Test("full training takes trials that failed as far as they came")
  func full() throws {
    var run = Facts()
    run.assign(1)
    run.report(4)
    run.add(
      .trialCreated(
        TrialCreation(
          trial: TrialID(1), configuration: Configuration([.init("x", .int(2))]), bracket: 0,
          origin: .searcher(draws: 2))))
    #expect(
      try Presentation.summary(run.state()).contains("of the 27 epochs that training all trials in full would take"))
    run.end(.failed(.code))
    #expect(
      try Presentation.summary(run.state()).contains(
        "0 % of the 4 epochs that training all trials in full would take, those that failed as far as they came"))
  }

  @Test("a trial waits in the time of the run, which stands still while nobody runs it")
  func standing() throws {
    var waiting = try WaitingExplanation(specification: Self.specification)
    for fact in Facts().all { waiting.take(fact) }
    let now = Timestamp(microseconds: 60_000_000)
    #expect(
      Presentation.explanation(waiting, at: now, isServed: false).contains(
        "(0 ms of the run's time, which stands still while nobody runs it), new"))
    #expect(Presentation.explanation(waiting, at: now, isServed: true).contains("(55.0 s), new"))
  }
}
