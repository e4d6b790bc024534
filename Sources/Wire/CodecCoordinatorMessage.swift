import TuningModel

extension CoordinatorMessage: WireCodable {
  public func encoded() -> [UInt8] { message.wireBytes() }

  public init(decoding bytes: some Collection<UInt8>) throws(WireError) {
    try self.init(try ProtoCoordinatorMessage(wireBytes: bytes, limit: WireLimits.controlMessageBytes))
  }

  private var message: ProtoCoordinatorMessage {
    .with {
      switch self {
      case .welcome(let welcome): $0.welcome = welcome.message
      case .rejected(let code, let text):
        $0.rejected = .with {
          $0.code = code.message
          $0.message = text.cut(toBytes: WireLimits.maximumDetailBytes)
        }
      case .sayHello: $0.sayHello = ProtoEmpty()
      case .heartbeatEcho(let sentAt): $0.heartbeatEcho = .with { $0.sentAtNs = sentAt.nanoseconds }
      case .start(let start): $0.start = start.message
      case .proceed(let attempt, let milestone):
        $0.proceed = .with {
          $0.attempt = attempt.message
          $0.milestone = UInt32(clamping: milestone)
        }
      case .pause(let attempt): $0.pause = attempt.message
      case .stop(let attempt): $0.stop = attempt.message
      case .complete(let attempt): $0.complete = attempt.message
      case .acknowledgeReports(let attempt, let through):
        $0.acknowledgeReports = .with {
          $0.attempt = attempt.message
          $0.through = UInt64(clamping: through)
        }
      case .acknowledgeEnd(let attempt): $0.acknowledgeEnd = attempt.message
      case .deleteCheckpoints(let trial, let keeping):
        $0.deleteCheckpoints = .with {
          $0.trial = UInt32(clamping: trial.rawValue)
          $0.keeping = keeping.map { UInt32(clamping: $0) }
        }
      case .dismiss: $0.dismiss = ProtoEmpty()
      case .joined: $0.joined = ProtoEmpty()
      }
    }
  }

  private init(_ message: ProtoCoordinatorMessage) throws(WireError) {
    switch message.content {
    case .welcome(let welcome): self = .welcome(try Welcome(welcome))
    case .rejected(let rejected):
      self = .rejected(
        code: try RejectionCode(rejected.code, "rejected.code"),
        message: try Check.text(rejected.message, atMost: WireLimits.maximumDetailBytes, "rejected.message"))
    case .sayHello: self = .sayHello
    case .heartbeatEcho(let echo): self = .heartbeatEcho(sentAt: Instant(nanoseconds: echo.sentAtNs))
    case .start(let start): self = .start(try StartAttempt(start))
    case .proceed(let proceed):
      self = .proceed(
        try TrialAttempt(proceed.attempt), milestone: try Check.positive(proceed.milestone, "proceed.milestone"))
    case .pause(let attempt): self = .pause(try TrialAttempt(attempt))
    case .stop(let attempt): self = .stop(try TrialAttempt(attempt))
    case .complete(let attempt): self = .complete(try TrialAttempt(attempt))
    case .acknowledgeReports(let acknowledge):
      self = .acknowledgeReports(
        try TrialAttempt(acknowledge.attempt), through: try Check.offset(acknowledge.through, "acknowledged"))
    case .acknowledgeEnd(let attempt): self = .acknowledgeEnd(try TrialAttempt(attempt))
    case .deleteCheckpoints(let delete):
      self = .deleteCheckpoints(
        TrialID(try Check.count(delete.trial, "delete.trial")),
        keeping: try Check.list(
          delete.keeping, atMost: WireLimits.maximumGenerations, "delete.keeping"
        ) { (generation) throws(WireError) in try Check.positive(generation, "delete.keeping") })
    case .dismiss: self = .dismiss
    case .joined: self = .joined
    case nil: throw Check.unknownMessage("the coordinator's message")
    }
  }
}

extension RejectionCode: WireEnumeration {
  package var message: ProtoRejected.Code {
    switch self {
    case .protocolMismatch: .protocolMismatch
    case .notAdmitted: .notAdmitted
    case .runFinished: .runFinished
    case .malformed: .malformed
    }
  }
}

extension StartAttempt {
  fileprivate var message: ProtoStartAttempt {
    .with {
      $0.attempt = attempt.message
      $0.slot = UInt32(clamping: slot)
      $0.configuration = configuration.message
      $0.milestone = UInt32(clamping: milestone)
      $0.maximum = UInt32(clamping: maximum)
      if let resumeFrom { $0.resumeFrom = UInt32(clamping: resumeFrom) }
      if let source { $0.source = source.message }
      $0.lastGeneration = UInt32(clamping: lastGeneration)
      $0.sessionNs = session.nanoseconds
    }
  }

  fileprivate init(_ message: ProtoStartAttempt) throws(WireError) {
    self.init(
      attempt: try TrialAttempt(message.attempt),
      slot: try Check.count(message.slot, "start.slot"),
      configuration: try Configuration(message.configuration),
      milestone: try Check.positive(message.milestone, "start.milestone"),
      maximum: try Check.positive(message.maximum, "start.maximum"),
      resumeFrom: message.hasResumeFrom ? try Check.positive(message.resumeFrom, "start.resume_from") : nil,
      source: message.hasSource ? try CheckpointSource(message.source) : nil,
      lastGeneration: try Check.count(message.lastGeneration, "start.last_generation"),
      session: Instant(nanoseconds: message.sessionNs))
  }
}
