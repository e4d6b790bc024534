import Glibc

/// A TCP address in numbers: `127.0.0.1:4711`, `[::1]:4711`. Nothing is looked up by name but `localhost`.
public struct LocalAddress: Hashable, Sendable, CustomStringConvertible {
  public let host: String
  public let port: Int
  private let version4: in_addr_t?
  private let version6: [UInt8]

  /// nil for what is no address in numbers, or a port outside 1…65535.
  public init?(host: String, port: Int) {
    guard (1...65535).contains(port) else { return nil }
    let numeric = host == "localhost" ? "127.0.0.1" : host
    var four = in_addr()
    var six = in6_addr()
    if inet_pton(AF_INET, numeric, &four) == 1 {
      version4 = four.s_addr
      version6 = []
    } else if inet_pton(AF_INET6, numeric, &six) == 1 {
      version4 = nil
      version6 = withUnsafeBytes(of: &six) { Array($0) }
    } else {
      return nil
    }
    self.host = numeric
    self.port = port
  }

  /// Reads `HOST:PORT`, an IPv6 address in brackets.
  public init?(_ text: String) {
    guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]) else { return nil }
    var host = text[..<colon]
    if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
    self.init(host: String(host), port: port)
  }

  public var description: String { version4 == nil ? "[\(host)]:\(port)" : "\(host):\(port)" }

  var family: Int32 { version4 == nil ? AF_INET6 : AF_INET }

  func withSocketAddress<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
    func call<Address>(_ address: Address) -> Result {
      withUnsafePointer(to: address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<Address>.size)) }
      }
    }
    if let version4 {
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_port = in_port_t(port).bigEndian
      address.sin_addr.s_addr = version4
      return call(address)
    }
    var address = sockaddr_in6()
    address.sin6_family = sa_family_t(AF_INET6)
    address.sin6_port = in_port_t(port).bigEndian
    withUnsafeMutableBytes(of: &address.sin6_addr) { $0.copyBytes(from: version6) }
    return call(address)
  }
}
