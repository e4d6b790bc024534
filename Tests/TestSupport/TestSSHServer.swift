import Foundation
import Glibc

/// A real sshd of one test: on a loopback address and a port of its own, with keys, accounts and client configuration
/// in a temporary folder. Nothing of the user's own SSH setup is read or written. Ended with the last reference.
///
///     let server = try TestSSHServer()
///     // ssh -F server.clientConfiguration testhost true
///     // HostLogin(host: "testhost"), ShellSettings(configurationFile: server.clientConfiguration)
public final class TestSSHServer: @unchecked Sendable {
  // Sendable in truth: the processes are behind the lock, the rest does not change.
  public let folder: TemporaryFolder
  /// The alias under which the client configuration knows it.
  public let alias: String
  public let address: String
  public let port: Int
  /// The user that tests log in as: the one that runs them.
  public let user = NSUserName()
  private let lock = NSLock()
  private var process: Int32?
  private var suspended: [Int32] = []

  /// Starts a server and waits until it listens.
  /// - Parameters:
  ///   - alias: name of the host in the client configuration.
  ///   - hostKeys: kinds of host keys as `ssh-keygen -t` names them.
  ///   - options: lines for its sshd_config, before those of this class (the first of a keyword counts).
  ///   - identity: whether a key of its own (`identity`, ed25519) may log in and stands in the client configuration.
  ///   - isKnown: whether its host keys stand in the known_hosts file of the client configuration.
  public init(
    alias: String = "testhost", address: String = "127.0.0.1", port: Int? = nil, hostKeys: [String] = ["ed25519"],
    options: [String] = [], identity: Bool = true, isKnown: Bool = true, clientOptions: [String] = []
  ) throws {
    folder = TemporaryFolder("sshd")
    self.alias = alias
    self.address = address
    self.port = try port ?? freePort(address)
    for kind in hostKeys { try makeHostKey(kind) }
    var authorized = ""
    if identity {
      try TestSSHKeys.make("ed25519", at: folder.file("identity"))
      authorized = folder.read("identity.pub") ?? ""
    }
    try folder.write("authorized_keys", authorized)
    try folder.write("known_hosts", isKnown ? knownHostsLines(hostKeys) : "")
    try folder.write(
      "sshd_config",
      (options + [
        "Port \(self.port)", "ListenAddress \(address)", "PidFile \(folder.file("sshd.pid"))", "UsePAM no",
        "StrictModes no", "PermitRootLogin yes", "PasswordAuthentication no", "KbdInteractiveAuthentication no",
        "AuthorizedKeysFile \(folder.file("authorized_keys"))", "PrintMotd no", "LogLevel DEBUG1",
      ] + hostKeys.map { "HostKey \(folder.file("host_\($0)"))" }).joined(separator: "\n") + "\n")
    try writeClientConfiguration(identity: identity, options: clientOptions)
    try start()
  }

  deinit { stop() }

  /// For `ssh -F`: knows the server under its alias, the key to log in with, and the known_hosts file.
  public var clientConfiguration: String { folder.file("ssh_config") }
  public var knownHosts: String { folder.file("known_hosts") }
  /// The private key that may log in.
  public var identity: String { folder.file("identity") }
  /// The server's log so far.
  public var log: String { folder.read("sshd.log") ?? "" }
  public var pid: Int32? {
    lock.lock()
    defer { lock.unlock() }
    return process
  }

  /// The `Host` section of the client configuration, to be put together with those of other servers.
  public func clientSection(identity: Bool = true, options: [String] = []) -> String {
    (["Host \(alias)"]
      + (options + [
        "HostName \(address)", "Port \(port)", "User \(user)", "UserKnownHostsFile \(knownHosts)",
        "GlobalKnownHostsFile /dev/null", "IdentityAgent none",
      ] + (identity ? ["IdentityFile \(self.identity)", "IdentitiesOnly yes"] : [])).map { "  " + $0 })
      .joined(separator: "\n") + "\n"
  }

