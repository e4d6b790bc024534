import TuningModel

extension AgentBulkMessage: WireCodable {
  public func encoded() -> [UInt8] {
    let message = ProtoAgentBulkMessage.with {
      switch self {
      case .hello: $0.hello = ProtoEmpty()
      case .manifestRequest(let tree): $0.manifestRequest = tree
      case .chunkRequest(let tree, let file, let offset, let length):
        $0.chunkRequest = .with {
          $0.tree = tree
          $0.file = UInt32(clamping: file)
          $0.offset = UInt64(clamping: offset)
          $0.length = UInt32(clamping: length)
        }
      case .logChunk(let request, let chunk): $0.logChunk = chunk.message(request: request)
      case .checkpointRequest(let request): $0.checkpointRequest = request.message
      case .checkpointAnswer(let answer): $0.checkpointAnswer = answer.message
      }
    }
    return message.wireBytes()
  }

  public init(decoding bytes: some Collection<UInt8>) throws(WireError) {
    let message = try ProtoAgentBulkMessage(wireBytes: bytes, limit: WireLimits.agentBulkMessageBytes)
    switch message.content {
    case .hello: self = .hello
    case .manifestRequest(let tree): self = .manifestRequest(tree: try Check.hash(tree, "manifest_request"))
    case .chunkRequest(let request):
      self = .chunkRequest(
        tree: try Check.hash(request.tree, "chunk_request.tree"),
        file: try Check.number(request.file, in: 0...WireLimits.maximumTreeEntries - 1, "chunk_request.file"),
        offset: try Check.offset(request.offset, "chunk_request.offset"),
        length: try Check.number(request.length, in: 1...WireLimits.maximumChunkBytes, "chunk_request.length"))
    case .logChunk(let chunk):
      self = .logChunk(request: try Check.count(chunk.request, "log_chunk.request"), try LogChunk(chunk))
    case .checkpointRequest(let request): self = .checkpointRequest(try CheckpointRequest(request))
    case .checkpointAnswer(let answer): self = .checkpointAnswer(try CheckpointAnswer(answer))
    case nil: throw Check.unknownMessage("the agent's bulk message")
    }
  }
}

extension CoordinatorBulkMessage: WireCodable {
  public func encoded() -> [UInt8] {
    let message = ProtoCoordinatorBulkMessage.with {
      switch self {
      case .manifest(let tree, let manifest):
        $0.manifest = .with {
          $0.tree = tree
          $0.manifest = manifest.message
        }
      case .chunk(let tree, let file, let offset, let bytes):
        $0.chunk = .with {
          $0.tree = tree
          $0.file = UInt32(clamping: file)
          $0.offset = UInt64(clamping: offset)
          $0.bytes = .init(bytes)
        }
      case .noSuchTree(let tree): $0.noSuchTree = tree
      case .logRequest(let request, let log): $0.logRequest = log.message(request: request)
      case .checkpointRequest(let request): $0.checkpointRequest = request.message
      case .checkpointAnswer(let answer): $0.checkpointAnswer = answer.message
      }
    }
    return message.wireBytes()
  }

  public init(decoding bytes: some Collection<UInt8>) throws(WireError) {
    let message = try ProtoCoordinatorBulkMessage(wireBytes: bytes, limit: WireLimits.coordinatorBulkMessageBytes)
    switch message.content {
    case .manifest(let manifest):
      self = .manifest(
        tree: try Check.hash(manifest.tree, "manifest.tree"),
        try TreeManifest(try Check.present(manifest.hasManifest ? manifest.manifest : nil, "manifest.manifest")))
    case .chunk(let chunk):
      self = .chunk(
        tree: try Check.hash(chunk.tree, "chunk.tree"),
        file: try Check.number(chunk.file, in: 0...WireLimits.maximumTreeEntries - 1, "chunk.file"),
        offset: try Check.offset(chunk.offset, "chunk.offset"),
        bytes: try Check.chunk([UInt8](chunk.bytes), "chunk.bytes"))
    case .noSuchTree(let tree): self = .noSuchTree(tree: try Check.hash(tree, "no_such_tree"))
    case .logRequest(let request):
      self = .logRequest(request: try Check.count(request.request, "log_request.request"), try LogRequest(request))
    case .checkpointRequest(let request): self = .checkpointRequest(try CheckpointRequest(request))
    case .checkpointAnswer(let answer): self = .checkpointAnswer(try CheckpointAnswer(answer))
    case nil: throw Check.unknownMessage("the coordinator's bulk message")
    }
  }
}

extension LogChunk {
  fileprivate func message(request: Int) -> ProtoLogChunk {
    .with {
      $0.request = UInt32(clamping: request)
      $0.offset = UInt64(clamping: offset)
      $0.bytes = .init(bytes)
      $0.size = UInt64(clamping: size)
      if let failure { $0.failure = failure.cut(toBytes: WireLimits.maximumDetailBytes) }
    }
  }

  fileprivate init(_ message: ProtoLogChunk) throws(WireError) {
    self.init(
      offset: try Check.offset(message.offset, "log_chunk.offset"),
      bytes: try Check.chunk([UInt8](message.bytes), "log_chunk.bytes"),
      size: try Check.offset(message.size, "log_chunk.size"),
      failure: message.hasFailure
        ? try Check.text(message.failure, atMost: WireLimits.maximumDetailBytes, "log_chunk.failure") : nil)
  }
}

extension LogRequest {
  fileprivate func message(request: Int) -> ProtoLogRequest {
    .with {
      $0.request = UInt32(clamping: request)
      $0.attempt = attempt.message
      $0.stream = stream.message
      $0.offset = Int64(offset)
      $0.limit = UInt32(clamping: limit)
    }
  }

  fileprivate init(_ message: ProtoLogRequest) throws(WireError) {
    guard message.offset.magnitude <= UInt64(WireLimits.maximumOffset) else {
      throw Check.outOfRange("log_request.offset", message.offset, "-2^53 … 2^53")
    }
    self.init(
      attempt: try TrialAttempt(message.attempt), stream: try Stream(message.stream, "log_request.stream"),
      offset: Int(message.offset),
      limit: try Check.number(message.limit, in: 1...WireLimits.maximumChunkBytes, "log_request.limit"))
  }
}

extension LogRequest.Stream: WireEnumeration {
  package var message: ProtoLogRequest.Stream {
    switch self {
    case .output: .output
    case .error: .error
    }
  }
}

extension Check {
  static func chunk(_ bytes: [UInt8], _ field: String) throws(WireError) -> [UInt8] {
    guard bytes.count <= WireLimits.maximumChunkBytes else {
      throw WireError(
        .tooLarge, "\(field) has \(bytes.count) bytes, where at most \(WireLimits.maximumChunkBytes) are allowed")
    }
    return bytes
  }
}
