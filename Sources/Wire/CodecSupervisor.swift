import TuningModel

extension SupervisorCommand: WireCodable {
  public func encoded() -> [UInt8] {
    let message = ProtoSupervisorCommand.with {
      switch self {
      case .proceed(let milestone, let isLast):
        $0.proceed = .with {
          $0.milestone = UInt32(clamping: milestone)
          $0.isLast = isLast
        }
      case .pause: $0.pause = ProtoEmpty()
      case .stop: $0.stop = ProtoEmpty()
      case .complete: $0.complete = ProtoEmpty()
      case .lease(let deadline): $0.leaseDeadlineNs = deadline.nanoseconds
      }
    }
    return message.wireBytes()
  }

  public init(decoding bytes: some Collection<UInt8>) throws(WireError) {
    let message = try ProtoSupervisorCommand(wireBytes: bytes, limit: WireLimits.supervisorMessageBytes)
    switch message.content {
    case .proceed(let proceed):
      self = .proceed(
        milestone: try Check.positive(proceed.milestone, "proceed.milestone"), isLast: proceed.isLast)
    case .pause: self = .pause
    case .stop: self = .stop
    case .complete: self = .complete
    case .leaseDeadlineNs(let nanoseconds): self = .lease(deadline: Instant(nanoseconds: nanoseconds))
    case nil: throw Check.unknownMessage("the supervisor's command")
    }
  }
}

extension SupervisorEvent: WireCodable {
  public func encoded() -> [UInt8] {
    let message = ProtoSupervisorEvent.with {
      switch self {
      case .running(let pid, let milestone):
        $0.running = .with {
          $0.pid = UInt32(clamping: pid)
          $0.milestone = UInt32(clamping: milestone)
        }
      case .held(let resource, let milestone):
        $0.held = .with {
          $0.resource = Int64(resource)
          $0.milestone = UInt32(clamping: milestone)
        }
      case .ended(let end): $0.ended = end.message
      }
    }
    return message.wireBytes()
  }

  public init(decoding bytes: some Collection<UInt8>) throws(WireError) {
    let message = try ProtoSupervisorEvent(wireBytes: bytes, limit: WireLimits.supervisorMessageBytes)
    switch message.content {
    case .running(let running):
      self = .running(
        pid: try Check.count(running.pid, "running.pid"),
        milestone: try Check.count(running.milestone, "running.milestone"))
    case .held(let held):
      self = .held(resource: Int(held.resource), milestone: try Check.count(held.milestone, "held.milestone"))
    case .ended(let end): self = .ended(try AttemptEnd(end))
    case nil: throw Check.unknownMessage("the supervisor's event")
    }
  }
}

extension ProcessRecord: WireCodable {
  public func encoded() -> [UInt8] {
    let message = ProtoProcessRecord.with {
      $0.bootID = bootID
      $0.supervisorPid = UInt32(clamping: supervisorPID)
      $0.supervisorStart = UInt64(clamping: supervisorStart)
      $0.trialPid = UInt32(clamping: trialPID)
      $0.trialStart = UInt64(clamping: trialStart)
      $0.milestone = UInt32(clamping: milestone)
      $0.startedAtUs = startedAt.microseconds
    }
    return message.wireBytes()
  }

  public init(decoding bytes: some Collection<UInt8>) throws(WireError) {
    let message = try ProtoProcessRecord(wireBytes: bytes, limit: WireLimits.supervisorMessageBytes)
    self.init(
      bootID: try Check.name(message.bootID, from: 1, "process.boot_id"),
      supervisorPID: try Check.positive(message.supervisorPid, "process.supervisor_pid"),
      supervisorStart: try Check.offset(message.supervisorStart, "process.supervisor_start"),
      trialPID: try Check.count(message.trialPid, "process.trial_pid"),
      trialStart: try Check.offset(message.trialStart, "process.trial_start"),
      milestone: try Check.count(message.milestone, "process.milestone"),
      startedAt: try Check.timestamp(microseconds: message.startedAtUs, "process.started_at"))
  }
}
