import TuningModel

extension AgentMessage: WireCodable {
  public func encoded() -> [UInt8] { message.wireBytes() }

  public init(decoding bytes: some Collection<UInt8>) throws(WireError) {
    try self.init(try ProtoAgentMessage(wireBytes: bytes, limit: WireLimits.controlMessageBytes))
  }

  private var message: ProtoAgentMessage {
    .with {
      switch self {
      case .hello(let hello): $0.hello = hello.message
      case .heartbeat(let sentAt): $0.heartbeat = .with { $0.sentAtNs = sentAt.nanoseconds }
      case .reports(let attempt, let reports):
        $0.reports = .with {
          $0.attempt = attempt.message
          $0.reports = reports.map(\.message)
        }
      case .started(let attempt, let pid):
        $0.started = .with {
          $0.attempt = attempt.message
          $0.pid = UInt32(clamping: pid)
        }
      case .held(let attempt, let resource):
        $0.held = .with {
          $0.attempt = attempt.message
          $0.resource = Int64(resource)
        }
      case .ended(let attempt, let end):
        $0.ended = .with {
          $0.attempt = attempt.message
          $0.end = end.message
        }
      case .refused(let attempt, let refusal):
        $0.refused = .with {
          $0.attempt = attempt.message
          $0.refusal = refusal.message
        }
      case .prepared(let preparation): $0.prepared = preparation.message
      case .checkpointsDeleted(let trial):
        $0.checkpointsDeleted = .with { $0.trial = UInt32(clamping: trial.rawValue) }
      case .slotStates(let states): $0.slotStates = .with { $0.states = states.map(\.message) }
      case .checkpointFetched(let name): $0.checkpointFetched = name.message
      case .checkpointStored(let name): $0.checkpointStored = name.message
      case .join(let publicKey, let name):
        $0.join = .with {
          $0.publicKey = publicKey
          $0.name = name
        }
      }
    }
  }

  private init(_ message: ProtoAgentMessage) throws(WireError) {
    switch message.content {
    case .hello(let hello): self = .hello(try AgentHello(hello))
    case .heartbeat(let heartbeat): self = .heartbeat(sentAt: Instant(nanoseconds: heartbeat.sentAtNs))
    case .reports(let reports): self = try Self.reports(reports)
    case .started(let started):
      self = .started(try TrialAttempt(started.attempt), pid: try Check.positive(started.pid, "pid"))
    case .held(let held): self = .held(try TrialAttempt(held.attempt), resource: Int(held.resource))
    case .ended(let ended):
      let end = try Check.present(ended.hasEnd ? ended.end : nil, "end")
      self = .ended(try TrialAttempt(ended.attempt), try AttemptEnd(end))
    case .refused(let refused):
      let refusal = try Check.present(refused.hasRefusal ? refused.refusal : nil, "refusal")
      self = .refused(try TrialAttempt(refused.attempt), try StartRefusal(refusal))
    case .prepared(let preparation): self = .prepared(try Preparation(preparation))
    case .checkpointsDeleted(let deleted):
      self = .checkpointsDeleted(TrialID(try Check.count(deleted.trial, "trial")))
    case .slotStates(let slots):
      self = .slotStates(
        try Check.list(
          slots.states, atMost: WireLimits.maximumSlots, "slot_states"
        ) { (state) throws(WireError) in try SlotState(state) })
    case .checkpointFetched(let name): self = .checkpointFetched(try CheckpointName(name))
    case .checkpointStored(let name): self = .checkpointStored(try CheckpointName(name))
    case .join(let join):
      self = .join(
        publicKey: try Check.curveKey(join.publicKey, "join.public_key"),
        name: try Check.name(join.name, from: 1, "join.name"))
    case nil: throw Check.unknownMessage("the agent's message")
    }
  }

  private static func reports(_ message: ProtoReports) throws(WireError) -> AgentMessage {
    let reports = try Check.list(
      message.reports, atMost: WireLimits.maximumReports, "reports"
    ) { (report) throws(WireError) in try TrialReport(report) }
    guard let first = reports.first else { throw WireError(.missing, "reports has no elements") }
    for (index, report) in reports.enumerated() where report.sequence != first.sequence + index {
      throw WireError(
        .outOfRange, "reports[\(index)].sequence is \(report.sequence), not \(first.sequence + index): there is a gap")
    }
    return .reports(try TrialAttempt(message.attempt), reports)
  }
}

extension TrialReport {
  fileprivate var message: ProtoTrialReport {
    .with {
      $0.sequence = UInt64(clamping: sequence)
      $0.readAtUs = readAt.microseconds
      $0.fields = fields.map(\.message)
      $0.isTruncated = isTruncated
    }
  }

  fileprivate init(_ message: ProtoTrialReport) throws(WireError) {
    self.init(
      sequence: try Check.offset(message.sequence, from: 1, "report.sequence"),
      readAt: try Check.timestamp(microseconds: message.readAtUs, "report.read_at"),
      fields: try Check.list(
        message.fields, atMost: WireLimits.maximumFields, "report.fields"
      ) { (field) throws(WireError) in try JSONValue.Member(field) },
      isTruncated: message.isTruncated)
  }
}

extension Preparation {
  fileprivate var message: ProtoPreparation {
    .with {
      $0.codeHash = codeHash
      if let failure { $0.failure = failure.tail(ofBytes: WireLimits.maximumTailBytes) }
    }
  }

  fileprivate init(_ message: ProtoPreparation) throws(WireError) {
    self.init(
      codeHash: message.codeHash.isEmpty ? "" : try Check.hash(message.codeHash, "prepared.code_hash"),
      failure: message.hasFailure
        ? try Check.text(message.failure, atMost: WireLimits.maximumTailBytes, "prepared.failure") : nil)
  }
}
