import CSSH2
import HostSystem
import TuningModel

/// What is asked of the host and answered by it: channels, commands, signs of life.
extension Pump {
  /// Takes the request on its way a step further, or begins the next; whether that was anything.
  func advance() -> Bool {
    if broken != nil { return false }
    expire()
    if let ping { return advance(ping) }
    if let opening { return advance(opening) }
    if !orders.isEmpty {
      let order = orders.removeFirst()
      opening = .channel(order)
      return advance(.channel(order))
    }
    let now = HostClock.now
    if now - session.transport.lastReceived > times.silence,
      let channel = channels.first(where: { !$0.isClosedByHost })
    {
      let ping = Ping(channel: channel, sent: now)
      self.ping = ping
      return advance(ping)
    }
    return false
  }

  /// Lets go of those who have waited for their turn too long: nothing of theirs was begun.
  private func expire() {
    let now = HostClock.now
    for order in orders where order.deadline <= now { order.finish(late(order)) }
    orders.removeAll { $0.deadline <= now }
  }

  private func late(_ order: ChannelOrder) -> SecureShellError {
    let what =
      switch order.kind {
      case .command: "starting a command"
      case .forward(let host, let port): "reaching \(host) port \(port) through it"
      }
    return SecureShellError(
      .timeout, "\(label): \(what) took longer than \(limit.shown): the host does not answer any more")
  }

  /// A request on a channel that no server grants and every server answers.
  private func advance(_ ping: Ping) -> Bool {
    // A host that has closed the channel meanwhile answers no more; that it did is a sign of life.
    let name = "PASHA_KEEPALIVE"
    let result =
      ping.channel.isClosedByHost
      ? 0
      : libssh2_channel_setenv_ex(ping.channel.channel, name, UInt32(name.utf8.count), "1", 1)
    guard result == LIBSSH2_ERROR_EAGAIN else {
      self.ping = nil
      return true
    }
    if HostClock.now - ping.sent > times.patience, session.transport.lastReceived < ping.sent {
      broken = SecureShellError(
        .timeout,
        "\(label): the host has been silent for \((HostClock.now - session.transport.lastReceived).shown): the "
          + "connection is given up")
    }
    return false
  }

  private func advance(_ opening: Opening) -> Bool {
    let order: ChannelOrder
    switch opening {
    case .channel(let waiting): order = waiting
    case .request(let waiting, _, _): order = waiting
    }
    let isDone =
      switch opening {
      case .channel: openChannel(order)
      case .request(_, let channel, let command): request(order, channel, command)
      }
    if !isDone, broken == nil, HostClock.now >= order.deadline { broken = late(order) }
    return isDone
  }

  private func openChannel(_ order: ChannelOrder) -> Bool {
    let type: String
    var message = SSHWriter()
    switch order.kind {
    case .command: type = "session"
    case .forward(let host, let port):
      type = "direct-tcpip"
      message.string(host)
      message.number(port)
      message.string("127.0.0.1")
      message.number(0)
    }
    let channel = message.bytes.withUnsafeBufferPointer { bytes in
      bytes.withMemoryRebound(to: CChar.self) { bytes in
        libssh2_channel_open_ex(
          session.raw, type, UInt32(type.utf8.count), UInt32(PumpedChannel.window),
          UInt32(LIBSSH2_CHANNEL_PACKET_DEFAULT), bytes.isEmpty ? nil : bytes.baseAddress, UInt32(bytes.count))
      }
    }
    guard let channel else {
      let code = libssh2_session_last_errno(session.raw)
      if code == LIBSSH2_ERROR_EAGAIN { return false }
      if code == LIBSSH2_ERROR_CHANNEL_FAILURE {
        opening = nil
        order.finish(refusal(order))
      } else {
        fail(code)
      }
      return true
    }
    switch order.kind {
    case .command(let command): opening = .request(order, channel, command: Array(command.utf8))
    case .forward: start(channel, order)
    }
    return true
  }

  private func request(_ order: ChannelOrder, _ channel: OpaquePointer, _ command: [UInt8]) -> Bool {
    let result = command.withUnsafeBufferPointer { bytes in
      bytes.withMemoryRebound(to: CChar.self) {
        libssh2_channel_process_startup(channel, "exec", 4, $0.baseAddress, UInt32($0.count))
      }
    }
    switch result {
    case LIBSSH2_ERROR_EAGAIN: return false
    case 0: start(channel, order)
    case LIBSSH2_ERROR_CHANNEL_REQUEST_DENIED:
      opening = nil
      order.finish(
        SecureShellError(
          .broken, "\(label): the host refuses to run commands: is there a ForceCommand or a shell missing?"))
      freed.append(PumpedChannel(channel, order))
    default: fail(result)
    }
    return true
  }

  private func start(_ channel: OpaquePointer, _ order: ChannelOrder) {
    opening = nil
    channels.append(PumpedChannel(channel, order))
    order.finish(nil)
  }

  private func refusal(_ order: ChannelOrder) -> SecureShellError {
    let reason = session.lastError
    switch order.kind {
    case .command:
      return SecureShellError(
        .broken,
        "\(label): the host opens no session: \(reason); MaxSessions in its sshd_config limits how many there are at a "
          + "time")
    case .forward(let host, let port):
      if reason.contains("prohibited") {
        return SecureShellError(
          .configuration,
          "\(label): the host does not let connections through to \(host) port \(port): allow AllowTcpForwarding in its "
            + "sshd_config")
      }
      return SecureShellError(.unreachable, "\(label): the host cannot reach \(host) port \(port): \(reason)")
    }
  }
}
