import TuningModel

extension TreeManifest: WireCodable {
  /// The same tree gives the same bytes in every version: their SHA-256 names the tree.
  public func encoded() -> [UInt8] { message.wireBytes() }

  public init(decoding bytes: some Collection<UInt8>) throws(WireError) {
    try self.init(try ProtoTreeManifest(wireBytes: bytes, limit: WireLimits.coordinatorBulkMessageBytes))
  }

  var message: ProtoTreeManifest {
    .with { $0.entries = entries.map(\.message) }
  }

  init(_ message: ProtoTreeManifest) throws(WireError) {
    self.init(
      entries: try Check.list(
        message.entries, atMost: WireLimits.maximumTreeEntries, "tree"
      ) { (entry) throws(WireError) in try Entry(entry) })
    try validate()
  }
}

extension TreeManifest.Entry {
  fileprivate var message: ProtoTreeEntry {
    .with {
      $0.path = path
      switch kind {
      case .file(let size, let hash, let isExecutable):
        $0.file = .with {
          $0.size = UInt64(clamping: size)
          $0.hash = hash
          $0.isExecutable = isExecutable
        }
      case .link(let target): $0.linkTarget = target
      case .folder: $0.folder = ProtoEmpty()
      }
    }
  }

  fileprivate init(_ message: ProtoTreeEntry) throws(WireError) {
    let kind: Kind =
      switch message.kind {
      case .file(let file):
        .file(
          size: try Check.offset(file.size, "tree: size of a file"), hash: try Check.hash(file.hash, "tree: hash"),
          isExecutable: file.isExecutable)
      case .linkTarget(let target): .link(target: target)
      case .folder: .folder
      case nil: throw Check.unknownMessage("tree: the kind of an entry")
      }
    self.init(path: message.path, kind: kind)
  }
}
