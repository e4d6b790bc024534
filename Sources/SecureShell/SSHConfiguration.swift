import TuningModel

/// What the user's SSH configuration says of one host, as `ssh -G` prints it (ssh_config(5)).
public struct SSHConfiguration: Equatable, Sendable {
  /// Name or address to connect to.
  public var hostName: String
  public var user: String
  public var port: Int
  /// Private key files in the order in which they are tried.
  public var identityFiles: [String] = []
  /// Whether keys of the SSH agent count only where they are named by a file.
  public var identitiesOnly = false
  /// Socket of the SSH agent; nil: there is none.
  public var identityAgent: String?
  /// The user's and the system's known_hosts files.
  public var knownHostsFiles: [String] = []
  /// Hosts to go through, the first one first: each as `user@host:port`, an address in brackets.
  public var jumps: [String] = []
  /// The name that the host's key is looked up under, in place of its own.
  public var hostKeyAlias: String?
  /// `yes`, `no`, `ask`, `accept-new`: for messages; what holds is in `ShellSettings`.
  public var strictHostKeyChecking = "ask"
  public var connectTimeout: Duration?
  /// `any`, `inet` (IPv4 alone) or `inet6`.
  public var addressFamily = "any"
  /// Things that a user should know.
  public var warnings: [String] = []

  /// The name and the port under which the host's key is looked up.
  var keyName: (host: String, port: Int?) { hostKeyAlias.map { ($0, nil) } ?? (hostName, port) }

  /// What holds where there is no `ssh` to ask.
  init(withoutSSH login: HostLogin) {
    hostName = login.host
    user = login.user ?? UserPaths.name
    port = login.port ?? 22
    let home = UserPaths.home
    let names = ["id_ed25519", "id_ecdsa", "id_rsa"]
    identityFiles =
      login.identityFile.map { [UserPaths.expandTilde($0)] } ?? names.map { "\(home)/.ssh/\($0)" }
    identitiesOnly = login.identityFile != nil
    identityAgent = UserPaths.variable("SSH_AUTH_SOCK")
    knownHostsFiles = ["\(home)/.ssh/known_hosts", "\(home)/.ssh/known_hosts2"] + Self.systemKnownHosts
  }

  /// Reads what `ssh -G` printed.
  init(output: String, login: HostLogin) throws(SecureShellError) {
    let values = ConfigurationLines(output)
    let host = values["hostname"] ?? login.host
    hostName = host
    user = values["user"] ?? login.user ?? UserPaths.name
    guard let port = Int(values["port"] ?? "22"), 1...65_535 ~= port else {
      throw SecureShellError(
        .configuration, "\(login.host): the SSH configuration gives port '\(values["port"] ?? "")', not 1…65535")
    }
    self.port = port
    if let command = values["proxycommand"], command != "none" {
      throw SecureShellError(
        .configuration,
        "\(login.host): the SSH configuration reaches it by ProxyCommand (\(command.prefix(80))), which needs the "
          + "system's ssh: set ssh_client: openssh, or use ProxyJump")
    }
    let alias = values["hostkeyalias"]
    hostKeyAlias = alias == "none" ? nil : alias
    let tokens: [Character: String] = [
      "d": UserPaths.home, "h": host, "i": "\(UserPaths.userNumber)", "k": hostKeyAlias ?? host,
      "l": UserPaths.machine, "L": String(UserPaths.machine.prefix { $0 != "." }), "n": login.host, "p": "\(port)",
      "r": user, "u": UserPaths.name, "j": values["proxyjump"] ?? "",
    ]
    identityFiles = values.all("identityfile").filter { $0 != "none" }.map { UserPaths.expand($0, tokens) }
    if let file = login.identityFile.map({ UserPaths.expandTilde($0) }) {
      // ssh leaves out a file that does not exist.
      identityFiles = [file] + identityFiles.filter { $0 != file }
    }
    identitiesOnly = values["identitiesonly"] == "yes"
    identityAgent = Self.agent(values["identityagent"], tokens)
    knownHostsFiles = ["userknownhostsfile", "globalknownhostsfile"].flatMap { key in
      Self.files(values[key] ?? "").filter { $0 != "none" }.map { UserPaths.expand($0, tokens) }
    }
    jumps = try Self.jumps(values["proxyjump"] ?? "none", login: login)
    strictHostKeyChecking = values["stricthostkeychecking"] ?? "ask"
    addressFamily = values["addressfamily"] ?? "any"
    if let seconds = values["connecttimeout"].flatMap({ Int($0) }), seconds > 0 { connectTimeout = .seconds(seconds) }
  }

  private static let systemKnownHosts = ["/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2"]

  private static func agent(_ value: String?, _ tokens: [Character: String]) -> String? {
    switch value {
    case nil, "SSH_AUTH_SOCK": UserPaths.variable("SSH_AUTH_SOCK")
    case "none": nil
    case let name? where name.hasPrefix("$") && !name.hasPrefix("${"): UserPaths.variable(String(name.dropFirst()))
    case let path?: UserPaths.expand(path, tokens)
    }
  }

  /// Paths that `ssh -G` prints one after the other, without quotes.
  private static func files(_ value: String) -> [String] { value.split(separator: " ").map(String.init) }

  private static func jumps(_ value: String, login: HostLogin) throws(SecureShellError) -> [String] {
    if value == "none" || value.isEmpty { return [] }
    let words = value.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    guard words.count <= 8, words.allSatisfy({ HostLogin(jump: $0) != nil }) else {
      throw SecureShellError(
        .configuration, "\(login.host): ProxyJump '\(value.prefix(200))' is no list of [user@]host[:port]")
    }
    return words
  }
}

extension HostLogin {
  /// A hop of ProxyJump: `[user@]host[:port]` or the same as an address `ssh://`; nil when it is neither.
  init?(jump: String) {
    var rest = jump.hasPrefix("ssh://") ? jump.dropFirst(6) : jump[...]
    if rest.hasSuffix("/") { rest = rest.dropLast() }
    var user: String?
    if let at = rest.lastIndex(of: "@") {
      user = String(rest[..<at])
      rest = rest[rest.index(after: at)...]
    }
    var port: Int?
    if rest.hasPrefix("["), let end = rest.firstIndex(of: "]") {
      let tail = rest[rest.index(after: end)...]
      rest = rest[..<end].dropFirst()
      if !tail.isEmpty {
        guard tail.hasPrefix(":"), let number = Int(tail.dropFirst()) else { return nil }
        port = number
      }
    } else if rest.count(where: { $0 == ":" }) == 1, let colon = rest.firstIndex(of: ":") {
      guard let number = Int(rest[rest.index(after: colon)...]) else { return nil }
      port = number
      rest = rest[..<colon]
    }
    guard !rest.isEmpty, user != "", port.map({ 1...65_535 ~= $0 }) ?? true else { return nil }
    self.init(host: String(rest), user: user, port: port)
  }
}

/// Lines of a keyword and a value.
private struct ConfigurationLines {
  private let lines: [(key: String, value: String)]

  init(_ text: String) {
    lines = text.split(whereSeparator: \.isNewline).compactMap { line in
      guard let space = line.firstIndex(of: " ") else { return nil }
      return (line[..<space].lowercased(), String(line[line.index(after: space)...]))
    }
  }

  subscript(key: String) -> String? { lines.first { $0.key == key }?.value }
  func all(_ key: String) -> [String] { lines.filter { $0.key == key }.map(\.value) }
}
