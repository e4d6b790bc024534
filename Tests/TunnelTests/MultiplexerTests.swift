import Testing
import TuningModel

@testable import Tunnel

/// Two ends with nothing but memory between them, cut into pieces at random.
private struct Line {
  var relay = Multiplexer(.relay, greeting: "/folder")
  var end = Multiplexer(.end)
  var random: SeededGenerator
  private var toEnd: [UInt8] = []
  private var toRelay: [UInt8] = []

  init(seed: UInt64) { random = SeededGenerator(seed: seed) }

  mutating func below(_ bound: Int) -> Int { Int(random.nextBelow(UInt64(bound))) }

  /// Moves some bytes in both directions.
  mutating func exchange() throws -> (relay: [Multiplexer.Event], end: [Multiplexer.Event]) {
    toEnd += relay.output(upTo: 1 + below(100_000))
    toRelay += end.output(upTo: 1 + below(100_000))
    let first = below(toEnd.count + 1)
    let second = below(toRelay.count + 1)
    let events = (try relay.receive(toRelay[..<second]), try end.receive(toEnd[..<first]))
    toEnd.removeFirst(first)
    toRelay.removeFirst(second)
    return events
  }

  var isQuiet: Bool { toEnd.isEmpty && toRelay.isEmpty && !relay.hasOutput && !end.hasOutput }
}

/// What went into a stream and what came out at the other end.
private struct Flow {
  var sent: [UInt8] = []
  var received: [UInt8] = []
  var isEnded = false
  var hasEnded = false
}

