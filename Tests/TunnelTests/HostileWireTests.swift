import Testing
import TuningModel

@testable import Tunnel

@Suite("Whatever comes over the wire, the tunnel goes on or ends with an error")
struct HostileWireTests {
  private func frame(_ kind: FrameKind, _ stream: UInt32, _ payload: [UInt8] = []) -> [UInt8] {
    Frame.header(kind, stream: stream, length: payload.count) + payload
  }

  private var greetedEnd: Multiplexer {
    get throws {
      var end = Multiplexer(.end)
      _ = try end.receive(Frame.hello("/folder"))
      return end
    }
  }

  private func failure(_ end: Multiplexer, _ bytes: [UInt8]) -> TunnelError? {
    var end = end
    do throws(TunnelError) {
      _ = try end.receive(bytes)
    } catch {
      // It stays broken, and does nothing more.
      #expect(throws: error) { try end.receive([0]) }
      #expect(!end.hasOutput && end.output(upTo: 1000).isEmpty && end.streamCount == 0)
      #expect(end.truncation == error)
      return error
    }
    return nil
  }

  @Test("Each broken rule ends the tunnel")
  func violations() throws {
    let end = try greetedEnd
    let open = frame(.open, 1, [0])
    let full = [UInt8](repeating: 0, count: 64 << 10)
    let fill = (0..<16).flatMap { _ in frame(.data, 1, full) }
    let broken: [(String, [UInt8])] = [
      ("unknown kind", [0, 0, 0, 0, 0, 0, 0, 1]), ("unknown kind", [200, 0, 0, 0, 0, 0, 0, 1]),
      ("second hello", Frame.hello("/folder")),
      ("empty data", open + frame(.data, 1)),
      ("long data", open + [FrameKind.data.rawValue, 1, 0, 1, 0, 0, 0, 1]),
      ("longest data", open + [FrameKind.data.rawValue, 255, 255, 255, 0, 0, 0, 1]),
      ("no target", frame(.open, 1)), ("wrong target", frame(.open, 1, [2])), ("wrong target", frame(.open, 1, [255])),
      ("stream 0", frame(.open, 0, [0])), ("stream 0", frame(.data, 0, [0])),
      ("ping of a stream", frame(.ping, 1, [UInt8](repeating: 0, count: 8))),
      ("opened twice", open + open), ("backwards", frame(.open, 5, [0]) + frame(.open, 4, [0])),
      ("never opened", frame(.data, 1, [0])), ("never opened", frame(.end, 9)), ("never opened", frame(.reset, 9)),
      ("never opened", frame(.window, 9, [0, 0, 0, 1])),
      ("data after the end", open + frame(.end, 1) + frame(.data, 1, [0])),
      ("two ends", open + frame(.end, 1) + frame(.end, 1)),
      ("long end", open + frame(.end, 1, [0])),
      ("no credit", open + fill + frame(.data, 1, [0])),
      ("credit for nothing", open + frame(.window, 1, [0, 0, 0, 1])),
      ("credit of nothing", open + frame(.window, 1, [0, 0, 0, 0])),
      ("huge credit", open + frame(.window, 1, [255, 255, 255, 255])),
      ("short ping", frame(.ping, 0, [1])),
      ("many streams", (1...UInt32(Multiplexer.streamLimit + 1)).flatMap { frame(.open, $0, [1]) }),
    ]
    for (name, bytes) in broken {
      let error = failure(end, bytes)
      #expect(error?.code == .violation, "\(name)")
      #expect(error?.message.hasPrefix("the other end of the tunnel sent ") == true, "\(name)")
    }
    // The same with the last byte taken away is not one yet.
    #expect(failure(end, open + fill) == nil)
    var relay = Multiplexer(.relay)
    _ = try relay.receive(Frame.hello(""))
    #expect(failure(relay, open)?.code == .violation)
    // A stream that the other end was not told of.
    let id = try relay.mustOpen(.control)
    #expect(failure(relay, frame(.data, id, [1]))?.code == .violation)
  }

