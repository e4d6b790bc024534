import Coordination
import Scheduling
import TuningModel
import Wire

/// Random facts of every kind.
struct RandomFacts {
  private var generator: SeededGenerator

  init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

  /// Kinds of facts; `fact(n)` is of the n-th.
  static let kinds = 50

  mutating func fact(_ kind: Int) -> Fact {
    switch kind {
    case 0:
      .runStarted(
        RunStart(
          run: text(), version: text(), specificationHash: text(), codeHash: maybe { $0.text() },
          randomSeed: generator.nextBits()))
    case 1: .runResumed(version: text())
    case 2: .runDraining(pick(Self.firstReasons), promotesStill: bool())
    case 3: .runClosing(end(), suspend: bool())
    case 4: .runSuspended
    case 5: .runFinished(end())
    case 6: .addressChosen(control: below(65536), bulk: below(65536))
    case 7: .joinTokenIssued(publicKey: text())
    case 8: .joinTokenUsed(publicKey: text())
    case 9:
      .agentAdmitted(
        AgentAdmission(
          agent: agent(), publicKey: text(), name: text(), origin: pick(AgentAdmission.Origin.allCases)))
    case 10:
      .agentGreeted(
        AgentGreeting(
          agent: agent(), version: text(), hostname: text(), machineID: text(), bootID: text(), home: text(),
          slots: below(4097), place: text(), devices: (0..<below(3)).map { _ in text() }, landlock: below(8)))
    case 11: .agentPrepared(agent(), failure: maybe { $0.text() })
    case 12: .agentReachability(agent(), pick(Reachability.allCases))
    case 13:
      .trialCreated(
        TrialCreation(
          trial: trial(), configuration: configuration(), bracket: count(),
          origin: bool() ? .point(count()) : .searcher(draws: offset())))
    case 14:
      .attemptAssigned(
        AttemptAssignment(
          attempt: attempt(), slot: SlotID(agent: agent(), index: count()), milestone: count(),
          resumeFrom: maybe { $0.count() }, reason: pick(AttemptAssignment.Reason.allCases),
          source: maybe { $0.holder() }))
    case 15: .attemptStarted(attempt(), pid: count())
    case 16:
      .attemptRefused(
        attempt(), StartRefusal(code: pick(StartRefusal.Code.allCases), detail: text()), consequence: consequence())
    case 17: .reportReceived(report())
    case 18: .withheldReportSettled(attempt(), sequence: offset(), disposition())
    case 19: .attemptHeld(attempt(), resource: anyInt())
    case 20: .attemptProceeded(attempt(), milestone: count())
    case 21: .attemptOrdered(attempt(), pick(AttemptOrder.allCases), reason: pick(OrderReason.allCases))
    case 22: .attemptEnded(attempt(), attemptEnd(), consequence: consequence())
    case 23: .trialStopped(trial())
    case 24: .checkpointsDropped(trial(), keeping: (0..<below(4)).map { _ in count() })
    case 25:
      .scheduling(
        .promotion(
          Promotion(
            trial: trial(), system: count(), fromLevel: count(), milestone: count(), rank: count(), rungSize: count(),
            value: double(), cutOff: double())))
    case 26:
      .scheduling(
        .maximumRaised(
          MaximumRaise(
            system: count(), from: count(), to: count(), topLevel: count(), previousLevel: count(), trial: trial(),
            position: count(), holder: trial(), trialValue: double(), holderValue: double(), epsilon: double())))
    case 27:
      .scheduling(
        .epsilonMeasured(
          EpsilonMeasurement(system: count(), epsilon: double(), previous: double(), noisyPairs: count())))
    case 28: .operatorCommand(.pauseRun)
    case 29: .operatorCommand(.stopRun)
    case 30: .operatorCommand(.stopTrial(trial()))
    case 31:
      .agentSlots(agent(), (0..<below(4)).map { SlotState(slot: $0, isUsable: bool(), reason: text()) })
    case 32: .hostAdded(host())
    case 33: .hostMarked(text(), pick(HostMark.allCases))
    case 34: .specificationChanged(hash: text())
    case 35: .checkpointCopied(trial(), generation: count(), holder())
    case 36: .checkpointsDeleted(trial(), agent())
    case 37: .trainingBegan(Training(end: end(), trials: (0..<below(4)).map { _ in trial() }))
    case 38:
      .scheduling(
        .stop(
          StopDecision(
            trial: trial(), system: count(), level: count(), rank: count(), count: count(), value: double(),
            bound: double(), rule: pick([.quantile, .threshold, .median, .percentile]))))
    case 39:
      .scheduling(
        .thresholdSet(
          ThresholdChange(
            system: count(), level: count(), trial: trial(), value: double(), previous: bool() ? double() : nil)))
    case 40:
      .scheduling(
        .promotion(
          Promotion(
            trial: trial(), system: count(), fromLevel: count(), milestone: count(), rank: count(), rungSize: count(),
            value: double(), cutOff: double(),
            rule: pick([.quantile, .cost(spent: double(), share: double()), .share(count())]))))
    case 41:
      .scheduling(
        .maximumRaised(
          MaximumRaise(
            system: count(), from: count(), to: count(), topLevel: count(), previousLevel: count(), trial: trial(),
            position: count(), holder: trial(), trialValue: double(), holderValue: double(), epsilon: double(),
            criterion: pick(RankingOptions.Criterion.allCases), score: bool() ? double() : nil)))
    case 42:
      .trialCreated(
        TrialCreation(
          trial: trial(), configuration: configuration(), bracket: count(), origin: .program,
          milestone: maybe { $0.count() }))
    case 43:
      .scheduling(
        .promotion(
          Promotion(
            trial: trial(), system: 0, fromLevel: count(), milestone: count(), rank: 0, rungSize: 0, value: double(),
            cutOff: double(), rule: .external)))
    case 44:
      .scheduling(
        .stop(
          StopDecision(
            trial: trial(), system: 0, level: count(), rank: 0, count: 0, value: double(), bound: double(),
            rule: .external)))
    case 45:
      .runClosing(RunEnd(reason: pick([.schedulerFinished, .schedulerFailed]), message: text()), suspend: bool())
    case 46: .runExtended
    case 47: .operatorCommand(.pauseTrial(trial()))
    case 48: .operatorCommand(.resumeTrial(trial()))
    default:
      .trialCreated(
        TrialCreation(trial: trial(), configuration: configuration(), bracket: count(), origin: .operator))
    }
  }

