import AgentCore
import HostSystem
import TuningModel

/// The channel to a trial that cooperates: one JSON object a packet. The trial says
/// `{"op": "waiting", "resource": 3}`; it is told `{"op": "milestone", "milestone": 9}`, where `null` means that there
/// is none any more, `{"op": "continue"}` where the report counts for no milestone, or `{"op": "pause"}`.
final class TrialChannel {
  let descriptor: Descriptor
  private(set) var isClosed = false
  /// The newest answer, where the socket did not take it: only the newest counts.
  private var unsent: [UInt8]?

  private static let packetBytes = 4_096
  /// Packets read at a time; a trial that floods its channel gets no more of the supervisor.
  private static let packets = 64

  init(_ descriptor: Descriptor) { self.descriptor = descriptor }

  /// Resources at which the trial says that it waits.
  func receive() -> [Int] {
    var waiting: [Int] = []
    for _ in 0..<Self.packets where !isClosed {
      switch UnixSocket.receive(descriptor, limit: Self.packetBytes) {
      case .packet(let bytes):
        if let resource = Self.waitingResource(bytes) { waiting.append(resource) }
      case .tooLong: continue
      case .nothing: return waiting
      case .closed: isClosed = true
      }
    }
    return waiting
  }

  func send(_ answer: ChannelAnswer) {
    let message: [JSONValue.Member] =
      switch answer {
      case .milestone(let milestone):
        [.init("op", .string("milestone")), .init("milestone", milestone.map { .int($0) } ?? .null)]
      case .goOn: [.init("op", .string("continue"))]
      case .pause: [.init("op", .string("pause"))]
      }
    unsent = JSONValue.object(message).jsonBytes(.strict)
    flush()
  }

  /// Whether an answer waits until the socket takes it.
  var hasUnsent: Bool { unsent != nil && !isClosed }

  func flush() {
    guard let bytes = unsent, !isClosed else { return }
    do throws(SystemError) {
      if try UnixSocket.send(descriptor, bytes) { unsent = nil }
    } catch {
      unsent = nil
    }
  }

  private static func waitingResource(_ bytes: [UInt8]) -> Int? {
    guard case .object(let members)? = try? JSONValue(parsing: bytes, limits: JSONLimits(depth: 8, bytes: packetBytes)),
      members.first(where: { $0.key == "op" })?.value == .string("waiting")
    else { return nil }
    switch members.first(where: { $0.key == "resource" })?.value {
    case .int(let value): return value
    case .double(let value): return Int(exactly: value)
    default: return nil
    }
  }
}
