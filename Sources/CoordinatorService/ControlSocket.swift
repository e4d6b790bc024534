import Foundation
import HostSystem
import TuningModel

/// The run's own socket: what `stop`, `pause`, `invite` and `logs` speak to. One request and one answer a connection,
/// each one packet of JSON; mode 0600, and only the user who runs the coordinator (or root) is answered.
final class ControlSocket: Sendable {
  typealias Handler = @Sendable (JSONValue) -> JSONValue

  static let packetLimit = 1 << 20
  private let path: String
  private let end: Wakeup
  private let thread: WorkerThread

  init(path: String, handler: @escaping Handler) throws(ServiceError) {
    do throws(SystemError) {
      let listener = try UnixSocket.listen(path)
      guard let end = Wakeup() else { throw SystemError(.other, message: "no file descriptor is left (ulimit -n)") }
      let loop = try EventLoop()
      try loop.watch(listener, token: 0)
      try loop.watch(number: end.descriptor, token: 1)
      let desk = ControlDesk(listener: listener, loop: loop, handler: handler)
      guard let thread = WorkerThread(name: "pasha-control", { desk.run() }) else {
        throw SystemError(.other, message: "the system has no room for one more thread")
      }
      self.path = path
      self.end = end
      self.thread = thread
    } catch {
      throw ServiceError(.cannotCreate, "cannot listen at \(path): \(error.message)")
    }
  }

  func stop() {
    end.signal()
    thread.join()
    try? Files.removeFile(path)
  }

  /// Asks the coordinator of a run. nil: none is running.
  static func ask(_ request: JSONValue, at path: String, within timeout: Duration = .seconds(30)) -> JSONValue? {
    guard let socket = try? UnixSocket.connect(path), (try? UnixSocket.send(socket, request.jsonBytes())) == true
    else { return nil }
    let deadline = HostClock.now + timeout
    while HostClock.now < deadline {
      guard waitReadable(socket.number, for: deadline - HostClock.now) else { break }
      switch UnixSocket.receive(socket, limit: packetLimit) {
      case .packet(let bytes): return try? JSONValue(parsing: bytes)
      case .nothing: continue
      case .closed, .tooLong: return nil
      }
    }
    return nil
  }
}

private final class ControlDesk: @unchecked Sendable {
  // Sendable in truth: handed over to the one thread that uses it from then on.
  private let listener: Descriptor
  private let loop: EventLoop
  private let handler: ControlSocket.Handler
  /// Connections that have not asked yet, oldest first.
  private var waiting: [(token: Int, socket: Descriptor)] = []
  private var nextToken = 2
  private static let connectionLimit = 32

  init(listener: Descriptor, loop: EventLoop, handler: @escaping ControlSocket.Handler) {
    self.listener = listener
    self.loop = loop
    self.handler = handler
  }

  func run() {
    while let ready = try? loop.wait(for: nil) {
      for item in ready {
        switch item.token {
        case 0: accept()
        case 1: return
        default: serve(item.token)
        }
      }
    }
  }

  private func accept() {
    while let socket = try? UnixSocket.accept(listener) {
      guard let user = try? UnixSocket.peerUser(socket), user == getuid() || user == 0 else { continue }
      if waiting.count >= Self.connectionLimit { loop.ignore(waiting.removeFirst().socket) }
      guard (try? loop.watch(socket, token: nextToken)) != nil else { continue }
      waiting.append((nextToken, socket))
      nextToken += 1
    }
  }

  private func serve(_ token: Int) {
    guard let index = waiting.firstIndex(where: { $0.token == token }) else { return }
    let socket = waiting[index].socket
    let packet = UnixSocket.receive(socket, limit: ControlSocket.packetLimit)
    if packet == .nothing { return }
    loop.ignore(socket)
    waiting.remove(at: index)
    guard case .packet(let bytes) = packet else { return }
    // Whoever asked has been told by now that nobody answered, and may have done something else.
    if UnixSocket.isClosedByPeer(socket) { return }
    let handler = self.handler
    // A request may wait for an agent; others must not wait for it.
    _ = WorkerThread(name: "pasha-request") {
      let answer =
        (try? JSONValue(parsing: bytes)).map(handler)
        ?? .object([.init("error", .string("the request is not JSON"))])
      _ = try? UnixSocket.send(socket, answer.jsonBytes(.strict))
    }
  }
}
