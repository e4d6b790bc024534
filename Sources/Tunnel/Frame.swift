/// Which of the coordinator's ports a stream leads to.
public enum TunnelTarget: UInt8, Sendable, CaseIterable {
  case control = 0
  case bulk = 1
}

/// What a frame is about. A frame is a header of 8 bytes, all numbers big-endian, and a payload:
///
///     kind (1)  length of the payload (3)  stream (4)
enum FrameKind: UInt8, CaseIterable {
  /// The first frame of either end, stream 0: magic (12), version (2), the relay's folder as text (0…255).
  case hello = 1
  /// The relay opens a stream: target (1). Numbers of streams grow and are never used again.
  case open = 2
  /// Bytes of a stream (1…65536), at most as many as the other end gave credit for.
  case data = 3
  /// Credit for so many more bytes (4).
  case window = 4
  /// The sender sends no more on the stream.
  case end = 5
  /// The stream is gone, in both directions. What still comes for it is ignored.
  case reset = 6
  /// To be answered by `pong` with the same payload (8), stream 0.
  case ping = 7
  case pong = 8

  /// Which lengths a payload may have.
  var lengths: ClosedRange<Int> {
    switch self {
    case .hello: (Frame.magic.count + 2)...(Frame.magic.count + 2 + Frame.greetingLimit)
    case .open: 1...1
    case .data: 1...Frame.dataLimit
    case .window: 4...4
    case .end, .reset: 0...0
    case .ping, .pong: 8...8
    }
  }

  /// Whether the frame is about the tunnel as a whole, and its stream 0.
  var isOfTunnel: Bool { self == .hello || self == .ping || self == .pong }
}

enum Frame {
  static let headerLength = 8
  static let dataLimit = 64 << 10
  static let greetingLimit = 255
  /// What no login shell prints.
  static let magic = Array("\0pasha-wire\u{1}".utf8)
  static let version = 1

  /// A header.
  static func header(_ kind: FrameKind, stream: UInt32, length: Int) -> [UInt8] {
    let size = UInt32(length)
    return [kind.rawValue, UInt8(size >> 16 & 0xFF), UInt8(size >> 8 & 0xFF), UInt8(size & 0xFF)] + bytes(stream)
  }

  static func hello(_ greeting: String) -> [UInt8] {
    let text = Array(greeting.utf8.prefix(greetingLimit))
    let payload = magic + [UInt8(version >> 8), UInt8(version & 0xFF)] + text
    return header(.hello, stream: 0, length: payload.count) + payload
  }

  static func bytes(_ number: UInt32) -> [UInt8] {
    [UInt8(number >> 24), UInt8(number >> 16 & 0xFF), UInt8(number >> 8 & 0xFF), UInt8(number & 0xFF)]
  }

  static func bytes(_ number: UInt64) -> [UInt8] {
    bytes(UInt32(number >> 32)) + bytes(UInt32(truncatingIfNeeded: number))
  }

  static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
}
