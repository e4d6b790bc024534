import TuningModel

extension CheckpointName {
  package var message: ProtoCheckpointName {
    .with {
      $0.trial = UInt32(clamping: trial.rawValue)
      $0.generation = UInt32(clamping: generation)
      $0.hash = hash
    }
  }

  package init(_ message: ProtoCheckpointName) throws(WireError) {
    self.init(
      trial: TrialID(try Check.count(message.trial, "checkpoint.trial")),
      generation: try Check.positive(message.generation, "checkpoint.generation"),
      hash: try Check.hash(message.hash, "checkpoint.hash"))
  }
}

extension SlotState {
  package var message: ProtoSlotState {
    .with {
      $0.slot = UInt32(clamping: slot)
      $0.isUsable = isUsable
      $0.reason = reason.cut(toBytes: WireLimits.maximumDetailBytes)
    }
  }

  package init(_ message: ProtoSlotState) throws(WireError) {
    self.init(
      slot: try Check.number(message.slot, in: 0...WireLimits.maximumSlots, "slot_state.slot"),
      isUsable: message.isUsable,
      reason: try Check.text(message.reason, atMost: WireLimits.maximumDetailBytes, "slot_state.reason"))
  }
}

extension CheckpointSource {
  var message: ProtoCheckpointSource {
    .with {
      $0.seal = seal.message
      switch holder {
      case .agent(let agent): $0.agent = UInt32(clamping: agent.rawValue)
      case .coordinator: $0.coordinator = ProtoEmpty()
      case .store: $0.store = ProtoEmpty()
      }
    }
  }

  init(_ message: ProtoCheckpointSource) throws(WireError) {
    let holder: CheckpointHolder =
      switch message.holder {
      case .agent(let agent): .agent(AgentID(try Check.count(agent, "source.agent")))
      case .coordinator: .coordinator
      case .store: .store
      case nil: throw Check.unknownMessage("source.holder")
      }
    self.init(seal: try Seal(try Check.present(message.hasSeal ? message.seal : nil, "source.seal")), holder: holder)
  }
}

extension CheckpointRequest {
  var message: ProtoCheckpointRequest {
    .with {
      if let agent { $0.agent = UInt32(clamping: agent.rawValue) }
      $0.name = name.message
      switch piece {
      case .manifest: $0.manifest = ProtoEmpty()
      case .chunk(let file, let offset, let length):
        $0.chunk = .with {
          $0.file = UInt32(clamping: file)
          $0.offset = UInt64(clamping: offset)
          $0.length = UInt32(clamping: length)
        }
      }
    }
  }

  init(_ message: ProtoCheckpointRequest) throws(WireError) {
    let piece: Piece =
      switch message.piece {
      case .manifest: .manifest
      case .chunk(let chunk):
        .chunk(
          file: try Check.number(chunk.file, in: 0...WireLimits.maximumTreeEntries - 1, "checkpoint_request.file"),
          offset: try Check.offset(chunk.offset, "checkpoint_request.offset"),
          length: try Check.number(chunk.length, in: 1...WireLimits.maximumChunkBytes, "checkpoint_request.length"))
      case nil: throw Check.unknownMessage("checkpoint_request.piece")
      }
    self.init(
      agent: message.hasAgent ? AgentID(try Check.count(message.agent, "checkpoint_request.agent")) : nil,
      name: try CheckpointName(message.name), piece: piece)
  }
}

extension CheckpointAnswer {
  var message: ProtoCheckpointAnswer {
    .with {
      if let agent { $0.agent = UInt32(clamping: agent.rawValue) }
      $0.name = name.message
      switch content {
      case .manifest(let manifest): $0.manifest = manifest.message
      case .chunk(let file, let offset, let bytes):
        $0.chunk = .with {
          $0.file = UInt32(clamping: file)
          $0.offset = UInt64(clamping: offset)
          $0.bytes = .init(bytes)
        }
      case .missing(let text): $0.missing = text.cut(toBytes: WireLimits.maximumDetailBytes)
      case .unreachable(let text): $0.unreachable = text.cut(toBytes: WireLimits.maximumDetailBytes)
      }
    }
  }

  init(_ message: ProtoCheckpointAnswer) throws(WireError) {
    let content: Content =
      switch message.content {
      case .manifest(let manifest): .manifest(try TreeManifest(manifest))
      case .chunk(let chunk):
        .chunk(
          file: try Check.number(chunk.file, in: 0...WireLimits.maximumTreeEntries - 1, "checkpoint_answer.file"),
          offset: try Check.offset(chunk.offset, "checkpoint_answer.offset"),
          bytes: try Check.chunk([UInt8](chunk.bytes), "checkpoint_answer.bytes"))
      case .missing(let text):
        .missing(try Check.text(text, atMost: WireLimits.maximumDetailBytes, "checkpoint_answer.missing"))
      case .unreachable(let text):
        .unreachable(try Check.text(text, atMost: WireLimits.maximumDetailBytes, "checkpoint_answer.unreachable"))
      case nil: throw Check.unknownMessage("checkpoint_answer.content")
      }
    self.init(
      agent: message.hasAgent ? AgentID(try Check.count(message.agent, "checkpoint_answer.agent")) : nil,
      name: try CheckpointName(message.name), content: content)
  }
}

extension CheckpointStore {
  var message: ProtoCheckpointStore {
    .with {
      switch self {
      case .host: $0.host = ProtoEmpty()
      case .shared(let folder): $0.shared = folder
      case .coordinator: $0.coordinator = ProtoEmpty()
      case .command(let put, let get, let delete):
        $0.command = .with {
          $0.put = put
          $0.get = get
          if let delete { $0.delete = delete }
        }
      }
    }
  }

  init(_ message: ProtoCheckpointStore) throws(WireError) {
    switch message.kind {
    case .host: self = .host
    case .shared(let folder): self = .shared(folder: try Check.absolutePath(folder, "store.shared"))
    case .coordinator: self = .coordinator
    case .command(let command):
      self = .command(
        put: try Check.systemText(command.put, "store.put"), get: try Check.systemText(command.get, "store.get"),
        delete: command.hasDelete ? try Check.systemText(command.delete, "store.delete") : nil)
    case nil: throw Check.unknownMessage("store.kind")
    }
  }
}

extension SandboxPlan {
  var message: ProtoSandboxPlan {
    .with {
      $0.level = level.message
      $0.writable = writable
      $0.mostProcesses = mostProcesses == Self.defaultProcesses ? 0 : UInt32(clamping: mostProcesses)
    }
  }

  init(_ message: ProtoSandboxPlan) throws(WireError) {
    self.init(
      level: try Level(message.level, "sandbox.level"),
      writable: try Check.list(
        message.writable, atMost: WireLimits.maximumWritablePaths, "sandbox.writable"
      ) { (path) throws(WireError) in try Check.systemText(path, "sandbox.writable") },
      // 0: the default.
      mostProcesses: message.mostProcesses == 0
        ? Self.defaultProcesses
        : try Check.number(message.mostProcesses, in: Self.processRange, "sandbox.most_processes"))
  }
}

extension SandboxPlan.Level: WireEnumeration {
  package var message: ProtoSandboxPlan.Level {
    switch self {
    case .required: .required
    case .default: .default
    case .off: .off
    }
  }
}
