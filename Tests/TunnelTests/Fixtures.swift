import Glibc
import HostSystem
import TestSupport
import Testing
import TuningModel

@testable import Tunnel

extension Multiplexer {
  /// Opens a stream, which there must be room for.
  mutating func mustOpen(_ target: TunnelTarget) throws -> UInt32 {
    let id = open(target)
    return try #require(id)
  }
}

/// Both ends of a pipe.
func makePipe() throws -> (read: Descriptor, write: Descriptor) {
  var ends: [Int32] = [-1, -1]
  try #require(pipe(&ends) == 0)
  for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
  return (Descriptor(owning: ends[0]), Descriptor(owning: ends[1]))
}

/// A command with pipes for its standard streams; killed with the test.
final class PipedCommand: @unchecked Sendable {
  // Sendable in truth: belongs to the test's thread.
  let pid: Int
  private(set) var command: TunnelCommand

  init(_ arguments: [String]) throws {
    let (input, output, errors) = (try makePipe(), try makePipe(), try makePipe())
    pid = try ChildProcess.start(
      ProcessRequest(
        arguments: arguments, environment: ["PATH=/usr/bin:/bin"], input: input.read, output: output.write,
        error: errors.write))
    command = TunnelCommand(
      input: input.write, output: output.read, errors: errors.read, ended: try ProcessHandle(pid).descriptor)
  }

  /// A relay of the program under test.
  convenience init(relayAt folder: String) throws { try self.init([product("pasha-agent"), "relay", "--dir", folder]) }

  deinit {
    kill(pid_t(pid), SIGKILL)
    waitpid(pid_t(pid), nil, 0)
  }

  func closeInput() { command.input = command.output }

  func wait() throws -> HostSystem.ExitStatus { try eventually("the end of process \(pid)") { ChildProcess.reap(pid) } }
}

/// The coordinator's end of a tunnel, on a thread of its own; stopped with the test.
final class RunningTunnel: Sendable {
  private let stopping: Wakeup
  private let thread: WorkerThread
  private let state: Locked<(folder: String?, outcome: TunnelOutcome?)>

  init(
    _ command: TunnelCommand, control: Int, bulk: Int, timing: TunnelTiming = TunnelTiming()
  ) throws {
    let stopping = try #require(Wakeup())
    let state = Locked<(folder: String?, outcome: TunnelOutcome?)>((nil, nil))
    let addresses = [control, bulk].compactMap { LocalAddress(host: "127.0.0.1", port: $0) }
    try #require(addresses.count == 2)
    let stop = Descriptor(owning: dup(stopping.descriptor))
    let box = Unchecked((command, stop))
    let thread = WorkerThread(name: "tunnel") {
      let outcome = TunnelEnd.run(
        command: box.value.0, control: addresses[0], bulk: addresses[1], stop: box.value.1, timing: timing
      ) { folder in state.withLock { $0.folder = folder } }
      state.withLock { $0.outcome = outcome }
    }
    self.thread = try #require(thread)
    self.stopping = stopping
    self.state = state
  }

  deinit { stop() }

  func stop() {
    stopping.signal()
    thread.join()
  }

  var outcome: TunnelOutcome? { state.withLock { $0.outcome } }

  /// The relay's folder, once it listens.
  func folder() throws -> RelayFolder {
    RelayFolder(
      try eventually("the relay to listen") {
        if let outcome { throw WaitedInVain(description: "the tunnel ended: \(outcome)") }
        return state.withLock { $0.folder }
      })
  }

  func end() throws -> TunnelOutcome { try eventually("the tunnel's end", within: .seconds(60)) { outcome } }
}

/// Hands something to the thread that uses it from then on.
final class Unchecked<Value>: @unchecked Sendable {
  let value: Value
  init(_ value: Value) { self.value = value }
}

/// A blocking stream socket of a test.
final class Connection: Sendable {
  let descriptor: Descriptor

  init(_ descriptor: Descriptor) {
    self.descriptor = descriptor
    // A test that waits in vain fails in place of hanging.
    var limit = timeval(tv_sec: 30, tv_usec: 0)
    for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
      setsockopt(descriptor.number, SOL_SOCKET, option, &limit, socklen_t(MemoryLayout<timeval>.size))
    }
  }

  /// Connects to a Unix socket.
  convenience init(_ path: String) throws {
    let descriptor = Descriptor(owning: socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0))
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    let result = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor.number, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    guard result == 0 else { throw SystemError(errno, "connect to", path) }
    self.init(descriptor)
  }

  func write(_ bytes: [UInt8]) throws { try descriptor.write(bytes) }

  func write(_ text: String) throws { try descriptor.write(text.utf8) }

  /// Reads so many bytes, fewer at the end.
  func read(_ count: Int) throws -> [UInt8] {
    var bytes: [UInt8] = []
    while bytes.count < count {
      let piece = try descriptor.read(upTo: min(1 << 20, count - bytes.count))
      if piece.isEmpty { break }
      bytes += piece
    }
    return bytes
  }

  func readText(_ count: Int) throws -> String { String(decoding: try read(count), as: UTF8.self) }

  func endWriting() { shutdown(descriptor.number, Int32(SHUT_WR)) }
}

/// A TCP port of a test, each of whose connections is served on a thread of its own.
final class Service: Sendable {
  let port: Int
  private let listener: Descriptor
  private let thread: WorkerThread
  let accepted = Locked(0)

  init(_ serve: @escaping @Sendable (Connection) throws -> Void) throws {
    let listener = Descriptor(owning: socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(listener.number, $0, size) == 0 && listen(listener.number, 64) == 0
          && getsockname(listener.number, $0, &size) == 0
      }
    }
    try #require(isBound)
    port = Int(UInt16(bigEndian: address.sin_port))
    self.listener = listener
    let accepted = accepted
    let thread = WorkerThread(name: "service") {
      while true {
        let number = accept(listener.number, nil, nil)
        if number < 0 { return }
        _ = fcntl(number, F_SETFD, FD_CLOEXEC)
        accepted.withLock { $0 += 1 }
        let connection = Connection(Descriptor(owning: number))
        _ = WorkerThread(name: "connection") { try? serve(connection) }
      }
    }
    self.thread = try #require(thread)
  }

  deinit {
    shutdown(listener.number, Int32(SHUT_RDWR))
    thread.join()
  }

  /// Sends back what comes, until it ends.
  static func echo(_ connection: Connection) throws {
    while true {
      let bytes = try connection.descriptor.read(upTo: 1 << 18)
      if bytes.isEmpty { return }
      try connection.write(bytes)
    }
  }
}
