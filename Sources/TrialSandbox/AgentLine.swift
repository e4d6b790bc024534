import Glibc
import HostSystem
import Wire

/// The supervisor's end of the line to its agent. There is one agent at a time: one that connects takes the place of
/// the one before, which is dead or no longer meant.
final class AgentLine {
  let listener: Descriptor
  private(set) var connection: Descriptor?
  private var unsent: [[UInt8]] = []
  /// Events kept for an agent that does not read; beyond that it is cut off and learns the status when it comes back.
  private static let bound = 256
  /// Connections taken at a time.
  private static let connections = 16

  init(listener: Descriptor) { self.listener = listener }

  /// Takes the newest connection, if there is one. Only our own user's processes are let in, and nothing of the trial's,
  /// which would give itself another lease.
  func accept() -> Descriptor? {
    var newest: Descriptor?
    // One that connects again and again gets no more of the supervisor.
    for _ in 0..<Self.connections {
      guard let next = try? UnixSocket.accept(listener) else { break }
      guard (try? UnixSocket.peerUser(next)) == geteuid(), let peer = try? UnixSocket.peerProcess(next) else {
        continue
      }
      // One that cannot be seen from here is none of the trial's.
      if peer == 0 || ProcessTable.isDescendant(peer) == false { newest = next }
    }
    guard let newest else { return nil }
    connection = newest
    unsent = []
    return newest
  }

  func drop() {
    connection = nil
    unsent = []
  }

  func send(_ event: SupervisorEvent) {
    guard connection != nil else { return }
    unsent.append(event.encoded())
    flush()
  }

  var hasUnsent: Bool { !unsent.isEmpty }

  func flush() {
    guard let connection else { return }
    do throws(SystemError) {
      while let next = unsent.first {
        guard try UnixSocket.send(connection, next) else { break }
        unsent.removeFirst()
      }
    } catch {
      unsent = []
    }
    if unsent.count > Self.bound { unsent = [] }
  }

  /// What the agent has said; nil when it is gone.
  func receive() -> [SupervisorCommand]? {
    guard let connection else { return [] }
    var commands: [SupervisorCommand] = []
    for _ in 0..<64 {
      switch UnixSocket.receive(connection, limit: WireLimits.supervisorMessageBytes) {
      case .packet(let bytes):
        do throws(WireError) {
          commands.append(try SupervisorCommand(decoding: bytes))
        } catch {
          SupervisorLog.note("a command that cannot be read: \(error)")
        }
      case .tooLong: continue
      case .nothing: return commands
      case .closed: return commands.isEmpty ? nil : commands
      }
    }
    return commands
  }
}
