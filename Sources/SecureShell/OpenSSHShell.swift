import Glibc
import HostSystem
import TuningModel

/// A connection through the system's `ssh`, for what libssh2 cannot do: ProxyCommand, keys in hardware, hosts that have
/// RSA keys alone. The user's whole SSH configuration holds.
///
/// One `ssh` keeps the connection (a master, in OpenSSH's words); each command is a further `ssh` that joins it through a
/// socket in a private folder. So what goes wrong with the connection is told by the first, and the standard error of a
/// command is the command's alone, but for what its own `ssh` says when the connection breaks.
public final class OpenSSHShell: RemoteShell {
  public let connection: ConnectionFacts
  private let host: String
  private let program: String
  private let environment: [String]
  private let folder: String
  private let master: ProcessHandle
  private var commands: [OpenSSHCommand] = []
  private var isClosed = false

  /// How long the processes get to end by themselves.
  private static let closing = Duration.milliseconds(300)

  /// Connects; returns once the host has accepted a key.
  /// - Parameters:
  ///   - program: `ssh`, or its path.
  ///   - environment: `NAME=value` entries for `ssh`; nil: those of this process.
  public init(
    _ login: HostLogin, settings: ShellSettings, program: String = "ssh", environment: [String]? = nil
  ) throws(SecureShellError) {
    for text in [login.host, login.user ?? "x", login.identityFile ?? "x"] where text.isEmpty || text.hasPrefix("-") {
      throw SecureShellError(.configuration, "'\(text)' cannot be a part of the login at \(login.host)")
    }
    let messages = OpenSSHMessages(login: login, stepLimit: settings.stepLimit)
    let options = OpenSSHOptions(login: login, settings: settings, program: program)
    let variables = Self.variables(environment)
    let start = HostClock.now
    let folder: String
    do throws(SystemError) {
      folder = try PrivateFolder.make()
    } catch {
      throw SecureShellError(.system, "\(login.host): \(error.message)")
    }
    do throws(SecureShellError) {
      let known = settings.ownKnownHosts == nil ? [] : try options.userKnownHosts(variables, messages)
      let words = options.master(socket: "\(folder)/socket", knownHosts: known)
      master = try Self.connect(words, variables, folder: folder, limit: settings.stepLimit * 3, messages)
    } catch {
      PrivateFolder.remove(folder)
      throw error
    }
    host = login.host
    self.program = program
    self.folder = folder
    self.environment = variables
    connection = ConnectionFacts(
      hostKey: nil, duration: HostClock.now - start, warnings: OpenSSHMessages.lines(Self.log(folder)))
  }

  deinit { close() }

  public func start(_ command: String) throws(SecureShellError) -> RemoteCommand {
    guard !isClosed, !hasEnded else {
      throw SecureShellError(
        .broken, "\(host): \(OpenSSHMessages.lastLine(Self.log(folder)) ?? "the connection broke")")
    }
    do {
      let words = OpenSSHOptions.joining(program, socket: "\(folder)/socket", command: command)
      let started = try OpenSSHCommand(words, environment: environment) { [master, folder] in
        // The master sees the end of its connection a moment after those who joined it.
        guard waitFor([master.descriptor], limit: .milliseconds(500)) else { return nil }
        return OpenSSHMessages.lastLine(Self.log(folder)) ?? "the connection broke"
      }
      commands.removeAll { $0.status() != nil }
      commands.append(started)
      return started.remote
    } catch {
      throw SecureShellError(.system, "\(host): \(error)")
    }
  }

  public func close() {
    guard !isClosed else { return }
    isClosed = true
    for command in commands where command.status() == nil { command.kill() }
    master.signal(SIGTERM)
    if !waitFor([master.descriptor], limit: Self.closing) {
      master.signal(SIGKILL)
      waitFor([master.descriptor], limit: Self.closing)
    }
    _ = ChildProcess.reap(master.pid)
    for command in commands { _ = command.status() }
    PrivateFolder.remove(folder)
  }

  private var hasEnded: Bool { waitFor([master.descriptor], limit: .zero) }

  private static func log(_ folder: String) -> String {
    String(decoding: (try? Files.readTail("\(folder)/log", limit: 16_384)) ?? [], as: UTF8.self)
  }

  /// Starts the master and waits until its socket is there, which is after authentication.
  private static func connect(
    _ words: [String], _ environment: [String], folder: String, limit: Duration, _ messages: OpenSSHMessages
  ) throws(SecureShellError) -> ProcessHandle {
    let master: ProcessHandle
    do {
      let null = try Descriptor.open("/dev/null", O_RDWR)
      let log = try Descriptor.open("\(folder)/log", O_WRONLY | O_CREAT | O_EXCL)
      var request = ProcessRequest(
        arguments: words, environment: environment, input: null, output: log, error: log)
      request.deathSignal = SIGTERM
      master = try ProcessHandle(try ChildProcess.start(request))
    } catch let error as SpawnError where error.code == .program {
      throw SecureShellError(
        .configuration, "\(error.message); install OpenSSH's client on this machine, or use ssh_client: libssh2")
    } catch {
      throw SecureShellError(.system, "\(error)")
    }
    let deadline = HostClock.now + limit
    while !Files.exists("\(folder)/socket") {
      if waitFor([master.descriptor], limit: .milliseconds(5)) {
        _ = ChildProcess.reap(master.pid)
        throw messages.error(log(folder))
      }
      guard HostClock.now < deadline else {
        master.signal(SIGKILL)
        waitFor([master.descriptor], limit: closing)
        _ = ChildProcess.reap(master.pid)
        throw messages.timeout(limit, log(folder))
      }
    }
    return master
  }

  /// Messages are read by programs: they must be in English.
  private static func variables(_ given: [String]?) -> [String] {
    let all =
      given ?? (try? Files.readText("/proc/self/environ", limit: 4 << 20))?.split(separator: "\0").map(String.init)
    return (all ?? []).filter { !$0.hasPrefix("LC_ALL=") && !$0.hasPrefix("SSH_ASKPASS") } + ["LC_ALL=C"]
  }
}

/// Waits until one of the descriptors can be read or is closed at its other end; whether one is.
@discardableResult
func waitFor(_ descriptors: [Descriptor], limit: Duration) -> Bool {
  var items = descriptors.map { pollfd(fd: $0.number, events: Int16(POLLIN), revents: 0) }
  let deadline = HostClock.now + limit
  while true {
    let left = max(.zero, deadline - HostClock.now)
    let result = poll(&items, nfds_t(items.count), Int32(clamping: (left + .nanoseconds(999_999)).wholeMilliseconds))
    if result > 0 { return true }
    if result == 0 || errno != EINTR { return false }
  }
}
