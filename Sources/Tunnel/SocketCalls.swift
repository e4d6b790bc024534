import Glibc
import HostSystem

/// Reading and writing without waiting, and the sockets at either end of a tunnel.
enum SocketCalls {
  enum ReadResult: Equatable {
    case bytes(Int)
    case nothing
    case end
    /// The number of the error.
    case failed(Int32)
  }

  /// Reads what there is into the buffer, at most `limit` bytes.
  static func read(_ descriptor: Descriptor, into buffer: inout [UInt8], upTo limit: Int) -> ReadResult {
    let size = min(limit, buffer.count)
    while true {
      let count = buffer.withUnsafeMutableBytes { Glibc.read(descriptor.number, $0.baseAddress, size) }
      if count > 0 { return .bytes(count) }
      if count == 0 { return .end }
      if errno == EINTR { continue }
      return errno == EAGAIN ? .nothing : .failed(errno)
    }
  }

  /// Writes what the descriptor takes now.
  /// - Returns: how many bytes, and the number of an error other than that no more go now; 0: none.
  static func write(_ descriptor: Descriptor, from queue: inout ByteQueue) -> (written: Int, failure: Int32) {
    var written = 0
    while !queue.isEmpty {
      let count = queue.withUnsafeBytes { Glibc.write(descriptor.number, $0.baseAddress, $0.count) }
      if count < 0 {
        if errno == EINTR { continue }
        return (written, errno == EAGAIN ? 0 : errno)
      }
      queue.removeFirst(count)
      written += count
    }
    return (written, 0)
  }

  /// Sends the end of the stream; what the other side sends can still be read.
  static func endWriting(_ socket: Descriptor) { shutdown(socket.number, Int32(SHUT_WR)) }

  static func makeNonBlocking(_ descriptor: Descriptor) throws(SystemError) {
    let flags = fcntl(descriptor.number, F_GETFL)
    guard flags >= 0, fcntl(descriptor.number, F_SETFL, flags | O_NONBLOCK) >= 0 else {
      throw SystemError(errno, "change", "a descriptor")
    }
  }

  /// Gives a pipe room for large reads; other descriptors stay as they are.
  static func widenPipe(_ descriptor: Descriptor, to bytes: Int) {
    // F_SETPIPE_SZ, a macro that Swift does not see. Refused beyond the user's allowance: then it stays narrow.
    _ = fcntl(descriptor.number, 1031, CInt(bytes))
  }

  /// A second descriptor of the same open file.
  static func duplicate(_ descriptor: Descriptor) throws(SystemError) -> Descriptor {
    let number = fcntl(descriptor.number, F_DUPFD_CLOEXEC, 3)
    guard number >= 0 else { throw SystemError(errno, "duplicate", "a descriptor") }
    return Descriptor(owning: number)
  }

  /// The longest path of a Unix socket.
  static let pathLimit = MemoryLayout.size(ofValue: sockaddr_un().sun_path) - 1

  /// Listens at a path that is free.
  static func listen(_ path: String) throws(SystemError) -> Descriptor {
    let text = Array(path.utf8)
    guard text.count <= pathLimit else {
      throw SystemError(.unsuitable, message: "the name of the socket \(path) is longer than \(pathLimit) bytes")
    }
    let socket = try make(AF_UNIX)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: text) }
    let bound = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(socket.number, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    guard bound == 0 else { throw SystemError(errno, "bind", path) }
    guard chmod(path, 0o600) == 0 else { throw SystemError(errno, "set the mode of", path) }
    guard Glibc.listen(socket.number, 64) == 0 else { throw SystemError(errno, "listen at", path) }
    return socket
  }

  /// Begins to connect; the socket is writable when that is over, and `connectionError` says how.
  static func connect(_ address: LocalAddress) throws(SystemError) -> Descriptor {
    let socket = try make(address.family)
    var one: CInt = 1
    setsockopt(socket.number, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<CInt>.size))
    while true {
      if address.withSocketAddress({ Glibc.connect(socket.number, $0, $1) }) == 0 || errno == EINPROGRESS {
        return socket
      }
      if errno != EINTR { throw SystemError(errno, "connect to", address.description) }
    }
  }

  /// How a connection attempt ended: 0, or the number of the error.
  static func connectionError(_ socket: Descriptor) -> Int32 {
    var error: CInt = 0
    var size = socklen_t(MemoryLayout<CInt>.size)
    return getsockopt(socket.number, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno
  }

  private static func make(_ family: Int32) throws(SystemError) -> Descriptor {
    let type = SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue
    let number = socket(family, Int32(type), 0)
    guard number >= 0 else { throw SystemError(errno, "make", "a socket") }
    return Descriptor(owning: number)
  }
}