  /// Those that there were when the bytes of the kinds that use them were frozen.
  private static let firstReasons = RunEnd.Reason.allCases.filter {
    ![.schedulerFinished, .schedulerFailed].contains($0)
  }

  mutating func report() -> ReceivedReport {
    ReceivedReport(
      attempt: attempt(), sequence: offset(), readAt: Timestamp(microseconds: Int64(offset())),
      resource: maybe { $0.anyInt() }, value: maybe { $0.double() },
      fields: (0..<below(6)).map { JSONValue.Member("\($0)\(text())", value()) }, disposition: disposition())
  }

  private mutating func holder() -> CheckpointHolder { pick([.agent(agent()), .coordinator, .store]) }

  private mutating func host() -> HostOptions {
    HostOptions(
      name: text(), host: text(), user: maybe { $0.text() }, port: maybe { 1 + $0.below(65_535) },
      identityFile: maybe { $0.text() }, slots: maybe { 1 + $0.below(4096) },
      gpus: maybe { $0.pick([.all, .idle, .none, .listed(["0", "GPU-1"]), .listed([])]) },
      workDirectory: maybe { $0.text() }, connect: maybe { $0.pick(ClusterOptions.Connect.allCases) })
  }

  private mutating func disposition() -> ReportDisposition {
    pick([
      .ranked, .recorded, .withheld, .stale, .rejected(pick(ReportDisposition.RejectionReason.allCases)),
    ])
  }

  private mutating func consequence() -> EndConsequence {
    pick([
      .paused, .pending(pick(AttemptAssignment.Reason.allCases)), .completed, .stopped,
      .failed(pick(FailureKind.allCases)),
    ])
  }

  private mutating func attemptEnd() -> AttemptEnd {
    AttemptEnd(
      cause: pick(AttemptEnd.Cause.allCases), exitStatus: maybe { $0.below(256) }, signal: maybe { $0.below(65) },
      lastSequence: offset(),
      seal: maybe { random in
        Seal(
          generation: 1 + random.below(100), attempt: random.attempt().attempt, coveredSequence: random.offset(),
          coveredResource: random.maybe { $0.anyInt() }, files: random.count(), bytes: random.offset(), hash: "0badcafe"
        )
      }, errorTail: text(), startedAt: maybe { Timestamp(microseconds: Int64($0.count())) },
      endedAt: maybe { Timestamp(microseconds: Int64($0.count())) })
  }

  private mutating func end() -> RunEnd { RunEnd(reason: pick(Self.firstReasons), message: text()) }

  private mutating func value() -> JSONValue {
    pick([
      .null, .bool(bool()), .int(anyInt()), .double(double()), .string(text()), .array([.int(1), .string(text())]),
      .object([JSONValue.Member("k", .double(double()))]),
    ])
  }

  private mutating func configuration() -> Configuration {
    Configuration([
      Configuration.Entry("lr", .double(double())), Configuration.Entry("n", .int(anyInt())),
      Configuration.Entry("kind", .string(text())), Configuration.Entry("flag", .bool(bool())),
    ])
  }

  private mutating func below(_ bound: Int) -> Int { Int(generator.nextBelow(UInt64(bound))) }
  private mutating func bool() -> Bool { below(2) == 0 }
  private mutating func pick<Value>(_ values: [Value]) -> Value { values[below(values.count)] }
  private mutating func maybe<Value>(_ make: (inout RandomFacts) -> Value) -> Value? { bool() ? make(&self) : nil }
  private mutating func count() -> Int { pick([0, 1, Int(Int32.max), below(1000)]) }
  private mutating func offset() -> Int { pick([0, 1, 1 << 53, below(1_000_000_000)]) }
  private mutating func anyInt() -> Int { pick([.min, .max, -1, 0, below(1000)]) }
  private mutating func double() -> Double {
    pick([0.25, -.infinity, .infinity, .greatestFiniteMagnitude, generator.nextUnit()])
  }
  private mutating func text() -> String { pick(["", "a", "é日本🙂", "line\nline", "\"quoted\" \\"]) }
  private mutating func agent() -> AgentID { AgentID(count()) }
  private mutating func trial() -> TrialID { TrialID(count()) }
  private mutating func attempt() -> TrialAttempt { TrialAttempt(trial(), Attempt(1 + below(100))) }
}