@Suite("Streams over one wire, as a value")
struct MultiplexerTests {
  @Test("Whatever the pieces, each stream gets its own bytes in order, and its end", arguments: 0..<8)
  func streams(seed: UInt64) throws {
    var line = Line(seed: seed)
    let pattern = (0..<41_000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
    var up: [UInt32: Flow] = [:]
    var down: [UInt32: Flow] = [:]
    var ids: [UInt32] = []
    var greetings: [String] = []
    func take(_ events: [Multiplexer.Event], into flows: inout [UInt32: Flow], _ side: inout Multiplexer) {
      for event in events {
        switch event {
        case .hello(let text): greetings.append(text)
        case .opened: break
        case .data(let id, let bytes):
          flows[id]?.received += bytes
          side.consumed(bytes.count, on: id)
        case .ended(let id):
          #expect(flows[id]?.hasEnded == false)
          flows[id]?.hasEnded = true
        case .reset(let id): Issue.record("stream \(id) was reset")
        case .pong: break
        }
      }
    }
    for round in 0..<400 {
      if round < 200, line.below(10) == 0, let id = line.relay.open(line.below(2) == 0 ? .control : .bulk) {
        ids.append(id)
        up[id] = Flow()
        down[id] = Flow()
      }
      for id in ids where line.below(3) == 0 {
        let start = line.below(1000)
        let bytes = pattern[start..<(start + line.below(40_000))]
        if line.relay.room(on: id) >= bytes.count, up[id]?.isEnded == false {
          line.relay.send(bytes, on: id)
          up[id]?.sent += bytes
        }
        // The end knows of the stream only once it was told.
        if line.end.room(on: id) >= bytes.count, down[id]?.isEnded == false {
          line.end.send(bytes, on: id)
          down[id]?.sent += bytes
        }
        if line.below(40) == 0 || round > 350 {
          line.relay.end(id)
          up[id]?.isEnded = true
        }
      }
      let events = try line.exchange()
      take(events.relay, into: &down, &line.relay)
      take(events.end, into: &up, &line.end)
    }
    for id in ids {
      line.relay.end(id)
      line.end.end(id)
    }
    while !line.isQuiet {
      let events = try line.exchange()
      take(events.relay, into: &down, &line.relay)
      take(events.end, into: &up, &line.end)
    }
    #expect(ids.count > 10)
    for id in ids {
      #expect(up[id]?.received == up[id]?.sent)
      #expect(down[id]?.received == down[id]?.sent)
      #expect(up[id]?.hasEnded == true && down[id]?.hasEnded == true)
    }
    #expect(greetings.sorted() == ["", "/folder"])
    #expect(line.relay.streamCount == 0 && line.end.streamCount == 0)
    #expect(line.relay.truncation == nil && line.end.truncation == nil)
  }

  /// Everything that one end has for the other goes over at once.
  private func settle(_ relay: inout Multiplexer, _ end: inout Multiplexer) throws -> [Multiplexer.Event] {
    var events: [Multiplexer.Event] = []
    while relay.hasOutput || end.hasOutput {
      events += try end.receive(relay.output(upTo: 1 << 20))
      events += try relay.receive(end.output(upTo: 1 << 20))
    }
    return events
  }

  @Test("A stream that nobody reads takes one window, and the others go on")
  func credit() throws {
    var relay = Multiplexer(.relay)
    var end = Multiplexer(.end)
    let slow = try relay.mustOpen(.bulk)
    let quick = try relay.mustOpen(.bulk)
    var arrived: [UInt32: Int] = [:]
    let block = [UInt8](repeating: 7, count: 64 << 10)
    for _ in 0..<100 {
      for id in [slow, quick] where relay.room(on: id) >= block.count { relay.send(block, on: id) }
      for case .data(let id, let bytes) in try settle(&relay, &end) {
        arrived[id, default: 0] += bytes.count
        if id == quick { end.consumed(bytes.count, on: id) }
      }
    }
    #expect(arrived[slow] == Multiplexer.window)
    #expect(arrived[quick] == 100 * block.count)
    #expect(relay.room(on: slow) == 0)
    // Once it is read, it goes on.
    end.consumed(Multiplexer.window, on: slow)
    #expect(try settle(&relay, &end).contains { if case .data(slow, _) = $0 { true } else { false } })
  }

  @Test("Control goes before bulk, and does not keep it off for ever")
  func order() throws {
    var relay = Multiplexer(.relay)
    let bulk = [try relay.mustOpen(.bulk), try relay.mustOpen(.bulk)]
    let control = try relay.mustOpen(.control)
    _ = relay.output(upTo: 1 << 20)
    for id in bulk { relay.send([UInt8](repeating: 1, count: 256 << 10), on: id) }
    func next() -> UInt32 { UInt32(Frame.number(relay.output(upTo: 1)[4..<8])) }
    // Streams of one kind take turns.
    #expect([next(), next(), next()] == [bulk[0], bulk[1], bulk[0]])
    relay.send([2], on: control)
    #expect(next() == control)
    var served: [UInt32] = []
    for _ in 0..<18 {
      relay.send([3], on: control)
      served.append(next())
    }
    #expect(served.filter { $0 != control }.count == 2)
  }

  @Test("A reset stream is gone at both ends; what was under way for it is ignored")
  func reset() throws {
    var relay = Multiplexer(.relay)
    var end = Multiplexer(.end)
    let id = try relay.mustOpen(.control)
    relay.send([1, 2, 3], on: id)
    _ = try settle(&relay, &end)
    end.send([4, 5, 6], on: id)
    end.reset(id)
    relay.send([7, 8, 9], on: id)
    let late = relay.output(upTo: 1000)
    #expect(try relay.receive(end.output(upTo: 1000)) == [.reset(id)])
    #expect(try end.receive(late) == [])
    #expect(relay.streamCount == 0 && end.streamCount == 0)
    // Nothing of it is left to do, whatever is said of it.
    relay.send([1], on: id)
    relay.end(id)
    relay.reset(id)
    #expect(relay.room(on: id) == 0 && !relay.hasOutput)
    let next = try relay.mustOpen(.bulk)
    #expect(next > id)
    #expect(try settle(&relay, &end) == [.opened(next, .bulk)])
  }

  @Test("A thousand streams come and go, and not more than the limit are open at once")
  func many() throws {
    var relay = Multiplexer(.relay)
    var end = Multiplexer(.end)
    _ = try settle(&relay, &end)
    for _ in 0..<1000 {
      let id = try relay.mustOpen(.control)
      relay.end(id)
      #expect(try settle(&relay, &end) == [.opened(id, .control), .ended(id)])
      end.end(id)
      #expect(try settle(&relay, &end) == [.ended(id)])
    }
    for _ in 0..<Multiplexer.streamLimit { _ = try relay.mustOpen(.bulk) }
    let tooMany = relay.open(.bulk)
    #expect(tooMany == nil && !relay.canOpen)
    let events = try settle(&relay, &end)
    #expect(events.count == Multiplexer.streamLimit)
  }

  @Test("Pings are answered, however many come at once, with one answer")
  func pings() throws {
    var relay = Multiplexer(.relay)
    var end = Multiplexer(.end)
    _ = try settle(&relay, &end)
    let flood = (0..<1000).flatMap { Frame.header(.ping, stream: 0, length: 8) + Frame.bytes(UInt64($0)) }
    #expect(try end.receive(flood) == [])
    #expect(try relay.receive(end.output(upTo: 1 << 20)) == [.pong(999)])
    relay.ping(5)
    #expect(try settle(&relay, &end) == [.pong(5)])
  }

  @Test("What a login shell prints before the relay's hello is passed over")
  func preamble() throws {
    let banner = Array("Welcome!\r\n\u{1}\0\0\0\0\0\0\0\0pasha-wir\n\u{1}".utf8)
    for size in [1, 2, 3, 7, 1000] {
      var relay = Multiplexer(.relay, greeting: "/x")
      var end = Multiplexer(.end)
      let id = try relay.mustOpen(.bulk)
      let bytes = banner + relay.output(upTo: 1000)
      var events: [Multiplexer.Event] = []
      for start in stride(from: 0, to: bytes.count, by: size) {
        events += try end.receive(bytes[start..<min(bytes.count, start + size)])
      }
      #expect(events == [.hello("/x"), .opened(id, .bulk)])
    }
  }
}
