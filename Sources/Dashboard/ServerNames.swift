import Glibc

/// Where the server listens, and by which names browsers may ask for it.
struct ServerNames: Sendable {
  /// In numbers.
  let bindAddress: String
  let isLoopback: Bool
  let scheme: String
  /// As they stand in a `Host` header, without the port; the first one is what people are told.
  private let names: [String]

  init(address: String, hostNames: [String], isEncrypted: Bool) throws(DashboardError) {
    bindAddress = address == "localhost" ? "127.0.0.1" : address == "*" ? "0.0.0.0" : address
    var room = in6_addr()
    let isVersion6 = inet_pton(AF_INET6, bindAddress, &room) == 1
    guard isVersion6 || inet_pton(AF_INET, bindAddress, &room) == 1 else {
      throw DashboardError(
        "the address to listen at must be in numbers, such as 127.0.0.1, not \(address)", isUsage: true)
    }
    isLoopback = bindAddress == "::1" || !isVersion6 && bindAddress.hasPrefix("127.")
    guard isLoopback || isEncrypted else {
      throw DashboardError(
        "\(address) is not this machine alone (127.0.0.1, ::1): other addresses take --tls-certificate and --tls-key; "
          + "without them reach the page from another machine through SSH: ssh -L 8700:127.0.0.1:8700 HOST",
        isUsage: true)
    }
    scheme = isEncrypted ? "https" : "http"
    for name in hostNames where !Self.isName(name) {
      throw DashboardError("a host name is letters, digits, '-' and '.', or an address, not \(name)", isUsage: true)
    }
    var names = hostNames.map { Self.isVersion6($0) ? "[\($0.lowercased())]" : $0.lowercased() }
    let isEverywhere = bindAddress == "0.0.0.0" || bindAddress == "::"
    if isEverywhere {
      guard !names.isEmpty else {
        throw DashboardError(
          "say with --host-name by which name or address browsers ask for the page at \(address)", isUsage: true)
      }
    } else {
      names.append(isVersion6 ? "[\(bindAddress.lowercased())]" : bindAddress)
    }
    if isLoopback || isEverywhere { names += ["127.0.0.1", "localhost", "[::1]"] }
    self.names = names
  }

  func hosts(port: Int) -> Set<String> {
    let usual = scheme == "https" ? 443 : 80
    return Set(names.map { "\($0):\(port)" } + (port == usual ? names : []))
  }

  func url(port: Int) -> String { "\(scheme)://\(names[0]):\(port)/" }

  private static func isVersion6(_ text: String) -> Bool {
    var room = in6_addr()
    return inet_pton(AF_INET6, text, &room) == 1
  }

  private static func isName(_ text: String) -> Bool {
    if isVersion6(text) { return true }
    return !text.isEmpty && text.utf8.count <= 253 && !text.hasPrefix(".") && !text.hasPrefix("-")
      && text.unicodeScalars.allSatisfy {
        $0.isASCII && ($0.properties.isAlphabetic || ("0"..."9").contains($0) || $0 == "-" || $0 == "." || $0 == "_")
      }
  }
}
