import TuningModel

extension Welcome {
  var message: ProtoWelcome {
    .with {
      $0.run = run
      $0.agent = UInt32(clamping: agent.rawValue)
      $0.heartbeatNs = heartbeat.wholeNanoseconds
      $0.leaseNs = lease.wholeNanoseconds
      $0.program = program.message
      $0.verdicts = verdicts.map(\.message)
      $0.answersNs = answers.nanoseconds
    }
  }

  init(_ message: ProtoWelcome) throws(WireError) {
    self.init(
      run: try Check.folderName(message.run, "welcome.run"),
      agent: AgentID(try Check.count(message.agent, "welcome.agent")),
      heartbeat: try Check.duration(nanoseconds: message.heartbeatNs, from: 1, "welcome.heartbeat"),
      lease: try Check.duration(nanoseconds: message.leaseNs, from: 1, "welcome.lease"),
      program: try Program(try Check.present(message.hasProgram ? message.program : nil, "welcome.program")),
      verdicts: try Check.list(
        message.verdicts, atMost: WireLimits.maximumInventory, "welcome.verdicts"
      ) { (verdict) throws(WireError) in try Verdict(verdict) }, answers: Instant(nanoseconds: message.answersNs))
  }
}

extension Verdict {
  fileprivate var message: ProtoVerdict {
    .with {
      $0.attempt = attempt.message
      switch action {
      case .keep(let sequence): $0.keepAfterSequence = UInt64(clamping: sequence)
      case .end: $0.end = ProtoEmpty()
      }
    }
  }

  fileprivate init(_ message: ProtoVerdict) throws(WireError) {
    let action: Action =
      switch message.action {
      case .keepAfterSequence(let sequence): .keep(afterSequence: try Check.offset(sequence, "verdict.keep"))
      case .end: .end
      case nil: throw Check.unknownMessage("verdict.action")
      }
    self.init(attempt: try TrialAttempt(message.attempt), action: action)
  }
}

extension Program {
  fileprivate var message: ProtoProgram {
    .with {
      $0.entryPoint = entryPoint
      if let codeHash { $0.codeHash = codeHash }
      if let setup { $0.setup = setup }
      $0.environment = environment.map(\.message)
      $0.resourceAttribute = resourceAttribute
      $0.metric = metric
      $0.holdsAtMilestone = holdsAtMilestone
      $0.holdLimitNs = holdLimit.wholeNanoseconds
      $0.settleNs = settle.wholeNanoseconds
      $0.graceNs = grace.wholeNanoseconds
      $0.keptGenerations = UInt32(clamping: keptGenerations)
      $0.sandbox = sandbox.message
      if let quota { $0.quota = UInt64(clamping: quota) }
      $0.store = store.message
    }
  }

  fileprivate init(_ message: ProtoProgram) throws(WireError) {
    self.init(
      entryPoint: try Check.command(message.entryPoint, "program.entry_point"),
      codeHash: message.hasCodeHash ? try Check.hash(message.codeHash, "program.code_hash") : nil,
      setup: message.hasSetup ? try Check.systemText(message.setup, "program.setup") : nil,
      environment: try EnvironmentEntry.list(message.environment),
      resourceAttribute: try Check.key(message.resourceAttribute, "program.resource_attribute"),
      metric: try Check.key(message.metric, "program.metric"),
      holdsAtMilestone: message.holdsAtMilestone,
      holdLimit: try Check.duration(nanoseconds: message.holdLimitNs, "program.hold_limit"),
      settle: try Check.duration(nanoseconds: message.settleNs, "program.settle"),
      grace: try Check.duration(nanoseconds: message.graceNs, "program.grace"),
      keptGenerations: try Check.number(
        message.keptGenerations, in: 1...WireLimits.maximumGenerations, "program.kept_generations"),
      sandbox: try SandboxPlan(message.sandbox),
      quota: message.hasQuota ? try Check.offset(message.quota, "program.quota") : nil,
      store: try CheckpointStore(message.store))
  }
}
