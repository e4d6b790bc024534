import Glibc
import HostSystem

/// The local connection of one stream.
final class StreamSocket {
  let id: UInt32
  let watched: WatchedDescriptor
  /// The connection does not stand yet.
  private(set) var isConnecting: Bool
  /// Bytes for the local side; bounded by the stream's window.
  private var outgoing = ByteQueue()
  /// The local side sends no more.
  private(set) var isReadingDone = false
  /// The other end sends no more, and the local side was told so.
  private var isEndReceived = false
  private var isWritingDone = false

  enum Failure: Error { case gone }

  init(_ id: UInt32, _ watched: WatchedDescriptor, isConnecting: Bool) {
    self.id = id
    self.watched = watched
    self.isConnecting = isConnecting
  }

  var isOver: Bool { isReadingDone && isWritingDone }

  /// What is waited for, given how much the wire takes of this stream.
  func interest(room: Int) -> EventLoop.Interest {
    if isConnecting { return .writable }
    var interest: EventLoop.Interest = []
    if !isReadingDone, room > 0 { interest.insert(.readable) }
    if !outgoing.isEmpty { interest.insert(.writable) }
    return interest
  }

  /// Takes bytes for the local side and writes what goes now.
  /// - Returns: how many bytes have left.
  func write(_ bytes: [UInt8]) throws(Failure) -> Int {
    outgoing.append(bytes)
    return try flush()
  }

  /// Writes what goes now.
  func flush() throws(Failure) -> Int {
    guard !isConnecting else { return 0 }
    let (written, failure) = SocketCalls.write(watched.descriptor, from: &outgoing)
    guard failure == 0 else { throw .gone }
    if isEndReceived, outgoing.isEmpty, !isWritingDone {
      isWritingDone = true
      SocketCalls.endWriting(watched.descriptor)
    }
    return written
  }

  /// The other end sends no more.
  func endWriting() throws(Failure) -> Int {
    isEndReceived = true
    return try flush()
  }

  /// The socket became writable: the connection stands, or failed.
  func finishConnecting() throws(Failure) {
    guard isConnecting else { return }
    guard SocketCalls.connectionError(watched.descriptor) == 0 else { throw .gone }
    isConnecting = false
  }

  /// Reads what there is.
  /// - Returns: how many bytes; nil: the local side sends no more.
  func read(into buffer: inout [UInt8], upTo limit: Int) throws(Failure) -> Int? {
    switch SocketCalls.read(watched.descriptor, into: &buffer, upTo: limit) {
    case .bytes(let count): return count
    case .nothing: return 0
    case .failed: throw .gone
    case .end:
      isReadingDone = true
      return nil
    }
  }
}
