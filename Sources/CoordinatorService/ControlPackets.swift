import Glibc
import HostSystem
import TuningModel

/// A message of the control socket in packets: the kernel takes none of more than about 200 KiB, and the status of a large
/// farm is longer, as is a cluster file that lists it. A packet of another size than `size` is the last one.
struct ControlPackets {
  static let size = 64 << 10
  /// Bytes of the longest packet that is read: who speaks an earlier version sends one whatever its size.
  private static let readLimit = 256 << 10

  private(set) var bytes: [UInt8] = []
  private let limit: Int

  /// - Parameter limit: bytes of the whole message.
  init(limit: Int) { self.limit = limit }

  enum Progress: Equatable {
    case whole
    case unfinished
    /// The other end is gone, or says too much.
    case broken
  }

  /// Reads what has come.
  mutating func receive(from socket: Descriptor) -> Progress {
    while true {
      switch UnixSocket.receive(socket, limit: Self.readLimit) {
      case .packet(let packet):
        guard packet.count <= limit - bytes.count else { return .broken }
        bytes += packet
        if packet.count != Self.size { return .whole }
      case .nothing: return .unfinished
      case .closed: return bytes.isEmpty ? .broken : .whole
      case .tooLong: return .broken
      }
    }
  }

  /// Sends a message.
  /// - Returns: whether all of it was taken in time.
  static func send(_ message: [UInt8], to socket: Descriptor, within timeout: Duration) -> Bool {
    let deadline = HostClock.now + timeout
    var rest = message[...]
    while !rest.isEmpty {
      guard let isTaken = try? UnixSocket.send(socket, Array(rest.prefix(size))) else { return false }
      if isTaken {
        rest = rest.dropFirst(size)
      } else {
        guard HostClock.now < deadline, waitWritable(socket.number, for: deadline - HostClock.now) else { return false }
      }
    }
    // Nothing tells that a packet of full size is the last one but the end.
    return message.count % size != 0 || shutdown(socket.number, CInt(SHUT_WR)) == 0
  }
}
