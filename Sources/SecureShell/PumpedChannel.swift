import CSSH2
import Glibc
import HostSystem

/// One channel of a pump, and the descriptors that it is copied from and to.
final class PumpedChannel {
  let channel: OpaquePointer
  private let state: CommandState
  private var input: Descriptor?
  private let unsent = ByteBuffer(capacity: PumpedChannel.readSize)
  private var hasSentEnd = false
  private var sinks: [Sink]
  private let drained = ByteBuffer(capacity: PumpedChannel.readSize)
  private(set) var isClosedByHost = false
  private var isBeingFreed = false

  /// What the host may send before it is read: the most that is held for one channel and stream.
  static let window = 1 << 20
  fileprivate static let readSize = 1 << 17
  /// What waits for the socket before a channel adds more.
  private static let outgoingLimit = 1 << 18

  /// What comes on one stream of a channel.
  private struct Sink {
    let stream: Int32
    /// nil once it was closed, or nobody reads any more.
    var descriptor: Descriptor?
    var buffer = ByteBuffer(capacity: PumpedChannel.readSize)
    /// Whether the host will send nothing more.
    var isAtEnd = false
    /// Whether the reader went away; what comes is thrown away.
    var isAbandoned = false

    var isDone: Bool { isAtEnd && buffer.isEmpty }
  }

  /// What a turn did.
  enum Turn {
    case idle
    case progress
    /// An error of libssh2 that ends the connection.
    case failed(Int32)
  }

  init(_ channel: OpaquePointer, _ order: ChannelOrder) {
    self.channel = channel
    state = order.state
    input = order.input
    sinks = [Sink(stream: 0, descriptor: order.output)]
    if let errors = order.errors { sinks.append(Sink(stream: 1, descriptor: errors)) }
  }

  /// Whether nobody reads what the command says any more: the channel is to be closed, which tells the command.
  var isAbandoned: Bool { sinks.contains(where: \.isAbandoned) && sinks.allSatisfy { $0.isAbandoned || $0.isDone } }

  /// Whether all has been copied that ever will be.
  var isFinished: Bool { isClosedByHost && sinks.allSatisfy(\.isDone) }

  /// Copies what can be copied now.
  func turn(_ transport: Transport) -> Turn {
    var hasProgress = false
    for step in [{ self.send(transport) }, { self.receive() }, { self.lookForClose() }] {
      switch step() {
      case .idle: break
      case .progress: hasProgress = true
      case .failed(let code): return .failed(code)
      }
    }
    return hasProgress ? .progress : .idle
  }

  /// Reads a stream that does not exist, which makes libssh2 read from the socket.
  ///
  /// All readings of a channel ask for the same number of bytes: when libssh2 is held up while it widens the window, it
  /// sends the old number and accounts for the new one, and drops what the host sends in between.
  func drain() -> Int32 { Int32(clamping: drained.fill { libssh2_channel_read_ex(channel, 2, $0, $1) }) }

  /// Closes the channel. To be called again as long as it gives LIBSSH2_ERROR_EAGAIN.
  func free() -> Int32 {
    if !isBeingFreed {
      isBeingFreed = true
      input = nil
      for index in sinks.indices { sinks[index].descriptor = nil }
    }
    let result = libssh2_channel_free(channel)
    if result != LIBSSH2_ERROR_EAGAIN { state.set(.lost("nobody reads what it says")) }
    return result
  }

  /// The connection is gone. The end of the command may have come with its last packets; not where one of them was
  /// damaged, since libssh2 leaves that one out and reads on: a command whose output is missing would have ended well.
  func lose(_ reason: String, isDamaged: Bool) {
    if !isDamaged, !isClosedByHost, libssh2_channel_wait_closed(channel) == 0 { noteClose() }
    state.set(.lost(reason))
    input = nil
    for index in sinks.indices { sinks[index].descriptor = nil }
  }

  /// What to wait for.
  var interests: [pollfd] {
    var items: [pollfd] = []
    if let input, unsent.isEmpty { items.append(pollfd(fd: input.number, events: Int16(POLLIN), revents: 0)) }
    for sink in sinks {
      guard let descriptor = sink.descriptor else { continue }
      let events = sink.buffer.isEmpty ? 0 : POLLOUT
      items.append(pollfd(fd: descriptor.number, events: Int16(events), revents: 0))
    }
    return items
  }

