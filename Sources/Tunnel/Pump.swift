import Glibc
import HostSystem
import TuningModel

/// What both ends of a tunnel have in common: the wire, the streams' sockets, and a loop over both. Belongs to one thread.
final class Pump {
  let loop: EventLoop
  private(set) var multiplexer: Multiplexer
  private(set) var liveness: Liveness
  private let helloDeadline: Instant
  private let input: WatchedDescriptor
  private let output: WatchedDescriptor
  /// Frames on their way out. Few, so that what is urgent does not wait behind them.
  private var wire = ByteQueue()
  private var sockets: [UInt32: StreamSocket] = [:]
  private var buffer = [UInt8](repeating: 0, count: Pump.readSize)

  /// Connects a stream that the relay opened; nil: it cannot be connected, and is reset.
  var connect: ((TunnelTarget) -> Descriptor?)?
  /// The other end said hello.
  var greeted: ((String) throws(TunnelError) -> Void)?

  static let readSize = 256 << 10
  /// The wire gets more once less than this is on its way, and so much at once.
  private static let wireLow = 64 << 10
  private static let wireBatch = 128 << 10
  private static let inputToken = 0
  private static let outputToken = 1
  /// The first token that the pump's owner may use, and the first of the streams.
  static let ownTokens = 2
  private static let streamTokens = 16

  init(
    _ role: Multiplexer.Role, greeting: String, input: Descriptor, output: Descriptor, timing: TunnelTiming
  ) throws(SystemError) {
    loop = try EventLoop()
    helloDeadline = HostClock.now + timing.silence
    multiplexer = Multiplexer(role, greeting: greeting)
    liveness = Liveness(timing, at: HostClock.now)
    // One socket may be both.
    let output = input.number == output.number ? try SocketCalls.duplicate(output) : output
    for descriptor in [input, output] {
      try SocketCalls.makeNonBlocking(descriptor)
      SocketCalls.widenPipe(descriptor, to: Self.readSize)
    }
    self.input = WatchedDescriptor(input, loop, token: Self.inputToken)
    self.output = WatchedDescriptor(output, loop, token: Self.outputToken)
  }

  /// Opens a stream for a connection that was accepted; false while there are too many.
  func open(_ target: TunnelTarget, _ socket: Descriptor) -> Bool {
    guard let id = multiplexer.open(target) else { return false }
    add(id, socket, isConnecting: false)
    return true
  }

  /// Writes, waits until something happens or a time comes, and does what is to be done for the wire and the streams.
  /// - Returns: the tokens of the owner that are ready.
  /// - Throws: why the tunnel is at its end.
  func turn(until deadline: Instant? = nil) throws(TunnelError) -> [EventLoop.Ready] {
    try writeWire()
    let ready: [EventLoop.Ready]
    do throws(SystemError) {
      try input.want(.readable)
      try output.want(wire.isEmpty ? [] : .writable)
      for socket in sockets.values {
        try socket.watched.want(socket.interest(room: multiplexer.room(on: socket.id)))
      }
      let wake = min(liveness.deadline, deadline ?? liveness.deadline)
      ready = try loop.wait(for: max(.zero, wake - HostClock.now))
    } catch {
      throw TunnelError(error)
    }
    var own: [EventLoop.Ready] = []
    for event in ready {
      switch event.token {
      case Self.inputToken: try readWire()
      case Self.outputToken: break
      case Self.streamTokens...: serve(UInt32(event.token - Self.streamTokens), event)
      default: own.append(event)
      }
    }
    let now = HostClock.now
    guard multiplexer.isGreeted || now < helloDeadline else {
      throw TunnelError(.silent, "the other end of the tunnel did not say hello in time")
    }
    switch liveness.due(at: now) {
    case .ping: multiplexer.ping(UInt64(bitPattern: now.nanoseconds))
    case .giveUp: throw TunnelError(.silent, "nothing came from the other end of the tunnel for too long")
    case nil: break
    }
    return own
  }

  private func writeWire() throws(TunnelError) {
    while true {
      if wire.count < Self.wireLow, multiplexer.hasOutput { wire.append(multiplexer.output(upTo: Self.wireBatch)) }
      if wire.isEmpty { return }
      let (written, failure) = SocketCalls.write(output.descriptor, from: &wire)
      if failure != 0 {
        // What the other end said before it went tells more than that it went.
        for _ in 0..<64 { try readWire() }
        throw TunnelError(.closed, "the tunnel's connection broke: \(SystemError.reason(failure))")
      }
      if written == 0 || !wire.isEmpty { return }
    }
  }

  private func readWire() throws(TunnelError) {
    let count: Int
    switch SocketCalls.read(input.descriptor, into: &buffer, upTo: buffer.count) {
    case .bytes(let number): count = number
    case .nothing: return
    case .end: throw multiplexer.truncation ?? TunnelError(.closed, "the tunnel's connection was closed")
    case .failed(let number):
      throw TunnelError(.closed, "the tunnel's connection broke: \(SystemError.reason(number))")
    }
    liveness.heard(at: HostClock.now)
    for event in try multiplexer.receive(buffer[..<count]) {
      switch event {
      case .hello(let text): try greeted?(text)
      case .opened(let id, let target): opened(id, target)
      case .data(let id, let bytes): pass(id) { socket throws(StreamSocket.Failure) in try socket.write(bytes) }
      case .ended(let id): pass(id) { socket throws(StreamSocket.Failure) in try socket.endWriting() }
      case .reset(let id): sockets[id] = nil
      case .pong: break
      }
    }
  }

  private func opened(_ id: UInt32, _ target: TunnelTarget) {
    // Sockets outlive their streams while the coordinator has not read all that came.
    guard sockets.count < 2 * Multiplexer.streamLimit, let socket = connect?(target) else {
      multiplexer.reset(id)
      return
    }
    add(id, socket, isConnecting: true)
  }

  private func add(_ id: UInt32, _ socket: Descriptor, isConnecting: Bool) {
    let watched = WatchedDescriptor(socket, loop, token: Self.streamTokens + Int(id))
    sockets[id] = StreamSocket(id, watched, isConnecting: isConnecting)
  }

  /// Hands something to a stream's socket, gives credit for what has left, and drops the socket when it is done.
  private func pass(_ id: UInt32, _ body: (StreamSocket) throws(StreamSocket.Failure) -> Int) {
    guard let socket = sockets[id] else { return }
    do throws(StreamSocket.Failure) {
      let count = try body(socket)
      if count > 0 { multiplexer.consumed(count, on: id) }
      if socket.isOver { sockets[id] = nil }
    } catch {
      multiplexer.reset(id)
      sockets[id] = nil
    }
  }

  /// A stream's socket is ready.
  private func serve(_ id: UInt32, _ event: EventLoop.Ready) {
    pass(id) { socket throws(StreamSocket.Failure) in
      if socket.isConnecting {
        try socket.finishConnecting()
        return try socket.flush()
      }
      let room = multiplexer.room(on: id)
      if event.isReadable || event.isHungUp, room > 0, !socket.isReadingDone {
        if let count = try socket.read(into: &buffer, upTo: room) {
          multiplexer.send(buffer[..<count], on: id)
        } else {
          multiplexer.end(id)
        }
      }
      return event.isWritable || event.isHungUp ? try socket.flush() : 0
    }
  }
}
