import TuningModel

/// What `ssh` says when it fails (OpenSSH 7.6 to 9.9, LC_ALL=C), and what that means for the user.
struct OpenSSHMessages {
  let login: HostLogin
  let stepLimit: Duration

  /// The error that the output of a failed `ssh` tells of.
  func error(_ log: String) -> SecureShellError {
    let host = login.host
    let last = Self.lastLine(log) ?? "ssh ended without a word"
    for (code, signs, advice) in Self.table where signs.contains(where: { log.contains($0) }) {
      if code == .authentication, let key = Self.unreadableKey(log) {
        return SecureShellError(.identity, "\(host): no key was accepted, and \(key): \(last)")
      }
      // What is wrong with a configuration stands in the lines before the last.
      let said = code == .configuration ? Self.lines(log).joined(separator: "; ") : last
      return SecureShellError(code, "\(host): \(said)" + advice.split(separator: "%").joined(separator: host))
    }
    return SecureShellError(.broken, "\(host): \(last)")
  }

  func timeout(_ limit: Duration, _ log: String) -> SecureShellError {
    let said = Self.lastLine(log).map { "; the last that ssh said: \($0)" } ?? ""
    return SecureShellError(
      .timeout, "\(login.host): the host did not let anybody in within \(Int(limit.inSeconds.rounded())) s\(said)")
  }

  /// Signs in the output, most telling first; `%` in the advice stands for the host.
  private static let table: [(SecureShellError.Code, [String], String)] = [
    (
      .hostKeyRevoked, ["REVOKED HOST KEY"],
      "; the key is marked @revoked in a known_hosts file: the host needs another one"
    ),
    (
      .hostKeyChanged, ["HOST IDENTIFICATION HAS CHANGED"],
      "; if the host was installed anew, `ssh-keygen -R %` forgets the old key; if not, somebody may stand between"
    ),
    (
      .hostKeyUnknown, ["Host key verification failed", "host key is known for"],
      "; its key is in no known_hosts file: log in once by hand with `ssh %`, or set host_keys: accept-new"
    ),
    (
      .configuration,
      [
        "Bad configuration option", "bad configuration option", "Can't open user config file", "missing argument",
        "Bad owner or permissions on", "extra arguments at end of line", "unsupported option", "Unsupported option",
        "Bad port",
      ], "; see the SSH configuration that `ssh -G %` reads"
    ),
    (
      .authentication, ["Permission denied (", "Too many authentication failures"],
      "; `ssh-copy-id %` puts your public key there, `ssh-add` loads a key that has a passphrase into the SSH agent"
    ),
    (
      .handshake, ["no matching", "Unable to negotiate", "no hostkey alg"],
      "; the host and this machine have no algorithm in common: one of the two is too old"
    ),
    (.unreachable, ["Could not resolve hostname"], "; is the name right, and known on this machine?"),
    (.timeout, ["timed out", "Timeout", "timeout"], "; is the host up, and does a firewall let SSH through?"),
    (
      .unreachable, ["Connection refused", "No route to host", "Network is unreachable", "Host is down"],
      "; is the host up, and is the port right?"
    ),
  ]

  /// What `ssh` said of a key file that it could not use.
  private static func unreadableKey(_ log: String) -> String? {
    let line = lines(log).first { $0.hasPrefix("Load key") || $0.contains("UNPROTECTED PRIVATE KEY") }
    guard let line else { return nil }
    return line.hasPrefix("Load key") ? "the key file cannot be used (\(line))" : "others can read the key file"
  }

  /// Lines with something on them, at most the last twenty.
  static func lines(_ log: String) -> [String] {
    log.split(whereSeparator: \.isNewline).suffix(20).map { line in
      String(line.filter { $0 != "\r" }.drop { $0 == " " || $0 == "@" }.prefix(500))
    }.filter { !$0.isEmpty }
  }

  /// The last line that is no decoration.
  static func lastLine(_ log: String) -> String? { lines(log).last }
}
