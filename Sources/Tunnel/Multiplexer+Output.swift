/// What waits for the wire besides the streams, and whose turn it is.
struct Scheduler: Sendable {
  var isHelloSent = false
  var ping: UInt64?
  var pong: UInt64?
  /// The streams that were served last, of each target.
  var lastServed: [UInt32] = [0, 0]
  /// Frames of control that went since the last one of bulk.
  var controlFrames = 0

  /// After so many frames of control in a row, a frame of bulk goes: control goes first, but not alone.
  static let controlBurst = 8
}

extension Multiplexer {
  /// Whether there is something for the wire.
  public var hasOutput: Bool {
    guard failure == nil else { return false }
    if !scheduler.isHelloSent || scheduler.ping != nil || scheduler.pong != nil { return true }
    return streams.contains { $0.isReset || !$0.isAnnounced || $0.isCreditDue || $0.hasData || $0.hasEnd }
  }

  /// The next bytes for the wire: whole frames, until there are `limit` bytes or no more to send.
  public mutating func output(upTo limit: Int) -> [UInt8] {
    var wire: [UInt8] = []
    while wire.count < limit, writeFrame(to: &wire) {}
    return wire
  }

  /// Writes the most urgent frame; false when there is none.
  private mutating func writeFrame(to wire: inout [UInt8]) -> Bool {
    guard failure == nil else { return false }
    if !scheduler.isHelloSent {
      scheduler.isHelloSent = true
      wire += Frame.hello(greeting)
      return true
    }
    if let number = scheduler.pong {
      scheduler.pong = nil
      wire += Frame.header(.pong, stream: 0, length: 8) + Frame.bytes(number)
      return true
    }
    if let number = scheduler.ping {
      scheduler.ping = nil
      wire += Frame.header(.ping, stream: 0, length: 8) + Frame.bytes(number)
      return true
    }
    if let index = streams.firstIndex(where: { $0.isReset || !$0.isAnnounced || $0.isCreditDue }) {
      writeNews(of: index, to: &wire)
      return true
    }
    guard let index = nextToServe() else { return false }
    writeData(of: index, to: &wire)
    return true
  }

  /// What the other end is told of a stream before anybody's data.
  private mutating func writeNews(of index: Int, to wire: inout [UInt8]) {
    let id = streams[index].id
    if streams[index].isReset {
      wire += Frame.header(.reset, stream: id, length: 0)
      streams.remove(at: index)
    } else if !streams[index].isAnnounced {
      wire += Frame.header(.open, stream: id, length: 1) + [streams[index].target.rawValue]
      streams[index].isAnnounced = true
    } else {
      let credit = streams[index].owed
      wire += Frame.header(.window, stream: id, length: 4) + Frame.bytes(UInt32(credit))
      streams[index].receiveWindow += credit
      streams[index].owed = 0
    }
  }

  private mutating func writeData(of index: Int, to wire: inout [UInt8]) {
    let id = streams[index].id
    guard streams[index].hasData else {
      wire += Frame.header(.end, stream: id, length: 0)
      streams[index].isEndSent = true
      if streams[index].isOver { streams.remove(at: index) }
      return
    }
    let count = min(streams[index].queue.count, streams[index].sendWindow, Frame.dataLimit)
    wire += Frame.header(.data, stream: id, length: count)
    wire += streams[index].queue.slice(0..<count)
    streams[index].queue.removeFirst(count)
    streams[index].sendWindow -= count
  }

  /// The stream whose turn it is: control first, streams of one target one after the other.
  private mutating func nextToServe() -> Int? {
    let control = nextToServe(.control)
    let bulk = nextToServe(.bulk)
    let isBulksTurn = control == nil || (bulk != nil && scheduler.controlFrames >= Scheduler.controlBurst)
    guard let index = isBulksTurn ? bulk : control else { return nil }
    scheduler.controlFrames = isBulksTurn || bulk == nil ? 0 : scheduler.controlFrames + 1
    scheduler.lastServed[Int(streams[index].target.rawValue)] = streams[index].id
    return index
  }

  private func nextToServe(_ target: TunnelTarget) -> Int? {
    func isReady(_ stream: StreamState) -> Bool { stream.target == target && (stream.hasData || stream.hasEnd) }
    let last = scheduler.lastServed[Int(target.rawValue)]
    return streams.firstIndex { $0.id > last && isReady($0) } ?? streams.firstIndex(where: isReady)
  }
}
