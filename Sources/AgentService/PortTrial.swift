import Glibc
import HostSystem
import TuningModel

/// Whether a TCP port can be reached from here. Nothing is sent.
struct PortTrial {
  let host: String
  let port: Int
  /// As long as an agent tries its coordinator's sockets.
  var patience = Duration.seconds(4)

  /// A port of the machine that this SSH session comes from: `PORT`; or of another one: `HOST:PORT`. nil: it is neither, or
  /// this is no SSH session.
  init?(_ text: String, client: String? = getenv("SSH_CONNECTION").map { String(cString: $0) }) {
    if let port = Int(text), (1...65_535).contains(port) {
      guard let host = client?.split(separator: " ").first else { return nil }
      (self.host, self.port) = (String(host), port)
    } else {
      guard let place = HostAndPort(text), let port = place.port else { return nil }
      (host, self.port) = (place.host, port)
    }
  }

  var address: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

  /// nil when it can; else what is wrong.
  func problem() -> String? {
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var list: UnsafeMutablePointer<addrinfo>?
    let code = getaddrinfo(host, "\(port)", &hints, &list)
    guard code == 0, let first = list else { return "\(host): \(String(cString: gai_strerror(code)))" }
    defer { freeaddrinfo(first) }
    let deadline = HostClock.now + patience
    var problem = "\(host) has no address"
    var next: UnsafeMutablePointer<addrinfo>? = first
    while let info = next?.pointee {
      guard let failure = connect(info, until: deadline) else { return nil }
      problem = failure
      next = info.ai_next
    }
    return problem
  }

  private func connect(_ info: addrinfo, until deadline: Instant) -> String? {
    let flags = Int32(SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
    let number = socket(info.ai_family, info.ai_socktype | flags, info.ai_protocol)
    guard number >= 0 else { return reason(errno) }
    let socket = Descriptor(owning: number)
    if Glibc.connect(socket.number, info.ai_addr, info.ai_addrlen) == 0 { return nil }
    guard errno == EINPROGRESS else { return reason(errno) }
    while true {
      let left = deadline - HostClock.now
      guard left > .zero else { return "no answer within \(Int(patience.inSeconds)) s" }
      var wait = pollfd(fd: socket.number, events: Int16(POLLOUT), revents: 0)
      if poll(&wait, 1, Int32(clamping: left.wholeMilliseconds + 1)) > 0 { break }
    }
    var error: Int32 = 0
    var size = socklen_t(MemoryLayout<Int32>.size)
    guard getsockopt(socket.number, SOL_SOCKET, SO_ERROR, &error, &size) == 0 else { return reason(errno) }
    return error == 0 ? nil : reason(error)
  }

  private func reason(_ number: Int32) -> String { String(cString: strerror(number)) }
}
