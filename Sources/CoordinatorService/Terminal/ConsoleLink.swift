import Foundation
import HostSystem
import TuningModel

/// Between a coordinator and the view that started it: where the run is, and passphrases. Packets of JSON, a question or a
/// word each; when the view has gone, questions have no answer.
final class ConsoleLink: Sendable {
  private let socket: Descriptor
  private let asking = Locked(false)

  /// - Parameter number: a connected socket.
  init(descriptor number: CInt) { socket = Descriptor(owning: fcntl(number, F_DUPFD_CLOEXEC, 3)) }

  /// Says that the coordinator takes questions now.
  func tell(run path: String) { send(.object([.init("run", .string(path))])) }

  /// Asks for a passphrase; waits for as long as it takes.
  func askSecret(_ keyFile: String, isRetry: Bool) -> String? {
    // One at a time: answers come in order, and nobody types two at once.
    asking.withLock { _ in
      send(.object([.init("ask", .string(keyFile)), .init("retry", .bool(isRetry))]))
      while waitReadable(socket.number, for: .seconds(3600)) {
        switch UnixSocket.receive(socket, limit: 4096) {
        case .packet(let bytes): return (try? JSONValue(parsing: bytes))?.text("secret")
        case .nothing: continue
        case .closed, .tooLong: return nil
        }
      }
      return nil
    }
  }

  private func send(_ value: JSONValue) { _ = try? UnixSocket.send(socket, value.jsonBytes(.strict)) }
}
