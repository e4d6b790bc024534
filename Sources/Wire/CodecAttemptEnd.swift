import TuningModel

extension AttemptEnd: WireCodable {
  public func encoded() -> [UInt8] { message.wireBytes() }

  public init(decoding bytes: some Collection<UInt8>) throws(WireError) {
    try self.init(try ProtoAttemptEnd(wireBytes: bytes, limit: WireLimits.supervisorMessageBytes))
  }

  package var message: ProtoAttemptEnd {
    .with {
      $0.cause = cause.message
      if let exitStatus { $0.exitStatus = Int32(clamping: exitStatus) }
      if let signal { $0.signal = UInt32(clamping: signal) }
      $0.lastSequence = UInt64(clamping: lastSequence)
      if let seal { $0.seal = seal.message }
      $0.errorTail = errorTail.tail(ofBytes: WireLimits.maximumTailBytes)
      if let startedAt { $0.startedAtUs = startedAt.microseconds }
      if let endedAt { $0.endedAtUs = endedAt.microseconds }
    }
  }

  package init(
    _ message: ProtoAttemptEnd, maximumTailBytes: Int = WireLimits.maximumTailBytes
  ) throws(WireError) {
    self.init(
      cause: try Cause(message.cause, "end.cause"),
      exitStatus: message.hasExitStatus ? Int(message.exitStatus) : nil,
      signal: message.hasSignal ? try Check.number(message.signal, in: 0...1024, "end.signal") : nil,
      lastSequence: try Check.offset(message.lastSequence, "end.last_sequence"),
      seal: message.hasSeal ? try Seal(message.seal) : nil,
      errorTail: try Check.text(message.errorTail, atMost: maximumTailBytes, "end.error_tail"),
      startedAt: message.hasStartedAtUs
        ? try Check.timestamp(microseconds: message.startedAtUs, "end.started_at") : nil,
      endedAt: message.hasEndedAtUs ? try Check.timestamp(microseconds: message.endedAtUs, "end.ended_at") : nil)
  }
}

extension AttemptEnd.Cause: WireEnumeration {
  package var message: ProtoAttemptEnd.Cause {
    switch self {
    case .exited: .exited
    case .failed: .failed
    case .outOfMemory: .outOfMemory
    case .paused: .paused
    case .stopped: .stopped
    case .leaseExpired: .leaseExpired
    case .hostFault: .hostFault
    case .quotaExceeded: .quotaExceeded
    }
  }
}

extension Seal: WireCodable {
  public func encoded() -> [UInt8] { message.wireBytes() }

  public init(decoding bytes: some Collection<UInt8>) throws(WireError) {
    try self.init(try ProtoSeal(wireBytes: bytes, limit: WireLimits.supervisorMessageBytes))
  }

  package var message: ProtoSeal {
    .with {
      $0.generation = UInt32(clamping: generation)
      $0.attempt = UInt32(clamping: attempt.rawValue)
      $0.coveredSequence = UInt64(clamping: coveredSequence)
      if let coveredResource { $0.coveredResource = Int64(coveredResource) }
      $0.files = UInt32(clamping: files)
      $0.bytes = UInt64(clamping: bytes)
      $0.hash = hash
    }
  }

  package init(_ message: ProtoSeal) throws(WireError) {
    self.init(
      generation: try Check.positive(message.generation, "seal.generation"),
      attempt: Attempt(try Check.positive(message.attempt, "seal.attempt")),
      coveredSequence: try Check.offset(message.coveredSequence, "seal.covered_sequence"),
      coveredResource: message.hasCoveredResource ? Int(message.coveredResource) : nil,
      files: try Check.count(message.files, "seal.files"),
      bytes: try Check.offset(message.bytes, "seal.bytes"),
      hash: try Check.hash(message.hash, "seal.hash"))
  }
}

extension StartRefusal {
  package var message: ProtoStartRefusal {
    .with {
      $0.code = code.message
      $0.detail = detail.cut(toBytes: WireLimits.maximumDetailBytes)
    }
  }

  package init(_ message: ProtoStartRefusal) throws(WireError) {
    self.init(
      code: try Code(message.code, "refusal.code"),
      detail: try Check.text(message.detail, atMost: WireLimits.maximumDetailBytes, "refusal.detail"))
  }
}

extension StartRefusal.Code: WireEnumeration {
  package var message: ProtoStartRefusal.Code {
    switch self {
    case .staleAttempt: .staleAttempt
    case .slotBusy: .slotBusy
    case .noSuchSlot: .noSuchSlot
    case .checkpointMissing: .checkpointMissing
    case .hostFault: .hostFault
    case .noSuchProgram: .noSuchProgram
    case .sourceUnreachable: .sourceUnreachable
    }
  }
}