  public func writeClientConfiguration(identity: Bool = true, options: [String] = []) throws {
    try folder.write("ssh_config", clientSection(identity: identity, options: options))
  }

  /// Lets a public key in, beside those that may log in already.
  public func authorize(_ publicKeyFile: String) throws {
    let key = try String(contentsOfFile: publicKeyFile, encoding: .utf8)
    try folder.write("authorized_keys", (folder.read("authorized_keys") ?? "") + key)
  }

  /// known_hosts lines of the host's keys.
  public func knownHostsLines(_ kinds: [String] = ["ed25519"]) -> String {
    let name = port == 22 ? address : "[\(address)]:\(port)"
    return kinds.compactMap { kind in
      guard let key = folder.read("host_\(kind).pub") else { return nil }
      return "\(name) " + key.split(separator: " ").prefix(2).joined(separator: " ").trimmingCharacters(in: .newlines)
        + "\n"
    }.joined()
  }

  /// Makes a new host key in place of the one of that kind; counts from the next `start`.
  public func makeHostKey(_ kind: String) throws {
    for name in ["host_\(kind)", "host_\(kind).pub"] { try? FileManager.default.removeItem(atPath: folder.file(name)) }
    try TestSSHKeys.make(kind, at: folder.file("host_\(kind)"))
  }

  /// Starts the server again after `stop`.
  public func start() throws {
    // sshd wants its folder for privilege separation, also where no service manager made it.
    try? FileManager.default.createDirectory(atPath: "/run/sshd", withIntermediateDirectories: true)
    let sshd = try startDaemon(
      "/usr/sbin/sshd", ["-D", "-f", folder.file("sshd_config"), "-E", folder.file("sshd.log")])
    lock.lock()
    process = sshd
    lock.unlock()
    try eventually("sshd at \(address):\(port)") {
      guard !reap(sshd) else {
        lock.lock()
        process = nil
        lock.unlock()
        throw WaitedInVain(description: "sshd ended at once: \(log)")
      }
      return accepts(address, port)
    }
  }

  /// Ends the listener and every connection that it serves.
  public func stop() {
    lock.lock()
    let sshd = process
    process = nil
    lock.unlock()
    guard let sshd else { return }
    for pid in connectionProcesses(of: sshd) { kill(pid, SIGKILL) }
    endDaemon(sshd)
  }

  /// Stops (SIGSTOP) or continues the listener and the connections it serves: a host that hangs.
  public func suspend(_ isSuspended: Bool) {
    guard let pid else { return }
    let processes = [pid] + connectionProcesses(of: pid)
    lock.lock()
    defer { lock.unlock() }
    for process in isSuspended ? processes : suspended + processes { kill(process, isSuspended ? SIGSTOP : SIGCONT) }
    // One that was stopped just before it became a command is no sshd any more.
    suspended = isSuspended ? processes : []
  }

  /// The sshd processes of connections: children and grandchildren of the listener that are sshd themselves.
  public func connectionProcesses(of listener: Int32) -> [Int32] {
    var found: [Int32] = []
    var parents = [listener]
    while let parent = parents.popLast() {
      let children =
        (try? String(contentsOfFile: "/proc/\(parent)/task/\(parent)/children", encoding: .utf8))?
        .split(separator: " ").compactMap { Int32($0) } ?? []
      for child in children {
        guard (try? String(contentsOfFile: "/proc/\(child)/comm", encoding: .utf8))?.hasPrefix("sshd") == true else {
          continue
        }
        found.append(child)
        parents.append(child)
      }
    }
    return found
  }
}

