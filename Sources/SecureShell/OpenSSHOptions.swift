import Glibc
import HostSystem
import TuningModel

/// The words that `ssh` is called with.
struct OpenSSHOptions {
  let login: HostLogin
  let settings: ShellSettings
  let program: String

  /// The `ssh` that makes the connection and keeps it.
  func master(socket: String, knownHosts: [String]) -> [String] {
    let seconds = max(1, Int(settings.stepLimit.inSeconds.rounded(.up)))
    var words = [program, "-N", "-M", "-T", "-x", "-a", "-S", socket]
    let keys = settings.hostKeys == .strict ? "yes" : "accept-new"
    let options = [
      "BatchMode=yes", "ConnectTimeout=\(seconds)", "ConnectionAttempts=1", "ServerAliveInterval=5",
      "ServerAliveCountMax=3", "StrictHostKeyChecking=\(keys)", "UpdateHostKeys=no", "ControlPersist=no",
      "ClearAllForwardings=yes", "PermitLocalCommand=no", "RemoteCommand=none", "LogLevel=INFO", "EscapeChar=none",
    ]
    for option in options { words += ["-o", option] }
    if let own = settings.ownKnownHosts {
      // `ssh` writes to the first of them.
      let files = ([own] + knownHosts).map { $0.contains("\"") ? $0 : "\"\($0)\"" }
      words += ["-o", "UserKnownHostsFile=\(files.joined(separator: " "))"]
    }
    return words + place
  }

  /// An `ssh` that joins the master. When it cannot, it must not make a connection of its own.
  static func joining(_ program: String, socket: String, command: String) -> [String] {
    [
      program, "-T", "-x", "-a", "-F", "/dev/null", "-S", socket, "-o", "ControlMaster=no", "-o", "BatchMode=yes", "-o",
      "LogLevel=ERROR", "-o", "ProxyCommand=exit 255", "-e", "none", "--", "pasha-host", command,
    ]
  }

  /// The user's own known_hosts files, as the SSH configuration names them.
  func userKnownHosts(_ environment: [String], _ messages: OpenSSHMessages) throws(SecureShellError) -> [String] {
    let text: String
    do {
      let (output, status) = try run([program, "-G"] + place, environment)
      guard status == .exited(0) else { throw messages.error(output) }
      text = output
    } catch let error as SecureShellError {
      throw error
    } catch {
      throw SecureShellError(.configuration, "\(login.host): \(error)")
    }
    let line = text.split(separator: "\n").first { $0.hasPrefix("userknownhostsfile ") }
    return line.map { $0.split(separator: " ").dropFirst().map(String.init) } ?? []
  }

  private var place: [String] {
    var words: [String] = []
    if let file = settings.configurationFile { words += ["-F", file] }
    if let port = login.port { words += ["-p", "\(port)"] }
    if let user = login.user { words += ["-l", user] }
    if let key = login.identityFile { words += ["-i", key, "-o", "IdentitiesOnly=yes"] }
    return words + ["--", login.host]
  }

  /// Runs a program that reads nothing and prints little.
  private func run(_ words: [String], _ environment: [String]) throws -> (String, ExitStatus) {
    let (output, process) = try start(words, environment)
    var text: [UInt8] = []
    let deadline = HostClock.now + settings.stepLimit
    while HostClock.now < deadline, waitFor([output], limit: deadline - HostClock.now) {
      let piece = try output.read(upTo: 65_536)
      if piece.isEmpty { break }
      if text.count < 1 << 20 { text += piece }
    }
    if !waitFor([process.descriptor], limit: .seconds(1)) { process.signal(SIGKILL) }
    waitFor([process.descriptor], limit: .seconds(1))
    return (String(decoding: text, as: UTF8.self), ChildProcess.reap(process.pid) ?? .signalled(Int(SIGKILL)))
  }

  /// Only the process has the writing end afterwards.
  private func start(_ words: [String], _ environment: [String]) throws -> (Descriptor, ProcessHandle) {
    let pipe = try CommandPipe()
    let null = try Descriptor.open("/dev/null", O_RDWR)
    let pid = try ChildProcess.start(
      ProcessRequest(
        arguments: words, environment: environment, input: null, output: pipe.write, error: pipe.write))
    return (pipe.read, try ProcessHandle(pid))
  }
}
