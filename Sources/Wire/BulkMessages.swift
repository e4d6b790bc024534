import TuningModel

/// What an agent says on the bulk socket.
public enum AgentBulkMessage: Equatable, Sendable {
  /// Makes the socket known, so that the coordinator can ask for logs.
  case hello
  /// Asks for the manifest of a code tree.
  case manifestRequest(tree: String)
  /// Asks for a piece of one file of a code tree; each request is the credit for one chunk.
  case chunkRequest(tree: String, file: Int, offset: Int, length: Int)
  /// The answer to a log request.
  case logChunk(request: Int, LogChunk)
  case checkpointRequest(CheckpointRequest)
  case checkpointAnswer(CheckpointAnswer)
}

/// What the coordinator says on the bulk socket.
public enum CoordinatorBulkMessage: Equatable, Sendable {
  case manifest(tree: String, TreeManifest)
  case chunk(tree: String, file: Int, offset: Int, bytes: [UInt8])
  /// The tree is not known here.
  case noSuchTree(tree: String)
  case logRequest(request: Int, LogRequest)
  case checkpointRequest(CheckpointRequest)
  case checkpointAnswer(CheckpointAnswer)
}

/// A piece of a trial's log.
public struct LogRequest: Equatable, Sendable {
  public enum Stream: String, Sendable, CaseIterable { case output, error }

  public var attempt: TrialAttempt
  public var stream: Stream
  /// Byte offset; negative: that many bytes before the end.
  public var offset: Int
  /// At most this many bytes, at most 1 MiB.
  public var limit: Int

  public init(attempt: TrialAttempt, stream: Stream, offset: Int, limit: Int) {
    self.attempt = attempt
    self.stream = stream
    self.offset = offset
    self.limit = limit
  }
}

public struct LogChunk: Equatable, Sendable {
  /// Where the piece begins.
  public var offset: Int
  public var bytes: [UInt8]
  /// The log's size now.
  public var size: Int
  /// Set when the log cannot be read.
  public var failure: String?

  public init(offset: Int, bytes: [UInt8], size: Int, failure: String? = nil) {
    self.offset = offset
    self.bytes = bytes
    self.size = size
    self.failure = failure
  }
}

/// A tree of files by content: code, and sealed checkpoints.
public struct TreeManifest: Equatable, Sendable {
  public struct Entry: Equatable, Sendable {
    public enum Kind: Equatable, Sendable {
      /// A regular file: size in bytes, SHA-256 of the content in hexadecimal.
      case file(size: Int, hash: String, isExecutable: Bool)
      /// A symbolic link and its target, which must stay inside the tree.
      case link(target: String)
      case folder
    }

    /// Relative path, `/` between components.
    public var path: String
    public var kind: Kind

    public init(path: String, kind: Kind) {
      self.path = path
      self.kind = kind
    }
  }

  /// Sorted by path, bytewise.
  public var entries: [Entry]

  public init(entries: [Entry]) { self.entries = entries }
}
