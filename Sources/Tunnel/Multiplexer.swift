/// Many streams over one wire, as a value: bytes of the wire go in and events come out, bytes of streams go in and bytes
/// for the wire come out. It reads no clock and does no input or output.
///
/// The relay's side opens streams. Either side sends at most what the other gave credit for, so that each keeps at most
/// `window` bytes for a stream, and one side has at most `streamLimit` streams. A peer that breaks a rule ends the
/// tunnel: `receive` throws, now and from then on.
public struct Multiplexer: Sendable {
  public enum Role: Sendable {
    /// Opens streams.
    case relay
    /// Is asked to connect them.
    case end
  }

  /// What the other end did.
  public enum Event: Equatable, Sendable {
    /// Its first words; the relay's are its folder.
    case hello(String)
    case opened(UInt32, TunnelTarget)
    /// Bytes of a stream. `consumed` is to be called once they were handed on.
    case data(UInt32, [UInt8])
    /// No more data comes; sending may go on.
    case ended(UInt32)
    /// The stream is gone.
    case reset(UInt32)
    /// The answer to a ping.
    case pong(UInt64)
  }

  /// Bytes that either side may have under way on a stream.
  public static let window = 1 << 20
  /// Bytes that a stream keeps for the wire; see `room`.
  static let queueLimit = 256 << 10
  /// Streams at once. An agent has two; what a broken connection leaves goes soon.
  public static let streamLimit = 64
  /// Bytes before the other end's hello that are passed over: what a login shell prints.
  static let preambleLimit = 64 << 10

  public let role: Role
  /// Whether the other end said hello.
  public internal(set) var isGreeted = false
  let greeting: String
  var streams: [StreamState] = []
  /// The highest number that a stream has had.
  var lastStream: UInt32 = 0
  var inbox = ByteQueue()
  var preamble = Preamble()
  var failure: TunnelError?
  var scheduler = Scheduler()

  /// - Parameter greeting: text for the other end, at most 255 bytes.
  public init(_ role: Role, greeting: String = "") {
    self.role = role
    self.greeting = greeting
  }

  /// Whether another stream can be opened now.
  public var canOpen: Bool {
    role == .relay && failure == nil && streams.count < Self.streamLimit && lastStream < .max
  }

  public var streamCount: Int { streams.count }

  /// Opens a stream; nil while there are too many.
  public mutating func open(_ target: TunnelTarget) -> UInt32? {
    guard canOpen else { return nil }
    lastStream += 1
    streams.append(StreamState(lastStream, target, isAnnounced: false))
    return lastStream
  }

  /// How many bytes of a stream are taken now; 0 also when it is gone.
  public func room(on stream: UInt32) -> Int {
    guard let index = index(of: stream), !streams[index].isSendingDone else { return 0 }
    return max(0, Self.queueLimit - streams[index].queue.count)
  }

  /// Queues bytes for the wire; nothing happens when the stream is gone. Not more than `room`, and none after `end`.
  public mutating func send(_ bytes: some Collection<UInt8>, on stream: UInt32) {
    guard let index = index(of: stream) else { return }
    precondition(!streams[index].isSendingDone, "bytes after the end of stream \(stream)")
    streams[index].queue.append(bytes)
  }

  /// Sends no more on a stream once what was queued has gone.
  public mutating func end(_ stream: UInt32) {
    guard let index = index(of: stream) else { return }
    streams[index].isSendingDone = true
  }

  /// Ends a stream in both directions at once; what was queued is dropped. No more events come for it.
  public mutating func reset(_ stream: UInt32) {
    guard let index = index(of: stream) else { return }
    if !streams[index].isAnnounced {
      streams.remove(at: index)
      return
    }
    streams[index].isReset = true
    streams[index].queue.removeAll()
  }

  /// So many bytes of `data` have been handed on: the other end may send as many more.
  public mutating func consumed(_ count: Int, on stream: UInt32) {
    guard let index = index(of: stream) else { return }
    streams[index].owed += count
  }

  /// Asks the other end whether it is there; a ping that has not gone yet is replaced.
  public mutating func ping(_ number: UInt64) { scheduler.ping = number }

  func index(of stream: UInt32) -> Int? { streams.firstIndex { $0.id == stream && !$0.isReset } }
}

/// What is known of one stream.
struct StreamState: Sendable {
  let id: UInt32
  let target: TunnelTarget
  /// The other end knows of it: its `open` is on the wire.
  var isAnnounced: Bool
  /// Bytes for the wire.
  var queue = ByteQueue()
  /// Bytes that may still be sent, and that the other end may still send.
  var sendWindow = Multiplexer.window
  var receiveWindow = Multiplexer.window
  /// Bytes handed on for which no credit was given back yet.
  var owed = 0
  /// This end sends no more once the queue is empty; and that is on the wire.
  var isSendingDone = false
  var isEndSent = false
  var isEndReceived = false
  /// Gone here; to be told.
  var isReset = false

  init(_ id: UInt32, _ target: TunnelTarget, isAnnounced: Bool) {
    self.id = id
    self.target = target
    self.isAnnounced = isAnnounced
  }

  var isOver: Bool { isEndSent && isEndReceived }
  /// Credit is given in large pieces, and not where no more comes.
  var isCreditDue: Bool { owed >= Multiplexer.window / 4 && !isEndReceived }
  var hasData: Bool { isAnnounced && !queue.isEmpty && sendWindow > 0 }
  var hasEnd: Bool { isAnnounced && isSendingDone && !isEndSent && queue.isEmpty }
}