  @Test("An end that opens and is refused without reading the answers is stopped")
  func refusals() throws {
    var end = try greetedEnd
    var id: UInt32 = 0
    #expect(throws: TunnelError.self) {
      for _ in 0..<1000 {
        id += 1
        for case .opened(let stream, _) in try end.receive(frame(.open, id, [0])) { end.reset(stream) }
      }
    }
    #expect(id == UInt32(Multiplexer.streamLimit) + 1)
  }

  @Test("Another version is named as such")
  func version() throws {
    var hello = Frame.hello("/folder")
    hello[Frame.headerLength + Frame.magic.count + 1] = 7
    let error = failure(Multiplexer(.end), hello)
    #expect(error?.code == .version)
    #expect(error?.message.contains("version 7") == true)
    #expect(error?.isRetryable == false)
  }

  @Test("Words in place of a relay are quoted, and not waited for without end")
  func noRelay() throws {
    var end = Multiplexer(.end)
    #expect(end.truncation?.code == .closed)
    _ = try end.receive(Array("Please change\u{7} your password!\n".utf8))
    #expect(end.truncation?.message.contains("'Please change  your password! '") == true)
    let error = failure(Multiplexer(.end), [UInt8](repeating: 65, count: 70_000))
    #expect(error?.code == .violation)
    #expect(error.map { $0.message.utf8.count < 400 } == true)
    // Neither a broken hello, nor one that is too long.
    #expect(failure(Multiplexer(.end), [1, 0, 255, 255, 0, 0, 0, 0] + Frame.magic)?.code == .violation)
    #expect(failure(Multiplexer(.end), [1, 0, 0, 1, 0, 0, 0, 0] + Frame.magic)?.code == .violation)
  }

  @Test("A wire that ends within a message says so")
  func truncated() throws {
    let whole = frame(.open, 1, [0]) + frame(.data, 1, [1, 2, 3])
    for length in 1..<whole.count {
      var end = try greetedEnd
      _ = try end.receive(whole[..<length])
      #expect((end.truncation == nil) == (length == 9))
    }
    for length in 1..<Frame.hello("/folder").count {
      var end = Multiplexer(.end)
      #expect(try end.receive(Frame.hello("/folder")[..<length]) == [])
      #expect(end.truncation?.code == .closed)
    }
  }

  @Test("Random bytes and damaged frames are borne", arguments: 0..<16)
  func fuzz(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    func below(_ bound: Int) -> Int { Int(random.nextBelow(UInt64(bound))) }
    var endings = 0
    for _ in 0..<60 {
      var side = Multiplexer(below(2) == 0 ? .end : .relay)
      let isGreeted = below(4) > 0
      if isGreeted { _ = try side.receive(Frame.hello("/x")) }
      if side.role == .relay { for _ in 0..<below(5) { _ = side.open(.bulk) } }
      _ = side.output(upTo: 1 << 20)
      var bytes: [UInt8] = []
      for number in 0..<below(40) {
        let kind = FrameKind.allCases[below(FrameKind.allCases.count)]
        let length = below(8) == 0 ? below(70_000) : kind.lengths.lowerBound + below(3)
        let stream = kind.isOfTunnel ? 0 : UInt32(kind == .open ? number + 1 : below(number + 2))
        bytes += Frame.header(kind, stream: stream, length: length) + [UInt8](repeating: UInt8(below(3)), count: length)
      }
      for _ in 0..<below(4) where !bytes.isEmpty { bytes[below(bytes.count)] = UInt8(below(256)) }
      if below(3) == 0 { bytes = (0..<below(500)).map { _ in UInt8(below(256)) } }
      var buffered = 0
      do throws(TunnelError) {
        while !bytes.isEmpty {
          let count = min(bytes.count, 1 + below(2000))
          for event in try side.receive(bytes[..<count]) {
            switch event {
            case .data(let id, let data):
              buffered += data.count
              if below(2) == 0 {
                side.consumed(data.count, on: id)
                buffered -= data.count
              }
            case .opened(let id, _): if below(3) == 0 { side.reset(id) }
            case .ended(let id): if below(2) == 0 { side.end(id) }
            default: break
            }
          }
          bytes.removeFirst(count)
          _ = side.output(upTo: below(1000))
          #expect(side.streamCount <= Multiplexer.streamLimit)
        }
        _ = side.truncation
      } catch {
        #expect(error.code == .violation || error.code == .version)
        endings += 1
      }
      #expect(buffered <= Multiplexer.window * Multiplexer.streamLimit)
    }
    #expect(endings > 0)
  }
}
