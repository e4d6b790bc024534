/// What the other end says before its hello: the login shell's words, if it prints any.
struct Preamble: Sendable {
  private(set) var count = 0
  private var text: [UInt8] = []

  mutating func add(_ byte: UInt8) {
    count += 1
    if text.count < 200 { text.append(byte) }
  }

  /// For messages.
  var quoted: String {
    let line = Self.printable(text)
    return count > text.count ? "'\(line)…'" : "'\(line)'"
  }

  /// Text of another machine in one line, without control characters.
  static func printable(_ text: some Sequence<UInt8>) -> String {
    String(decoding: Array(text), as: UTF8.self).unicodeScalars
      .map { $0.value < 32 || (127...159).contains($0.value) ? " " : String($0) }.joined()
  }
}

extension Multiplexer {
  /// Takes bytes of the wire, in pieces of any size.
  /// - Throws: `violation` or `version`. The tunnel is to be ended: the same is thrown from then on.
  public mutating func receive(_ bytes: some Collection<UInt8>) throws(TunnelError) -> [Event] {
    if let failure { throw failure }
    inbox.append(bytes)
    var events: [Event] = []
    do throws(TunnelError) {
      if !isGreeted { try greet(&events) }
      if isGreeted { while let event = try nextFrame() { if let event { events.append(event) } } }
    } catch {
      fail()
      failure = error
      throw error
    }
    return events
  }

  /// Why the wire's end is an error; nil when it came between two frames.
  public var truncation: TunnelError? {
    if let failure { return failure }
    if isGreeted {
      guard !inbox.isEmpty else { return nil }
      return TunnelError(.closed, "the tunnel's connection broke in the middle of a message")
    }
    guard preamble.count + inbox.count > 0 else { return TunnelError(.closed, "no relay answered") }
    return TunnelError(.closed, "no relay answered; what came instead was \(saidInstead)")
  }

  private var saidInstead: String {
    var preamble = preamble
    for offset in 0..<inbox.count { preamble.add(inbox[offset]) }
    return preamble.quoted
  }

  private mutating func fail() {
    inbox.removeAll()
    streams.removeAll()
  }

  /// Passes over what comes before the hello, and reads that.
  private mutating func greet(_ events: inout [Event]) throws(TunnelError) {
    let prefix = Frame.headerLength + Frame.magic.count
    while true {
      let known = min(inbox.count, prefix)
      guard let wrong = (0..<known).first(where: { !isHello(at: $0) }) else { break }
      // The hello cannot begin before the next byte that looks like one.
      let start = (1...max(1, wrong)).first { $0 < inbox.count && inbox[$0] == FrameKind.hello.rawValue }
      for _ in 0..<(start ?? max(1, wrong)) {
        preamble.add(inbox[0])
        inbox.removeFirst(1)
      }
      guard preamble.count <= Self.preambleLimit else {
        throw TunnelError(.violation, "no relay answered; what came instead began with \(preamble.quoted)")
      }
    }
    guard inbox.count >= prefix else { return }
    let length = payloadLength
    guard FrameKind.hello.lengths.contains(length) else {
      throw TunnelError(.violation, "the other end of the tunnel sent a hello of \(length) bytes")
    }
    guard inbox.count >= Frame.headerLength + length else { return }
    let payload = inbox.slice(Frame.headerLength..<(Frame.headerLength + length))
    let rest = payload.dropFirst(Frame.magic.count)
    let version = Int(Frame.number(rest.prefix(2)))
    guard version == Frame.version else {
      throw TunnelError(
        .version,
        "the other end speaks version \(version) of the tunnel's protocol, this program version \(Frame.version): "
          + "use the same version of pasha on both machines")
    }
    isGreeted = true
    events.append(.hello(String(decoding: rest.dropFirst(2), as: UTF8.self)))
    inbox.removeFirst(Frame.headerLength + length)
  }

  /// Whether the byte at a place could be the hello's.
  private func isHello(at offset: Int) -> Bool {
    switch offset {
    case 0: inbox[0] == FrameKind.hello.rawValue
    case 1, 4, 5, 6, 7: inbox[offset] == 0
    case 2, 3: true
    default: inbox[offset] == Frame.magic[offset - Frame.headerLength]
    }
  }

