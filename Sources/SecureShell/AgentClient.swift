import Glibc
import HostSystem
import TuningModel

/// A client of the SSH agent (draft-miller-ssh-agent): lists its keys and lets it sign. Each request has a connection of
/// its own and a limit.
struct AgentClient: Sendable {
  let socketPath: String
  let limit: Duration

  struct Identity: Sendable {
    let key: PublicKey
    let comment: String
  }

  private static let answerLimit = 1 << 20
  private static let identityLimit = 512

  /// The agent's keys in its own order.
  func identities() throws(SystemError) -> [Identity] {
    var reader = SSHReader(try ask([11]))
    guard reader.byte() == 12, let count = reader.number() else { throw nonsense() }
    var found: [Identity] = []
    for _ in 0..<min(count, Self.identityLimit) {
      guard let blob = reader.string(), let comment = reader.text() else { throw nonsense() }
      if let key = PublicKey(blob) { found.append(Identity(key: key, comment: String(comment.prefix(100)))) }
    }
    return found
  }

  /// The signature itself, without the name of its algorithm.
  /// - Parameter flags: 4 asks an RSA key for rsa-sha2-512, 2 for rsa-sha2-256.
  func sign(_ data: [UInt8], with key: PublicKey, flags: Int) throws(SystemError) -> [UInt8] {
    var request = SSHWriter()
    request.byte(13)
    request.string(key.blob)
    request.string(data)
    request.number(flags)
    var reader = SSHReader(try ask(request.bytes))
    guard reader.byte() == 14, let blob = reader.string() else {
      throw SystemError(.denied, message: "the SSH agent does not sign with \(key.fingerprint)")
    }
    var signature = SSHReader(blob)
    guard let name = signature.text(), let bytes = signature.string() else { throw nonsense() }
    guard flags != 4 || name == "rsa-sha2-512" else {
      throw SystemError(
        .notSupported, message: "the SSH agent signs with RSA keys by SHA-1 alone, which hosts no longer take")
    }
    return bytes
  }

  private func nonsense() -> SystemError {
    SystemError(.other, message: "the SSH agent at \(socketPath) does not speak its protocol")
  }

  private func ask(_ request: [UInt8]) throws(SystemError) -> [UInt8] {
    let deadline = HostClock.now + limit
    let socket = try connect()
    var message = SSHWriter()
    message.string(request)
    var rest = message.bytes[...]
    while !rest.isEmpty {
      let sent = rest.withUnsafeBytes { send(socket.number, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      if sent > 0 {
        rest = rest.dropFirst(sent)
      } else if sent < 0, errno == EAGAIN {
        try wait(socket, POLLOUT, deadline)
      } else if sent >= 0 || errno != EINTR {
        throw SystemError(errno, "write to the SSH agent at", socketPath)
      }
    }
    var answer: [UInt8] = []
    while true {
      var reader = SSHReader(answer)
      if let count = reader.number() {
        guard 1...Self.answerLimit ~= count else { throw nonsense() }
        if answer.count >= 4 + count { return Array(answer[4..<4 + count]) }
      }
      do throws(SystemError) {
        let piece = try socket.read(upTo: 65_536)
        guard !piece.isEmpty else { throw SystemError(ECONNRESET, "read from the SSH agent at", socketPath) }
        answer += piece
      } catch {
        guard error.code == .wouldBlock else { throw error }
        try wait(socket, POLLIN, deadline)
      }
    }
  }

  private func wait(_ socket: Descriptor, _ events: Int32, _ deadline: Instant) throws(SystemError) {
    var item = pollfd(fd: socket.number, events: Int16(events), revents: 0)
    let result = poll(&item, 1, deadline.pollTime)
    guard result > 0 || (result < 0 && errno == EINTR) else {
      throw SystemError(.other, message: "the SSH agent at \(socketPath) did not answer within \(limit.shown)")
    }
  }

  private func connect() throws(SystemError) -> Descriptor {
    let type = SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue
    let number = socket(AF_UNIX, Int32(type), 0)
    guard number >= 0 else { throw SystemError(errno, "make", "a socket") }
    let descriptor = Descriptor(owning: number)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let path = Array(socketPath.utf8)
    guard path.count < MemoryLayout.size(ofValue: address.sun_path) else {
      throw SystemError(.unsuitable, message: "the name of the SSH agent's socket \(socketPath) is too long")
    }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path) }
    let result = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        Glibc.connect(number, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    guard result == 0 else { throw SystemError(errno, "reach the SSH agent at", socketPath) }
    return descriptor
  }
}
