import CSSH2
import Glibc
import HostSystem
import TuningModel

/// The thread that owns an SSH connection after authentication: it opens channels, copies between them and descriptors,
/// asks a silent host for a sign of life, and tells everybody when the connection is gone.
final class Pump: @unchecked Sendable {
  // Sendable in truth: what the thread uses is used by it alone from its start on; the rest is behind locks.
  let label: String
  let session: SSHSession
  private let wakeup: Wakeup
  private let mail = Locked(Mail())
  private var thread: WorkerThread?

  var channels: [PumpedChannel] = []
  var freed: [PumpedChannel] = []
  var orders: [ChannelOrder] = []
  var opening: Opening?
  var ping: Ping?
  var broken: SecureShellError?
  /// Whether it broke because something of it was not what the host had sent.
  private var isDamaged = false
  let limit: Duration
  let times: Times

  private struct Mail {
    var orders: [ChannelOrder] = []
    var isStopping = false
    /// Why nothing more is taken.
    var end: SecureShellError?
  }

  /// A channel on its way. libssh2 takes the answer to one request for that to another, so there is one at a time.
  enum Opening {
    case channel(ChannelOrder)
    case request(ChannelOrder, OpaquePointer, command: [UInt8])
  }

  struct Ping {
    let channel: PumpedChannel
    let sent: Instant
  }

  struct Times {
    /// Silence after which the host is asked for a sign of life.
    var silence = Duration.seconds(15)
    /// How long it may take to give one.
    var patience = Duration.seconds(30)
  }

  private static let ration = 1 << 20
  private static let turnLimit = 64

  /// Takes over an authenticated session. No other thread may use it from now on.
  init(_ session: SSHSession, limit: Duration, times: Times = Times()) throws(SecureShellError) {
    self.session = session
    self.limit = limit
    self.times = times
    label = session.label
    guard let wakeup = Wakeup() else {
      throw SecureShellError(.system, "\(session.label): this process has no descriptor left")
    }
    self.wakeup = wakeup
    thread = WorkerThread(name: "ssh") { self.run() }
    guard thread != nil else { throw SecureShellError(.system, "\(session.label): no thread can be started") }
  }

  /// Why the connection is gone; nil while it stands.
  var end: SecureShellError? { mail.withLock { $0.end } }

  /// Opens a channel; returns when it is open.
  func open(_ order: ChannelOrder) throws(SecureShellError) {
    let end = mail.withLock { mail in
      if mail.end == nil { mail.orders.append(order) }
      return mail.end
    }
    if let end { throw end }
    wakeup.signal()
    try order.wait(label)
  }

  /// Ends the connection and waits for the thread, which waits for nobody.
  func stop() {
    mail.withLock { $0.isStopping = true }
    wakeup.signal()
    thread?.join()
  }

  private func run() {
    var isStopping = false
    while broken == nil {
      wakeup.clear()
      mail.withLock { mail in
        orders += mail.orders
        mail.orders = []
        isStopping = mail.isStopping
      }
      if isStopping {
        broken = SecureShellError(.broken, "\(label): the connection was closed here")
        break
      }
      session.transport.allow(Self.ration)
      var turns = 0
      while turn(), turns < Self.turnLimit, broken == nil { turns += 1 }
      session.transport.flush()
      if let failure = session.transport.failure, broken == nil { breakOff(failure) }
      if broken == nil { wait(isBusy: turns == Self.turnLimit || session.transport.isRationed) }
    }
    finish()
  }

  /// Does what can be done now; whether that was anything.
  private func turn() -> Bool {
    let received = session.transport.received
    var hasProgress = advance()
    drain()
    for channel in channels where broken == nil {
      switch channel.turn(session.transport) {
      case .idle: break
      case .progress: hasProgress = true
      case .failed(let code): fail(code)
      }
    }
    for channel in channels where broken == nil && (channel.isFinished || channel.isAbandoned) {
      if ping?.channel === channel { ping = nil }
      channels.removeAll { $0 === channel }
      freed.append(channel)
    }
    let before = freed.count
    if broken == nil {
      freed.removeAll { channel in
        let result = channel.free()
        if Self.damages.contains(result) { fail(result) }
        return result != LIBSSH2_ERROR_EAGAIN
      }
    }
    session.transport.flush()
    // Any call of libssh2 may have read, and kept for another channel or stream, what came just then: the socket will not
    // tell of it again.
    return hasProgress || freed.count < before || session.transport.received != received
  }