  /// Takes note of readers that went away.
  func look(at ready: [pollfd]) {
    for index in sinks.indices {
      guard let number = sinks[index].descriptor?.number else { continue }
      if ready.contains(where: { $0.fd == number && Int32($0.revents) & (POLLERR | POLLHUP) != 0 }) { abandon(index) }
    }
  }

  private func abandon(_ index: Int) {
    sinks[index].descriptor = nil
    sinks[index].buffer.clear()
    sinks[index].isAbandoned = true
  }

  private func send(_ transport: Transport) -> Turn {
    var hasProgress = false
    while let input {
      if unsent.isEmpty {
        switch unsent.fill(from: input) {
        case .some(let count) where count > 0: hasProgress = true
        case .some: self.input = nil
        case nil: return hasProgress ? .progress : .idle
        }
        if unsent.isEmpty { break }
      }
      if isClosedByHost {
        // Whoever writes is to see it.
        self.input = nil
        unsent.clear()
        return .progress
      }
      if transport.waiting >= Self.outgoingLimit { break }
      let sent = unsent.withBytes { libssh2_channel_write_ex(channel, 0, $0, $1) }
      if sent > 0 {
        unsent.drop(sent)
        transport.flush()
        hasProgress = true
      } else if sent == 0 || sent == Int(LIBSSH2_ERROR_EAGAIN) {
        break
      } else if Self.isOfChannel(Int32(sent)) {
        self.input = nil
        unsent.clear()
      } else {
        return .failed(Int32(sent))
      }
    }
    if input == nil, unsent.isEmpty, !hasSentEnd, !isClosedByHost {
      let result = libssh2_channel_send_eof(channel)
      if result == LIBSSH2_ERROR_EAGAIN { return hasProgress ? .progress : .idle }
      hasSentEnd = true
      if result != 0, !Self.isOfChannel(result) { return .failed(result) }
      hasProgress = true
    }
    return hasProgress ? .progress : .idle
  }

  private func receive() -> Turn {
    var hasProgress = false
    for index in sinks.indices {
      while true {
        if !sinks[index].buffer.isEmpty {
          guard let descriptor = sinks[index].descriptor else {
            sinks[index].buffer.clear()
            continue
          }
          switch sinks[index].buffer.drain(to: descriptor) {
          case .some(let count) where count > 0: hasProgress = true
          case .some: abandon(index)
          case nil: break
          }
          if !sinks[index].buffer.isEmpty { break }
        }
        if sinks[index].isAtEnd { break }
        let stream = sinks[index].stream
        let count = sinks[index].buffer.fill { libssh2_channel_read_ex(channel, stream, $0, $1) }
        if count == Int(LIBSSH2_ERROR_EAGAIN) { break }
        if count < 0, !Self.isOfChannel(Int32(count)) { return .failed(Int32(count)) }
        hasProgress = true
        if count <= 0 {
          sinks[index].isAtEnd = true
          break
        }
      }
      if sinks[index].isDone { sinks[index].descriptor = nil }
    }
    return hasProgress ? .progress : .idle
  }

  private func lookForClose() -> Turn {
    guard !isClosedByHost else { return .idle }
    let result = libssh2_channel_wait_closed(channel)
    switch result {
    case 0:
      noteClose()
      return .progress
    case LIBSSH2_ERROR_EAGAIN, LIBSSH2_ERROR_INVAL: return .idle
    default: return Self.isOfChannel(result) ? .idle : .failed(result)
    }
  }

  private func noteClose() {
    isClosedByHost = true
    var name: UnsafeMutablePointer<CChar>?
    var count = 0
    libssh2_channel_get_exit_signal(channel, &name, &count, nil, nil, nil, nil)
    if let name {
      state.set(.signalled(String(cString: name)))
      Glibc.free(name)
    } else {
      state.set(.exited(Int(libssh2_channel_get_exit_status(channel))))
    }
  }

  /// Errors that concern this channel alone.
  private static func isOfChannel(_ code: Int32) -> Bool {
    [
      LIBSSH2_ERROR_CHANNEL_CLOSED, LIBSSH2_ERROR_CHANNEL_EOF_SENT, LIBSSH2_ERROR_CHANNEL_FAILURE,
      LIBSSH2_ERROR_CHANNEL_REQUEST_DENIED, LIBSSH2_ERROR_CHANNEL_UNKNOWN,
    ].contains(code)
  }
}