/// Keys made by `ssh-keygen`.
public enum TestSSHKeys {
  /// Makes a key pair at `path` and `path.pub`.
  /// - Parameters:
  ///   - kind: as `ssh-keygen -t` names it.
  ///   - format: `PEM` or `PKCS8` in place of OpenSSH's own.
  public static func make(
    _ kind: String, at path: String, bits: Int? = nil, passphrase: String = "", format: String? = nil
  ) throws {
    var arguments = ["-q", "-t", kind, "-f", path, "-N", passphrase, "-C", "test"]
    if let bits { arguments += ["-b", "\(bits)"] }
    if let format { arguments += ["-m", format] }
    let command = try CommandProcess("/usr/bin/ssh-keygen", arguments)
    guard try command.wait(limit: 60) == 0 else {
      throw WaitedInVain(description: "ssh-keygen \(arguments): \(command.errors)")
    }
  }
}

/// An `ssh-agent` of one test, ended with the last reference.
public final class TestSSHAgent: Sendable {
  public let folder = TemporaryFolder("ssh-agent")
  private let process: Int32

  public var socket: String { folder.file("socket") }

  public init() throws {
    process = try startDaemon("/usr/bin/ssh-agent", ["-D", "-a", folder.file("socket")])
    try eventually("ssh-agent") { FileManager.default.fileExists(atPath: folder.file("socket")) }
  }

  deinit { endDaemon(process) }

  /// Loads a private key without a passphrase.
  public func add(_ path: String) throws {
    let command = try CommandProcess("/usr/bin/ssh-add", ["-q", path], environment: ["SSH_AUTH_SOCK": socket])
    guard try command.wait(limit: 30) == 0 else {
      throw WaitedInVain(description: "ssh-add \(path): \(command.errors)")
    }
  }
}

/// Starts a program that goes on until it is ended, and gives its pid. Foundation's `Process` is not for these: they close
/// every descriptor, which it takes for their end, and then it waits for that before it sees the end of any other.
func startDaemon(_ program: String, _ arguments: [String]) throws -> Int32 {
  var actions = posix_spawn_file_actions_t()
  posix_spawn_file_actions_init(&actions)
  defer { posix_spawn_file_actions_destroy(&actions) }
  for number in [Int32(0), 1, 2] { posix_spawn_file_actions_addopen(&actions, number, "/dev/null", O_RDWR, 0) }
  let words = ([program] + arguments).map { strdup($0) } + [nil]
  defer { words.forEach { free($0) } }
  var pid: pid_t = 0
  let result = posix_spawn(&pid, program, &actions, nil, words, environ)
  guard result == 0 else { throw WaitedInVain(description: "cannot start \(program): error \(result)") }
  return pid
}

/// Whether a daemon has ended; then it is gone.
func reap(_ pid: Int32) -> Bool {
  var status: Int32 = 0
  return waitpid(pid, &status, WNOHANG) == pid
}

func endDaemon(_ pid: Int32) {
  kill(pid, SIGKILL)
  var status: Int32 = 0
  while waitpid(pid, &status, 0) < 0, errno == EINTR {}
}

/// A port on a loopback address that nobody listens on now.
public func freePort(_ address: String = "127.0.0.1") throws -> Int {
  let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
  defer { close(descriptor) }
  var name = sockaddr_in()
  name.sin_family = sa_family_t(AF_INET)
  name.sin_addr.s_addr = inet_addr(address)
  var size = socklen_t(MemoryLayout<sockaddr_in>.size)
  let result = withUnsafeMutablePointer(to: &name) {
    $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
      bind(descriptor, pointer, size) == 0 && getsockname(descriptor, pointer, &size) == 0
    }
  }
  guard result else { throw WaitedInVain(description: "no free port on \(address)") }
  return Int(UInt16(bigEndian: name.sin_port))
}

/// Whether somebody accepts connections there.
private func accepts(_ address: String, _ port: Int) -> Bool {
  let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
  defer { close(descriptor) }
  var name = sockaddr_in()
  name.sin_family = sa_family_t(AF_INET)
  name.sin_addr.s_addr = inet_addr(address)
  name.sin_port = UInt16(port).bigEndian
  return withUnsafePointer(to: &name) {
    $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
      connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
    }
  }
}
