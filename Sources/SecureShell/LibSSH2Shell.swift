import Glibc
import HostSystem
import TuningModel

/// A connection over libssh2, through jump hosts where the SSH configuration names some.
///
/// Several commands may run at once. The end of a command may be known before all that it said was read. Whoever reads a command's output must read its errors too: both share one window,
/// and a stream that nobody reads holds up the other. Writing to a command that has ended raises SIGPIPE in a program
/// that does not ignore it.
public final class LibSSH2Shell: RemoteShell {
  public private(set) var connection: ConnectionFacts
  private let label: String
  private let stepLimit: Duration
  /// One per hop, the host itself last.
  private let pumps: [Pump]
  private var isClosed = false

  /// Longer commands do not fit into one packet.
  public static let commandLimit = 30_000
  private static let pipeSize: Int32 = 1 << 18

  /// Connects; returns once the host has accepted a key.
  /// - Parameters:
  ///   - secrets: asked for passphrases, on the calling thread.
  ///   - program: the `ssh` that is asked for the user's configuration.
  public convenience init(
    _ login: HostLogin, settings: ShellSettings, secrets: any SecretSource, program: String = "ssh"
  ) throws(SecureShellError) {
    try self.init(login, settings: settings, secrets: secrets, program: program, times: Pump.Times())
  }

  init(
    _ login: HostLogin, settings: ShellSettings, secrets: any SecretSource, program: String = "ssh", times: Pump.Times
  ) throws(SecureShellError) {
    label = login.host
    stepLimit = settings.stepLimit
    let hops = try Hop.chain(to: login, settings: settings, program: program)
    var pumps: [Pump] = []
    var facts = ConnectionFacts(hostKey: nil, duration: .zero, warnings: [])
    let start = HostClock.now
    do throws(SecureShellError) {
      for hop in hops {
        let (session, key, warnings) = try hop.connect(through: pumps.last, secrets: secrets)
        facts.hostKey = key.fingerprint
        for warning in hop.configuration.warnings + warnings where !facts.warnings.contains(warning) {
          facts.warnings.append(warning)
        }
        pumps.append(try Pump(session, limit: settings.stepLimit, times: times))
      }
    } catch {
      for pump in pumps.reversed() { pump.stop() }
      throw error
    }
    facts.duration = HostClock.now - start
    connection = facts
    self.pumps = pumps
  }

  deinit { close() }

  public func start(_ command: String) throws(SecureShellError) -> RemoteCommand {
    guard let pump = pumps.last, !isClosed else {
      throw SecureShellError(.broken, "\(label): the connection was closed here")
    }
    guard command.utf8.count <= Self.commandLimit, !command.utf8.contains(0) else {
      throw SecureShellError(
        .configuration, "\(label): a command must have at most \(Self.commandLimit) bytes, without NUL")
    }
    do {
      let input = try DescriptorPipe()
      let output = try DescriptorPipe()
      let errors = try DescriptorPipe()
      let ends = (input: input.takeWrite(), output: output.takeWrite(), errors: errors.takeWrite())
      for end in [input.read, ends.input, output.read, ends.output, errors.read, ends.errors] {
        try end.makeNonBlocking()
        // F_SETPIPE_SZ. Where the system grants no more, the pipes are smaller.
        _ = fcntl(end.number, 1031, Self.pipeSize)
      }
      let order = ChannelOrder(
        kind: .command(command), limit: stepLimit, input: input.read, output: ends.output, errors: ends.errors)
      guard let order else { throw SecureShellError(.system, "\(label): this process has no descriptor left") }
      let state = order.state
      try pump.open(order)
      return RemoteCommand(
        input: ends.input, output: output.read, errors: errors.read, ended: state.ended, status: { state.exit })
    } catch let error as SecureShellError {
      throw error
    } catch {
      throw SecureShellError(.system, "\(label): \(error)")
    }
  }

  public func close() {
    guard !isClosed else { return }
    isClosed = true
    for pump in pumps.reversed() { pump.stop() }
  }
}
