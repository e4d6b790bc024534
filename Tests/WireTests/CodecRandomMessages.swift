import TuningModel
import Wire

/// Random messages of every kind: `cases` of each type, and `make(n)` gives the n-th case.
extension RandomValues {
  static let agentMessageKinds = 13
  mutating func agentMessage(_ kind: Int) -> AgentMessage {
    switch kind {
    case 0: .hello(hello())
    case 1: .heartbeat(sentAt: instant())
    case 2: .reports(trialAttempt(), reports())
    case 3: .started(trialAttempt(), pid: positive())
    case 4: .held(trialAttempt(), resource: anyInt())
    case 5: .ended(trialAttempt(), end())
    case 6: .refused(trialAttempt(), refusal())
    case 7: .prepared(Preparation(codeHash: pick(["", hash()]), failure: maybe { $0.text() }))
    case 8: .checkpointsDeleted(trial())
    case 9: .join(publicKey: publicKey(), name: name())
    case 10: .slotStates(some(4) { SlotState(slot: $0.number(in: 0...4096), isUsable: $0.bool(), reason: $0.text()) })
    case 11: .checkpointFetched(checkpoint())
    default: .checkpointStored(checkpoint())
    }
  }

  private mutating func reports() -> [TrialReport] {
    let first = 1 + offset() / 2
    return (0...below(4)).map { index in
      TrialReport(
        sequence: first + index, readAt: timestamp(), fields: some(6) { $0.member() }, isTruncated: bool())
    }
  }

  private mutating func hello() -> AgentHello {
    AgentHello(
      hostname: name(), machineID: name(), bootID: name(), name: name(), pid: positive(), slots: number(in: 0...4096),
      home: path(),
      inventory: some(4) { random in
        AttemptInventory(
          attempt: random.trialAttempt(), slot: random.count(), milestone: random.count(),
          phase: random.pick([.running, .held(resource: random.anyInt()), .ended(random.end())]),
          lastSequence: random.offset())
      }, place: name(), devices: some(3) { $0.text() }, landlock: count(),
      saidAt: instant())
  }

  static let coordinatorMessageKinds = 14
  mutating func coordinatorMessage(_ kind: Int) -> CoordinatorMessage {
    switch kind {
    case 0: .welcome(welcome())
    case 1: .rejected(code: pick(RejectionCode.allCases), message: text())
    case 2: .sayHello
    case 3: .heartbeatEcho(sentAt: instant())
    case 4:
      .start(
        StartAttempt(
          attempt: trialAttempt(), slot: count(), configuration: configuration(), milestone: positive(),
          maximum: positive(), resumeFrom: maybe { $0.positive() },
          source: maybe { CheckpointSource(seal: $0.seal(), holder: $0.holder()) }, lastGeneration: count()))
    case 5: .proceed(trialAttempt(), milestone: positive())
    case 6: .pause(trialAttempt())
    case 7: .stop(trialAttempt())
    case 8: .complete(trialAttempt())
    case 9: .acknowledgeReports(trialAttempt(), through: offset())
    case 10: .acknowledgeEnd(trialAttempt())
    case 11: .deleteCheckpoints(trial(), keeping: some(3) { $0.positive() })
    case 12: .dismiss
    default: .joined
    }
  }

  private mutating func welcome() -> Welcome {
    Welcome(
      run: folderName(), agent: AgentID(count()), heartbeat: duration(atLeast: 1), lease: duration(atLeast: 1),
      program: program(),
      verdicts: some(4) { random in
        Verdict(
          attempt: random.trialAttempt(), action: random.pick([.keep(afterSequence: random.offset()), .end]))
      }, answers: instant())
  }

  static let agentBulkMessageKinds = 6
  mutating func agentBulkMessage(_ kind: Int) -> AgentBulkMessage {
    switch kind {
    case 0: .hello
    case 1: .manifestRequest(tree: hash())
    case 2:
      .chunkRequest(
        tree: hash(), file: number(in: 0...49_999), offset: offset(), length: number(in: 1...(1 << 20)))
    case 3: .checkpointRequest(checkpointRequest())
    case 4: .checkpointAnswer(checkpointAnswer())
    default:
      .logChunk(
        request: count(),
        LogChunk(
          offset: offset(), bytes: some(300) { UInt8($0.below(256)) }, size: offset(), failure: maybe { $0.text() }))
    }
  }

  static let coordinatorBulkMessageKinds = 6
  mutating func coordinatorBulkMessage(_ kind: Int) -> CoordinatorBulkMessage {
    switch kind {
    case 0: .manifest(tree: hash(), tree())
    case 1:
      .chunk(
        tree: hash(), file: number(in: 0...49_999), offset: offset(), bytes: some(300) { UInt8($0.below(256)) })
    case 2: .noSuchTree(tree: hash())
    case 3: .checkpointRequest(checkpointRequest())
    case 4: .checkpointAnswer(checkpointAnswer())
    default:
      .logRequest(
        request: count(),
        LogRequest(
          attempt: trialAttempt(), stream: pick(LogRequest.Stream.allCases),
          offset: number(in: -WireLimits.maximumOffset...WireLimits.maximumOffset), limit: number(in: 1...(1 << 20))))
    }
  }

  static let supervisorCommandKinds = 5
  mutating func supervisorCommand(_ kind: Int) -> SupervisorCommand {
    switch kind {
    case 0: .proceed(milestone: positive(), isLast: bool())
    case 1: .pause
    case 2: .stop
    case 3: .complete
    default: .lease(deadline: instant())
    }
  }

  static let supervisorEventKinds = 3
  mutating func supervisorEvent(_ kind: Int) -> SupervisorEvent {
    switch kind {
    case 0: .running(pid: count(), milestone: count())
    case 1: .held(resource: anyInt(), milestone: count())
    default: .ended(end())
    }
  }

  mutating func plan() -> AttemptPlan {
    AttemptPlan(
      run: folderName(), attempt: trialAttempt(), slot: count(), arguments: ["python"] + some(6) { $0.text() },
      environment: environment(), workFolder: path(), checkpointFolder: path(), sealFolder: path(),
      resumeFrom: maybe { $0.positive() }, milestone: positive(), isLastMilestone: bool(), holdsAtMilestone: bool(),
      resourceAttribute: text(atLeast: 1), metric: text(atLeast: 1), settle: duration(), holdLimit: duration(),
      grace: duration(), keptGenerations: number(in: 1...1024), lease: instant(), lockFiles: some(3) { $0.path() },
      sandbox: sandbox(), quota: maybe { $0.offset() }, lastGeneration: count())
  }

  mutating func processRecord() -> ProcessRecord {
    ProcessRecord(
      bootID: name(), supervisorPID: positive(), supervisorStart: offset(), trialPID: count(), trialStart: offset(),
      milestone: count(), startedAt: timestamp())
  }
}
