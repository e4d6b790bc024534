import Glibc

/// A host as it is written: `gpu1`, `bob@gpu2.lab:2222`, `box[01-16]`, `[fe80::1]:22`.
struct HostText: Equatable {
  /// One, or those of a range.
  var hosts: [String]
  var user: String?
  var port: Int?

  /// `limit`: how many hosts a range may stand for.
  static func parse(_ text: String, limit: Int) throws(HostPattern.Failure) -> HostText {
    if let scheme = text.firstRange(of: "://") {
      throw HostPattern.Failure("must be written without \(text[..<scheme.upperBound]), as in bob@gpu1:22")
    }
    if let space = text.firstIndex(where: \.isWhitespace) {
      let first = text[..<space]
      throw HostPattern.Failure(
        "must be one host"
          + (first.isEmpty ? "" : "; more about it is written as in {host: \(first.prefix(60)), slots: 2}"))
    }
    var result = HostText(hosts: [], user: nil, port: nil)
    var rest = text[...]
    if let at = rest.lastIndex(of: "@") {
      let user = String(rest[..<at])
      if let problem = problem(ofUser: user) { throw HostPattern.Failure("must have a user that \(problem)") }
      result.user = user
      rest = rest[rest.index(after: at)...]
    }
    let (host, port) = try split(rest)
    if let port {
      guard port.count <= 5, let number = Int(port), (1...65_535).contains(number) else {
        throw HostPattern.Failure("must have a port of 1…65535, not '\(port.prefix(60))'")
      }
      result.port = number
    }
    result.hosts = isIPv6(host) ? [String(host)] : try HostPattern.expand(String(host), limit: limit)
    for name in result.hosts {
      if let problem = problem(ofHost: name) { throw HostPattern.Failure(problem) }
    }
    return result
  }

  /// The host, and the port behind it.
  private static func split(_ text: Substring) throws(HostPattern.Failure) -> (host: Substring, port: Substring?) {
    if text.first == "[", let close = text.firstIndex(of: "]"), text[..<close].contains(":") {
      let host = text[text.index(after: text.startIndex)..<close]
      guard isIPv6(host) else { throw HostPattern.Failure("must have an IPv6 address within its brackets") }
      let rest = text[text.index(after: close)...]
      guard rest.isEmpty || rest.first == ":" else {
        throw HostPattern.Failure("must have only a port behind its address, as in [\(host)]:22")
      }
      return (host, rest.isEmpty ? nil : rest.dropFirst())
    }
    guard let colon = text.lastIndex(of: ":"), !isIPv6(text) else { return (text, nil) }
    guard text.firstIndex(of: ":") == colon else {
      throw HostPattern.Failure("must have one port at most; an IPv6 address with a port is written as [fe80::1]:22")
    }
    return (text[..<colon], text[text.index(after: colon)...])
  }

  /// Whether the text is an IPv6 address, with a zone or without.
  static func isIPv6(_ text: some StringProtocol) -> Bool {
    let parts = text.split(separator: "%", maxSplits: 1, omittingEmptySubsequences: false)
    var room = in6_addr()
    guard inet_pton(AF_INET6, String(parts[0]), &room) == 1 else { return false }
    return parts.count == 1 || isWord(parts[1])
  }

  /// Whether the host is this machine by its address; an alias of the SSH configuration may be so unknown to us.
  static func isLoopback(_ host: String) -> Bool {
    var room = in_addr()
    let isIPv4 = inet_pton(AF_INET, host, &room) == 1
    return host == "localhost" || host == "::1" || (isIPv4 && host.hasPrefix("127."))
  }

  private static func isWord(_ text: some StringProtocol) -> Bool {
    !text.isEmpty
      && text.unicodeScalars.allSatisfy {
        ("a"..."z").contains($0) || ("A"..."Z").contains($0) || ("0"..."9").contains($0)
          || ".-_+".unicodeScalars.contains($0)
      }
  }

  /// Why the text cannot be a host name; nil: it can. The name stands in commands, so that what a shell or `ssh` takes
  /// for something else is left out.
  static func problem(ofHost text: String) -> String? {
    guard !text.isEmpty else { return "must name a host, as in bob@gpu1:22" }
    guard text.utf8.count <= 253 else { return "must be a name of at most 253 letters" }
    guard !isIPv6(text) else { return nil }
    guard text.first != "-", isWord(text) else {
      let shown = YAMLScalar(text: text, isPlain: false).shown
      return "must be a name of letters (a-z), digits, '.', '-', '_' and '+' not beginning with '-', or an address, "
        + "not \(shown); other names can be given as an alias in the SSH configuration"
    }
    return nil
  }

  /// Why the text cannot be a user; nil: it can. `ssh` itself refuses the same.
  static func problem(ofUser text: String) -> String? {
    let isClean = text.unicodeScalars.allSatisfy {
      !$0.properties.isWhitespace && $0.value >= 0x20 && $0.value != 0x7F
        && !"'\"`;&<>|(){}$:".unicodeScalars.contains($0)
    }
    guard !text.isEmpty, text.utf8.count <= 255, text.first != "-", text.last != "\\", isClean else {
      return "does not begin with '-' or hold white space, ':' or what a shell would act on, not "
        + (text.isEmpty ? "nothing" : YAMLScalar(text: text, isPlain: false).shown)
    }
    return nil
  }
}