  /// Lets libssh2 read what has come, also where no channel has room for it: it queues no more than the windows allow.
  private func drain() {
    guard broken == nil, let channel = channels.first else { return }
    let result = channel.drain()
    if result < 0, result != LIBSSH2_ERROR_EAGAIN { fail(result) }
  }

  private func wait(isBusy: Bool) {
    // Without a channel libssh2 has no call that reads, and there is nothing to read but the end.
    let isReading = !channels.isEmpty || opening != nil || !freed.isEmpty
    let socketEvents = (isReading ? POLLIN : hangUp) | (session.transport.waiting > 0 ? POLLOUT : 0)
    var items = [
      pollfd(fd: wakeup.descriptor, events: Int16(POLLIN), revents: 0),
      pollfd(fd: session.transport.socket.number, events: Int16(socketEvents), revents: 0),
    ]
    for channel in channels { items += channel.interests }
    let result = poll(&items, nfds_t(items.count), isBusy ? 0 : Int32(clamping: pause.wholeMilliseconds + 1))
    guard result > 0 else { return }
    for channel in channels { channel.look(at: items) }
    if !isReading, Int32(items[1].revents) & (hangUp | POLLHUP | POLLERR) != 0 {
      breakOff("the host closed the connection")
    }
  }

  /// POLLRDHUP, which the C library shows to GNU programs alone.
  private var hangUp: Int32 { 0x2000 }

  /// How long nothing needs to be done unless something happens.
  private var pause: Duration {
    let now = HostClock.now
    var pause = times.silence
    if ping != nil { pause = .seconds(1) }
    if !channels.isEmpty { pause = min(pause, session.transport.lastReceived + times.silence - now) }
    switch opening {
    case .channel(let order), .request(let order, _, _): pause = min(pause, order.deadline - now)
    case nil: break
    }
    for order in orders { pause = min(pause, order.deadline - now) }
    if !freed.isEmpty { pause = min(pause, .seconds(1)) }
    // Never a busy loop, whatever the arithmetic.
    return max(.milliseconds(ping != nil || opening != nil ? 1 : 20), pause)
  }

  /// Errors after which nothing that the host seems to say counts.
  private static let damages = [
    LIBSSH2_ERROR_INVALID_MAC, LIBSSH2_ERROR_DECRYPT, LIBSSH2_ERROR_PROTO, LIBSSH2_ERROR_OUT_OF_BOUNDARY,
    LIBSSH2_ERROR_ZLIB, LIBSSH2_ERROR_COMPRESS,
  ]

  func fail(_ code: Int32) {
    if Self.damages.contains(code) { isDamaged = true }
    session.note(code)
    breakOff(session.end ?? session.lastError)
  }

  private func breakOff(_ reason: String) {
    broken = broken ?? SecureShellError(.broken, "\(label): the connection broke: \(reason)")
  }

  private func finish() {
    let end = broken ?? SecureShellError(.broken, "\(label): the connection broke")
    let late = mail.withLock { mail in
      mail.end = end
      defer { mail.orders = [] }
      return mail.orders
    }
    for order in orders + late { order.finish(end) }
    switch opening {
    case .channel(let order), .request(let order, _, _): order.finish(end)
    case nil: break
    }
    opening = nil
    for channel in channels + freed { channel.lose(end.message, isDamaged: isDamaged) }
    if session.transport.failure == nil {
      session.transport.allow(0)
      _ = libssh2_session_disconnect_ex(session.raw, 11, "", "")
      session.transport.flush()
    }
    session.transport.die()
    channels = []
    freed = []
  }
}
