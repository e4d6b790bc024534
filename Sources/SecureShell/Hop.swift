import Glibc
import HostSystem
import TuningModel

/// One SSH connection of a chain that ends at a host.
struct Hop {
  let login: HostLogin
  let configuration: SSHConfiguration
  let settings: ShellSettings

  private static let hopLimit = 8
  /// How often a host that ends the connection before it has said who it is gets another chance.
  private static let tries = 5

  /// The hops to a host, itself last: its jump hosts, and those of the first of them, as with OpenSSH.
  static func chain(
    to login: HostLogin, settings: ShellSettings, program: String, behind: [SSHConfiguration] = []
  ) throws(SecureShellError) -> [Hop] {
    let configuration = try SSHConfiguration.read(login, file: settings.configurationFile, program: program)
    let isLoop = behind.contains { $0.hostName == configuration.hostName && $0.port == configuration.port }
    guard !isLoop, behind.count < hopLimit else {
      throw SecureShellError(
        .configuration,
        "\(login.host): ProxyJump leads back to itself: give jump hosts `ProxyJump none` in the SSH configuration")
    }
    var hops: [Hop] = []
    for (index, jump) in configuration.jumps.enumerated() {
      guard let jumpLogin = HostLogin(jump: jump) else { continue }
      if index == 0 {
        hops += try chain(to: jumpLogin, settings: settings, program: program, behind: behind + [configuration])
      } else {
        let own = try SSHConfiguration.read(jumpLogin, file: settings.configurationFile, program: program)
        hops.append(Hop(login: jumpLogin, configuration: own, settings: settings))
      }
    }
    return hops + [Hop(login: login, configuration: configuration, settings: settings)]
  }

  /// Connects, checks who the host is, and logs in.
  /// - Parameter pump: the hop before, which carries the connection; nil: there is none.
  func connect(
    through pump: Pump?, secrets: any SecretSource
  ) throws(SecureShellError) -> (SSHSession, PublicKey, warnings: [String]) {
    let check = HostKeyCheck(login: login, configuration: configuration, settings: settings)
    var isSecond = false
    while true {
      let session = try shakeHands(through: pump, known: check.keyTypes)
      let key = try session.hostKey()
      try check.check(key)
      let authentication = Authentication(
        session: session, login: login, configuration: configuration, secrets: secrets, limit: settings.stepLimit)
      guard let overdue = try authentication.run() else { return (session, key, check.known.warnings) }
      // The passphrase is known now: the second time nobody has to wait for it.
      guard !isSecond else {
        throw SecureShellError(.broken, "\(login.host): \(overdue.reason) while the passphrase was typed")
      }
      isSecond = true
    }
  }

  private func shakeHands(through pump: Pump?, known: [String]) throws(SecureShellError) -> SSHSession {
    var reason = ""
    for attempt in 0..<Self.tries {
      if attempt > 0 {
        // A full host ends connections at random: whoever comes back at another time than the others gets in.
        usleep(UInt32.random(in: 100_000...(250_000 << attempt)))
      }
      let session = try SSHSession(socket: try socket(through: pump), label: login.host)
      guard let early = try session.handshake(preferring: known, limit: settings.stepLimit) else { return session }
      reason = early.reason
    }
    throw SecureShellError(
      .broken,
      "\(login.host): the host ended the connection before it said who it is, \(Self.tries) times (\(reason)): it may be "
        + "full (MaxStartups in its sshd_config), or refuse this machine's address")
  }

  private func socket(through pump: Pump?) throws(SecureShellError) -> Descriptor {
    let limit = min(settings.stepLimit, configuration.connectTimeout ?? settings.stepLimit)
    guard let pump else {
      return try TCPConnection.open(
        host: configuration.hostName, port: configuration.port, family: configuration.addressFamily, label: login.host,
        limit: limit)
    }
    var ends: [Int32] = [-1, -1]
    let type = SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue
    guard socketpair(AF_UNIX, Int32(type), 0, &ends) == 0 else {
      throw SecureShellError(.system, "\(login.host): this process has no descriptor left")
    }
    let own = Descriptor(owning: ends[0])
    let carried = Descriptor(owning: ends[1])
    let order = ChannelOrder(
      kind: .forward(host: configuration.hostName, port: configuration.port), limit: limit, input: carried,
      output: carried, errors: nil)
    guard let order else {
      throw SecureShellError(.system, "\(login.host): this process has no descriptor left")
    }
    do throws(SecureShellError) {
      try pump.open(order)
    } catch {
      throw SecureShellError(error.code, "\(login.host), through \(error.message)")
    }
    return own
  }
}
