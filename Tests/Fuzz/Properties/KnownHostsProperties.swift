import SecureShell

/// A known_hosts file says of a key what its lines say one by one.
enum KnownHostsProperties {
  static let host = "lab1.example"
  static let hosts: [(name: String, port: Int?)] = [
    (host, nil), (host, 22), (host, 2222), ("10.0.0.1", nil), ("Gpu-7", 22), ("", nil), ("::1", 2200),
  ]
  /// An ed25519 key of zeros but for its last byte.
  static func key(_ number: UInt8) -> [UInt8] {
    [0, 0, 0, 11] + Array("ssh-ed25519".utf8) + [0, 0, 0, 32] + [UInt8](repeating: 0, count: 31) + [number]
  }

  static func check(_ bytes: [UInt8]) throws(BrokenProperty) {
    let text = String(decoding: bytes, as: UTF8.self)
    let whole = KnownHosts(text: text, file: "known_hosts")
    try require(whole.warnings.count <= 20, "\(whole.warnings.count) warnings")
    let lines = text.split(whereSeparator: \.isNewline).map { KnownHosts(text: String($0), file: "line") }
    for (name, port) in hosts {
      let types = whole.keyTypes(host: name, port: port)
      try require(Set(types).count == types.count, "a kind of key comes twice: \(types)")
      for number: UInt8 in [0, 1] {
        try check(whole.verdict(host: name, port: port, key: key(number)), lines, name, port, key(number))
      }
      for blob: [UInt8] in [[], [0, 0, 0, 200, 1], [0xFF, 0xFF, 0xFF, 0xFF]] + [Array(bytes.prefix(64))] {
        if whole.verdict(host: name, port: port, key: blob) == .known {
          try require(
            lines.contains { $0.verdict(host: name, port: port, key: blob) == .known }, "no line knows this key")
        }
      }
    }
  }

  private static func check(
    _ verdict: KnownHosts.Verdict, _ lines: [KnownHosts], _ name: String, _ port: Int?, _ key: [UInt8]
  ) throws(BrokenProperty) {
    let single = lines.map { $0.verdict(host: name, port: port, key: key) }
    let isRevoked = single.contains { if case .revoked = $0 { true } else { false } }
    let isKnown = single.contains(.known)
    switch verdict {
    case .revoked: try require(isRevoked, "\(name): revoked, and no line says so")
    case .known: try require(isKnown && !isRevoked, "\(name): known, the lines say \(single)")
    case .changed, .unknown: try require(!isKnown && !isRevoked, "\(name): \(verdict), the lines say \(single)")
    }
  }
}

/// Keys that the seeds name and the properties ask for.
public enum KnownHostsSamples {
  public static func key(_ number: UInt8) -> [UInt8] { KnownHostsProperties.key(number) }
}
