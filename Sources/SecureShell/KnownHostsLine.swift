import CSSH2

/// One line of a known_hosts file.
enum KnownHostsLine {
  case nothing
  /// A certificate authority.
  case authority
  case broken(String)
  case entry(isRevoked: Bool, HostPatterns, PublicKey)

  init(_ line: some StringProtocol) {
    var fields = line.split { $0 == " " || $0 == "\t" || $0 == "\r" }.map { String($0) }
    guard let first = fields.first, !first.hasPrefix("#") else {
      self = .nothing
      return
    }
    var isRevoked = false
    if first.hasPrefix("@") {
      fields.removeFirst()
      switch first {
      case "@revoked": isRevoked = true
      case "@cert-authority":
        self = .authority
        return
      default:
        self = .broken("the marker \(first.prefix(40)) is not known")
        return
      }
    }
    guard fields.count >= 3 else {
      self = .broken("it must be: names, kind of key, key")
      return
    }
    guard let names = HostPatterns(fields[0]) else {
      self = .broken("its names cannot be read")
      return
    }
    guard fields[1].contains(where: { !$0.isNumber }) else {
      self = .broken("keys of SSH's first version are not used")
      return
    }
    guard let blob = Base64.decode(fields[2]), let key = PublicKey(blob) else {
      self = .broken("its key is not base64 of an SSH key")
      return
    }
    guard key.type == fields[1] else {
      self = .broken("the line says \(fields[1].prefix(60)), its key is \(key.type)")
      return
    }
    guard Self.knownTypes.contains(key.type) || key.type.contains("-cert-") else {
      self = .broken("keys of kind \(key.type) are not known")
      return
    }
    self = .entry(isRevoked: isRevoked, names, key)
  }

  private static let knownTypes: Set = [
    "ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "ssh-rsa", "ssh-dss",
    "sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com",
  ]
}

/// The names of a line: hashed, or patterns with `*`, `?` and `!`.
enum HostPatterns: Sendable {
  case hashed(salt: [UInt8], hash: [UInt8])
  case list([(pattern: [UInt8], isNegated: Bool)])

  /// nil when a hashed name is broken.
  init?(_ field: String) {
    if field.hasPrefix("|") {
      let parts = field.split(separator: "|", omittingEmptySubsequences: false)
      guard parts.count == 4, parts[0].isEmpty, parts[1] == "1", let salt = Base64.decode(parts[2]),
        let hash = Base64.decode(parts[3]), hash.count == 20
      else { return nil }
      self = .hashed(salt: salt, hash: hash)
      return
    }
    self = .list(
      field.lowercased().split(separator: ",").map { word in
        word.hasPrefix("!") ? (Array(word.dropFirst().utf8), true) : (Array(word.utf8), false)
      })
  }

  /// Whether the line is about the name, which is in small letters. A negated pattern that matches decides.
  func match(_ name: String) -> Bool {
    switch self {
    case .hashed(let salt, let hash):
      var made = [UInt8](repeating: 0, count: 20)
      var count: UInt32 = 20
      let text = Array(name.utf8)
      guard HMAC(EVP_sha1(), salt, Int32(salt.count), text, text.count, &made, &count) != nil else { return false }
      return made == hash
    case .list(let patterns):
      let text = Array(name.utf8)
      var isMatched = false
      for (pattern, isNegated) in patterns where Self.wildcard(pattern, text) {
        if isNegated { return false }
        isMatched = true
      }
      return isMatched
    }
  }

  /// Matches in time linear in both lengths for a single `*`, and never worse than their product.
  static func wildcard(_ pattern: [UInt8], _ text: [UInt8]) -> Bool {
    var p = 0
    var t = 0
    var star: (pattern: Int, text: Int)?
    while t < text.count {
      if p < pattern.count, pattern[p] == UInt8(ascii: "*") {
        star = (p, t)
        p += 1
      } else if p < pattern.count, pattern[p] == text[t] || pattern[p] == UInt8(ascii: "?") {
        p += 1
        t += 1
      } else if let last = star {
        star = (last.pattern, last.text + 1)
        p = last.pattern + 1
        t = last.text + 1
      } else {
        return false
      }
    }
    return pattern[p...].allSatisfy { $0 == UInt8(ascii: "*") }
  }
}
