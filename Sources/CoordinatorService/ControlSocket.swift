import Foundation
import HostSystem
import TuningModel

/// The run's own socket: what `stop`, `pause`, `invite` and `logs` speak to. One request and one answer a connection,
/// each JSON in as many packets as it takes; mode 0600, and only the user who runs the coordinator (or root) is answered.
final class ControlSocket: Sendable {
  typealias Handler = @Sendable (JSONValue) -> JSONValue

  /// Bytes. A cluster file is the longest that is asked with.
  static let requestLimit = 8 << 20
  static let answerLimit = 64 << 20
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
    let deadline = HostClock.now + timeout
    guard let socket = try? UnixSocket.connect(path),
      ControlPackets.send(request.jsonBytes(), to: socket, within: timeout)
    else { return nil }
    var answer = ControlPackets(limit: answerLimit)
    while HostClock.now < deadline {
      guard waitReadable(socket.number, for: deadline - HostClock.now) else { break }
      switch answer.receive(from: socket) {
      case .whole: return try? JSONValue(parsing: answer.bytes, limits: JSONLimits(bytes: answerLimit))
      case .unfinished: continue
      case .broken: return nil
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
  private var waiting: [(token: Int, socket: Descriptor, request: ControlPackets)] = []
  private var nextToken = 2
  private static let connectionLimit = 32
  /// How long an answer may take to be read.
  private static let patience = Duration.seconds(30)

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
      waiting.append((nextToken, socket, ControlPackets(limit: ControlSocket.requestLimit)))
      nextToken += 1
    }
  }

  private func serve(_ token: Int) {
    guard let index = waiting.firstIndex(where: { $0.token == token }) else { return }
    let socket = waiting[index].socket
    let progress = waiting[index].request.receive(from: socket)
    if progress == .unfinished { return }
    loop.ignore(socket)
    let bytes = waiting.remove(at: index).request.bytes
    guard progress == .whole else { return }
    // Whoever asked has been told by now that nobody answered, and may have done something else.
    if UnixSocket.isClosedByPeer(socket) { return }
    let handler = self.handler
    // A request may wait for an agent; others must not wait for it.
    _ = WorkerThread(name: "pasha-request") {
      let answer =
        (try? JSONValue(parsing: bytes, limits: JSONLimits(bytes: ControlSocket.requestLimit))).map(handler)
        ?? .object([.init("error", .string("the request is not JSON"))])
      _ = ControlPackets.send(answer.jsonBytes(.strict), to: socket, within: Self.patience)
    }
  }
}
