import CZeroMQ
import HostSystem

/// The coordinator's end of one channel: a ROUTER socket. Belongs to one thread at a time; the counters and the port may
/// be read by any.
public final class ListenerSocket: @unchecked Sendable {
  // Sendable so that it can be handed to the thread that owns it from then on; only the counters are shared.
  public enum Event: Equatable, Sendable {
    case message(Peer, [UInt8])
    case violation(Peer, PeerViolation)
  }

  public struct Counters: Equatable, Sendable {
    public var messages = 0
    /// Handshakes with a key that is not admitted.
    public var refusedHandshakes = 0
    /// Handshakes without CURVE, with another server's key, with what is no ZMTP at all, or not brought to an end.
    public var brokenHandshakes = 0
    /// Messages of more than one frame, and messages by a route that the peer chose.
    public var violations = 0
    /// Frames thrown away with those.
    public var drainedFrames = 0
    /// Messages of peers that were cut off or whose key is no longer admitted.
    public var dropped = 0
    /// Messages that their reader could not make sense of; see `countMalformed()`.
    public var malformed = 0
  }

  /// The port that the socket listens on.
  public let port: Int
  public var counters: Counters { shared.withLock { $0 } }

  private let socket: ZMQSocket
  private let monitor: SocketMonitor
  private let list: AdmissionList
  private let shared = Locked(Counters())
  /// The rest of a message of many frames is being thrown away.
  private var draining: (peer: Peer?, frames: Int, isTold: Bool)?
  private var cutOff: Set<Peer.Route> = []

  /// What one call of `receive` throws away at most before the loop gets its turn.
  private static let drainLimit = 1024
  /// Messages after which handshakes are counted although more messages wait.
  private static let countingInterval = 256
  private var uncounted = 0
  /// Routes remembered as cut off. Beyond that the oldest are not known; all are forgotten, and fall to their reader again.
  private static let cutOffLimit = 65_536

  init(socket: ZMQSocket, monitor: SocketMonitor, port: Int, list: AdmissionList) {
    self.socket = socket
    self.monitor = monitor
    self.port = port
    self.list = list
  }

  /// What a loop waits for on this socket.
  public var pollSources: [PollSource] { [.socket(SocketHandle(pointer: socket.handle)), monitor.pollSource] }

  /// The next event; nil when there is none now, or when enough was thrown away for one turn of the loop. To be called
  /// until it says nil before the loop waits again.
  public func receive() -> Event? {
    // They are told by a socket of its own, which costs as much to ask as that of the messages.
    uncounted += 1
    if uncounted >= Self.countingInterval { countHandshakes() }
    if let event = next() { return event }
    countHandshakes()
    return nil
  }

  private func next() -> Event? {
    for _ in 0..<Self.drainLimit {
      if draining != nil { return drain() }
      guard var first = socket.receive() else { return nil }
      let route = Peer.Route(bytes: first.bytes())
      guard first.hasMore, var payload = socket.receive() else { continue }
      let peer = admittedPeer(route, &payload)
      if payload.hasMore {
        draining = (peer, 1, false)
      } else if let peer {
        return take(peer, payload.bytes())
      }
    }
    return nil
  }

  /// Sends a message without waiting. `unreachable`: the connection is gone; `full`: the peer does not read.
  public func send(_ message: [UInt8], to peer: Peer) -> SendResult {
    switch socket.send(peer.route.bytes, more: true) {
    case .wouldBlock: return .full
    case .unreachable, .failed: return .unreachable
    case .sent: break
    }
    return socket.send(message) == .sent ? .sent : .unreachable
  }

  /// Drops all that comes from this connection from now on; the peer may connect again.
  public func cutOff(_ peer: Peer) {
    if cutOff.count >= Self.cutOffLimit { cutOff.removeAll() }
    cutOff.insert(peer.route)
  }

  /// Counts a message that its reader could not make sense of.
  public func countMalformed() { shared.withLock { $0.malformed += 1 } }

  /// Closes the socket; messages still here get so long to leave while the context ends.
  public func close(flushing time: Duration = .zero) {
    monitor.close()
    socket.close(flushing: time)
  }

  private func take(_ peer: Peer, _ message: [UInt8]) -> Event {
    guard peer.route.isGiven else {
      shared.withLock { $0.violations += 1 }
      return .violation(peer, .choseRoute)
    }
    shared.withLock { $0.messages += 1 }
    return .message(peer, message)
  }

  /// nil, and counted: the sender was cut off, or is not admitted any more as what it was.
  private func admittedPeer(_ route: Peer.Route, _ frame: inout Frame) -> Peer? {
    guard !cutOff.contains(route), let (key, admission) = frame.property("User-Id").flatMap(UserID.parse),
      list.admission(of: key) == admission
    else {
      shared.withLock { $0.dropped += 1 }
      return nil
    }
    return Peer(route: route, key: key, admission: admission, address: frame.property("Peer-Address") ?? "")
  }

  private func drain() -> Event? {
    guard var state = draining else { return nil }
    let (count, isAtEnd) = socket.drainMessage(limit: Self.drainLimit)
    state.frames += count
    let isNews = !state.isTold
    state.isTold = true
    shared.withLock { counters in
      counters.drainedFrames += count + (isNews ? 1 : 0)
      if isNews { counters.violations += 1 }
    }
    draining = isAtEnd ? nil : state
    guard isNews, let peer = state.peer else { return nil }
    return .violation(peer, .extraFrames(state.frames))
  }

  private func countHandshakes() {
    uncounted = 0
    while let event = monitor.next() {
      shared.withLock { counters in
        switch event {
        case .refused: counters.refusedHandshakes += 1
        case .brokenHandshake, .interruptedHandshake: counters.brokenHandshakes += 1
        case .connected, .disconnected: break
        }
      }
    }
  }
}