  private var payloadLength: Int { Int(inbox[1]) << 16 | Int(inbox[2]) << 8 | Int(inbox[3]) }

  /// Reads one frame. nil: there is no whole one; nil within: it says nothing to the outside.
  private mutating func nextFrame() throws(TunnelError) -> Event?? {
    guard inbox.count >= Frame.headerLength else { return nil }
    let length = payloadLength
    let stream = UInt32(Frame.number(inbox.slice(4..<8)))
    guard let kind = FrameKind(rawValue: inbox[0]), kind != .hello else {
      throw broken("a frame of kind \(inbox[0])")
    }
    guard kind.lengths.contains(length) else { throw broken("a frame '\(kind)' of \(length) bytes") }
    guard kind.isOfTunnel == (stream == 0) else { throw broken("a frame '\(kind)' for stream \(stream)") }
    guard inbox.count >= Frame.headerLength + length else { return nil }
    let event = try take(kind, stream, length)
    inbox.removeFirst(Frame.headerLength + length)
    return .some(event)
  }

  private var payloadNumber: UInt64 {
    Frame.number(inbox.slice(Frame.headerLength..<(Frame.headerLength + payloadLength)))
  }

  private mutating func take(_ kind: FrameKind, _ stream: UInt32, _ length: Int) throws(TunnelError) -> Event? {
    switch kind {
    case .hello: return nil
    case .ping:
      scheduler.pong = payloadNumber
      return nil
    case .pong: return .pong(payloadNumber)
    case .open: return try takeOpen(stream)
    case .data, .window, .end, .reset: break
    }
    guard stream <= lastStream else { throw broken("a frame '\(kind)' for stream \(stream), which was never opened") }
    // Late words for a stream that is gone here.
    guard let index = streams.firstIndex(where: { $0.id == stream }) else { return nil }
    guard streams[index].isAnnounced else {
      throw broken("a frame '\(kind)' for stream \(stream), which it was not told of")
    }
    if kind == .reset {
      let wasKnown = !streams[index].isReset
      streams.remove(at: index)
      return wasKnown ? .reset(stream) : nil
    }
    if streams[index].isReset { return nil }
    if kind == .window { return try takeWindow(index, Int(payloadNumber)) }
    guard !streams[index].isEndReceived else { throw broken("a frame '\(kind)' after the end of stream \(stream)") }
    if kind == .end {
      streams[index].isEndReceived = true
      if streams[index].isOver { streams.remove(at: index) }
      return .ended(stream)
    }
    guard length <= streams[index].receiveWindow else {
      throw broken("more on stream \(stream) than it has credit for")
    }
    streams[index].receiveWindow -= length
    return .data(stream, Array(inbox.slice(Frame.headerLength..<(Frame.headerLength + length))))
  }

  private mutating func takeOpen(_ stream: UInt32) throws(TunnelError) -> Event {
    guard role == .end else { throw broken("a frame 'open', which only a relay sends") }
    guard stream > lastStream else { throw broken("a frame 'open' for stream \(stream) after \(lastStream)") }
    guard streams.count < Self.streamLimit else { throw broken("more than \(Self.streamLimit) streams at once") }
    let number = payloadNumber
    guard let target = TunnelTarget(rawValue: UInt8(clamping: number)) else {
      throw broken("a frame 'open' for target \(number)")
    }
    lastStream = stream
    streams.append(StreamState(stream, target, isAnnounced: true))
    return .opened(stream, target)
  }

  private mutating func takeWindow(_ index: Int, _ credit: Int) throws(TunnelError) -> Event? {
    guard credit > 0, streams[index].sendWindow + credit <= Self.window else {
      throw broken("credit of \(credit) bytes for stream \(streams[index].id), which was never used")
    }
    streams[index].sendWindow += credit
    return nil
  }

  private func broken(_ what: String) -> TunnelError {
    TunnelError(.violation, "the other end of the tunnel sent \(what)")
  }
}
