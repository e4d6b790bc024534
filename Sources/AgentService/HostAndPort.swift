import Glibc

/// `HOST`, `HOST:PORT`, `[ADDRESS]:PORT` or a bare IPv6 address.
public struct HostAndPort: Equatable, Sendable {
  public let host: String
  public let port: Int?

  public init(host: String, port: Int?) {
    self.host = host
    self.port = port
  }

  /// nil when the text is none of these.
  public init?(_ text: String) {
    guard !text.isEmpty, text.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "/") }) else {
      return nil
    }
    if text.hasPrefix("[") {
      guard let end = text.firstIndex(of: "]") else { return nil }
      host = String(text[text.index(after: text.startIndex)..<end])
      let rest = text[text.index(after: end)...]
      guard !host.isEmpty, rest.isEmpty || rest.hasPrefix(":") else { return nil }
      guard let port = Self.port(rest.isEmpty ? nil : rest.dropFirst()) else { return nil }
      self.port = port
      return
    }
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    if parts.count > 2 {
      (host, port) = (text, nil)
      return
    }
    guard let port = Self.port(parts.count == 2 ? parts[1] : nil), !parts[0].isEmpty else { return nil }
    host = String(parts[0])
    self.port = port
  }

  /// `.some(nil)` where no port is named, nil where what is named is none.
  private static func port(_ text: Substring?) -> Int?? {
    guard let text else { return .some(nil) }
    guard let number = Int(text), (1...65_535).contains(number) else { return nil }
    return number
  }
}

/// How much this machine can do at once.
public enum HostSize {
  public static var cores: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }
}
