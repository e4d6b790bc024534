import CSandbox
import Glibc

/// Unix sockets that keep packets apart (SOCK_SEQPACKET), non-blocking and close-on-exec. Addresses may be longer than
/// the 107 bytes that the kernel takes: they are reached by way of the open folder.
public enum UnixSocket {
  /// What one read of a socket gave.
  public enum Packet: Equatable, Sendable {
    case packet([UInt8])
    /// Longer than was allowed; it is gone.
    case tooLong
    case nothing
    case closed
  }

  /// Listens at a path; a socket file left there by a process that has died is replaced.
  public static func listen(_ path: String, mode: mode_t = 0o600) throws(SystemError) -> Descriptor {
    try Files.removeFile(path)
    let socket = try make()
    try withAddress(path) { address, size throws(SystemError) in
      _ = try checked("bind", path) { bind(socket.number, address, size) }
    }
    _ = try checked("set the mode of", path) { chmod(path, mode) }
    _ = try checked("listen at", path) { Glibc.listen(socket.number, 8) }
    return socket
  }

  /// The next connection of a listening socket, nil when there is none.
  public static func accept(_ listener: Descriptor) throws(SystemError) -> Descriptor? {
    let number = sandbox_accept(listener.number)
    if number >= 0 { return Descriptor(owning: number) }
    if [EAGAIN, ECONNABORTED, EINTR].contains(-number) { return nil }
    throw SystemError(-number, "accept", "a connection")
  }

  /// Connects to a path; `notFound` or `closed` when nobody listens there, `wouldBlock` when its queue is full.
  public static func connect(_ path: String) throws(SystemError) -> Descriptor {
    let socket = try make()
    try withAddress(path) { address, size throws(SystemError) in
      _ = try checked("connect to", path) { Glibc.connect(socket.number, address, size) }
    }
    return socket
  }

  /// Two ends that are connected to each other.
  public static func pair() throws(SystemError) -> (Descriptor, Descriptor) {
    var ends: [Int32] = [-1, -1]
    _ = try checked("make", "a pair of sockets") { socketpair(AF_UNIX, Int32(type), 0, &ends) }
    return (Descriptor(owning: ends[0]), Descriptor(owning: ends[1]))
  }

  /// Makes calls on this end wait. The other end of a pair keeps its own ways.
  public static func makeBlocking(_ socket: Descriptor) throws(SystemError) {
    let flags = try checked("examine", "a socket") { fcntl(socket.number, F_GETFL) }
    _ = try checked("change", "a socket") { fcntl(socket.number, F_SETFL, flags & ~O_NONBLOCK) }
  }

  /// Sends one packet; false when the other side does not take it now. `closed` when it is gone.
  public static func send(_ socket: Descriptor, _ packet: [UInt8]) throws(SystemError) -> Bool {
    do throws(SystemError) {
      _ = try checked("send") {
        packet.withUnsafeBytes { Glibc.send(socket.number, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      }
      return true
    } catch {
      if error.code == .wouldBlock || error.number == ENOBUFS { return false }
      throw error
    }
  }

  /// Reads one packet of at most `limit` bytes. An empty packet cannot be told from the end and counts as such.
  public static func receive(_ socket: Descriptor, limit: Int) -> Packet {
    var length = 0
    var buffer = [UInt8](repeating: 0, count: limit)
    repeat {
      length = buffer.withUnsafeMutableBytes { recv(socket.number, $0.baseAddress, $0.count, Int32(MSG_TRUNC)) }
    } while length < 0 && errno == EINTR
    if length < 0 { return errno == EAGAIN ? .nothing : .closed }
    if length == 0 { return .closed }
    return length > limit ? .tooLong : .packet(Array(buffer[..<length]))
  }

  /// Whether the other end is closed, read or not.
  public static func isClosedByPeer(_ socket: Descriptor) -> Bool {
    var item = pollfd(fd: socket.number, events: 0, revents: 0)
    return poll(&item, 1, 0) > 0 && Int32(item.revents) & Int32(POLLHUP) != 0
  }

  /// The user at the other end.
  public static func peerUser(_ socket: Descriptor) throws(SystemError) -> UInt32 {
    var user: uid_t = 0
    _ = try checkedShim("examine", "a connection", sandbox_peer_user(socket.number, &user))
    return user
  }

  /// The process that made the other end, as it was then; 0 for one that cannot be seen from here.
  public static func peerProcess(_ socket: Descriptor) throws(SystemError) -> Int {
    Int(try checkedShim("examine", "a connection", sandbox_peer_process(socket.number)))
  }

  private static var type: UInt32 { SOCK_SEQPACKET.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue }

  private static func make() throws(SystemError) -> Descriptor {
    Descriptor(owning: try checked("make", "a socket") { socket(AF_UNIX, Int32(type), 0) })
  }

  private static func withAddress(
    _ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) throws(SystemError) -> Void
  ) throws(SystemError) {
    let folder = try Descriptor.open(Files.parent(of: path), O_RDONLY | O_DIRECTORY)
    let short = Array("/proc/self/fd/\(folder.number)/\(Files.name(of: path))".utf8)
    var address = sockaddr_un()
    let room = MemoryLayout.size(ofValue: address.sun_path)
    guard short.count < room else {
      throw SystemError(.unsuitable, message: "the name of the socket \(path) is too long")
    }
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: short) }
    var failure: SystemError?
    withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
        do throws(SystemError) {
          try body(pointer, socklen_t(MemoryLayout<sockaddr_un>.size))
        } catch {
          failure = error
        }
      }
    }
    withExtendedLifetime(folder) {}
    if let failure { throw failure }
  }
}
