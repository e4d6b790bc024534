import CSSH2
import Glibc
import HostSystem
import TuningModel

/// Reaching a host by TCP: every address that its name has, one after the other.
enum TCPConnection {
  /// - Parameters:
  ///   - label: the host, for messages.
  ///   - family: as AddressFamily in the SSH configuration.
  static func open(
    host: String, port: Int, family: String, label: String, limit: Duration
  ) throws(SecureShellError) -> Descriptor {
    let deadline = HostClock.now + limit
    let addresses = try resolve(host, port, family, label: label, deadline: deadline)
    var last: (code: SecureShellError.Code, reason: String) = (.unreachable, "it has no address")
    for (index, address) in addresses.enumerated() {
      // What is left is shared, so that one address that swallows everything does not hide the next.
      let share = (deadline - HostClock.now) / (addresses.count - index)
      do throws(SystemError) {
        return try connect(address, limit: max(.milliseconds(1), share))
      } catch {
        last = error.number == ETIMEDOUT ? (.timeout, "no answer") : (.unreachable, SystemError.reason(error.number))
      }
    }
    let place = "\(host) port \(port)"
    switch last.code {
    case .timeout:
      throw SecureShellError(
        .timeout,
        "\(label): \(place) did not answer within \(limit.shown): is the host up, and does a firewall let SSH through?")
    default:
      throw SecureShellError(
        .unreachable, "\(label): cannot connect to \(place): \(last.reason): is the host up, and is the port right?")
    }
  }

  /// The addresses of a name. The C library cannot be interrupted in it, so a thread waits in our place.
  private static func resolve(
    _ host: String, _ port: Int, _ family: String, label: String, deadline: Instant
  ) throws(SecureShellError) -> [SocketAddress] {
    let found = Locked<Resolution?>(nil)
    guard let done = Wakeup() else { throw SecureShellError(.system, "\(label): this process has no descriptor left") }
    let thread = WorkerThread(name: "resolve") {
      let result = lookUp(host, port, family)
      found.withLock { $0 = result }
      done.signal()
    }
    guard thread != nil else { throw SecureShellError(.system, "\(label): no thread can be started") }
    var item = pollfd(fd: done.descriptor, events: Int16(POLLIN), revents: 0)
    while poll(&item, 1, deadline.pollTime) < 0, errno == EINTR {}
    switch found.withLock({ $0 }) {
    case nil:
      throw SecureShellError(.timeout, "\(label): looking up the name \(host) took too long: is its name server up?")
    case .failure(let reason):
      throw SecureShellError(
        .unreachable, "\(label): cannot find the address of \(host): \(reason): is the name right, and known here?")
    case .addresses(let addresses): return addresses
    }
  }

  private enum Resolution {
    case addresses([SocketAddress])
    case failure(String)
  }

  private static func lookUp(_ host: String, _ port: Int, _ family: String) -> Resolution {
    var hints = addrinfo()
    hints.ai_family = family == "inet" ? AF_INET : family == "inet6" ? AF_INET6 : AF_UNSPEC
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    hints.ai_flags = AI_NUMERICSERV
    var list: UnsafeMutablePointer<addrinfo>?
    let result = getaddrinfo(host, "\(port)", &hints, &list)
    guard result == 0 else { return .failure(gai_strerror(result).map { String(cString: $0) } ?? "error \(result)") }
    defer { freeaddrinfo(list) }
    var addresses: [SocketAddress] = []
    var next = list
    while let entry = next?.pointee, addresses.count < 16 {
      if let name = entry.ai_addr {
        let bytes = Array(UnsafeRawBufferPointer(start: name, count: Int(entry.ai_addrlen)))
        addresses.append(SocketAddress(family: entry.ai_family, bytes: bytes))
      }
      next = entry.ai_next
    }
    return .addresses(addresses)
  }

  private static func connect(_ address: SocketAddress, limit: Duration) throws(SystemError) -> Descriptor {
    let deadline = HostClock.now + limit
    let type = SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue
    let number = socket(address.family, Int32(type), 0)
    guard number >= 0 else { throw SystemError(errno, "make", "a socket") }
    let descriptor = Descriptor(owning: number)
    let result = address.bytes.withUnsafeBytes { buffer in
      buffer.withMemoryRebound(to: sockaddr.self) { Glibc.connect(number, $0.baseAddress, socklen_t(buffer.count)) }
    }
    if result != 0 {
      guard errno == EINPROGRESS || errno == EINTR else { throw SystemError(errno, "connect") }
      var item = pollfd(fd: number, events: Int16(POLLOUT), revents: 0)
      var ready: Int32 = 0
      repeat { ready = poll(&item, 1, deadline.pollTime) } while ready < 0 && errno == EINTR
      guard ready > 0 else { throw SystemError(ETIMEDOUT, "connect") }
      var failure: Int32 = 0
      var size = socklen_t(MemoryLayout<Int32>.size)
      getsockopt(number, SOL_SOCKET, SO_ERROR, &failure, &size)
      guard failure == 0 else { throw SystemError(failure, "connect") }
    }
    for (level, option) in [(Int32(IPPROTO_TCP), TCP_NODELAY), (SOL_SOCKET, SO_KEEPALIVE)] {
      var on: Int32 = 1
      setsockopt(number, level, option, &on, socklen_t(MemoryLayout<Int32>.size))
    }
    return descriptor
  }
}

/// An address as the C library takes it.
struct SocketAddress: Sendable {
  let family: Int32
  let bytes: [UInt8]
}

extension Instant {
  /// Milliseconds from now for `poll`, rounded up.
  var pollTime: Int32 {
    Int32(clamping: max(0, (self - HostClock.now + .nanoseconds(999_999)).wholeMilliseconds))
  }
}

extension Duration {
  /// For messages: `15 s`, `0.5 s`.
  var shown: String {
    let tenths = (wholeMilliseconds + 50) / 100
    return tenths % 10 == 0 ? "\(tenths / 10) s" : "\(tenths / 10).\(tenths % 10) s"
  }
}
