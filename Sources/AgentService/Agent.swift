import Devices
import Glibc
import HostSystem
import Messaging
import TuningModel
import Wire

/// # The agent's process
///
/// One thread, one loop, no Swift concurrency, no Foundation: a ZeroMQ poller over the connection, the supervisors'
/// sockets, inotify and the signals; `AgentMachine` decides. Files in the run's folder on the host are the memory:
/// whatever is killed, the next agent of the same place (`agent-N`) finds its attempts again (`Adoption`).
///
/// An agent is started by a coordinator (`Agent.launched`) or by hand (`Agent.joined`).
public enum Agent {
  /// Works until there is nothing more to do here; the exit code and a sentence for the user.
  public static func run(_ context: AgentContext) -> (code: AgentExitCode, message: String) {
    do {
      return try AgentLoop(context).run()
    } catch let error as SystemError where error.code == .noSpace || error.code == .denied {
      return (.cannotWrite, error.message)
    } catch {
      context.log.write("ends: \(error)")
      return (.systemFailure, "\(error)")
    }
  }

  /// An agent that was started by hand.
  ///
  /// - Parameters:
  ///   - token: the text of a token; nil: the agent joined before and comes back with its own key.
  ///   - host: where the coordinator is, in place of the token's; needed without a token.
  ///   - controlPort: in place of the token's, or of the one known from before.
  ///   - devices: what of this machine's devices is used, and as how many slots.
  public static func joined(
    token: String?, host: String?, controlPort: Int?, devices request: DeviceRequest, name: String?,
    workFolder: String?
  ) throws(AgentError) -> AgentContext {
    let work = if let workFolder { AgentHome.absolute(workFolder) } else { try AgentHome.defaultWorkFolder() }
    guard let token else {
      guard let host else {
        throw AgentError(.usage, "give a token of `pasha-coord invite RUN`, or --connect HOST of a run joined before")
      }
      return try comeBack(
        host: host, controlPort: controlPort, devices: .find(request), name: name, work: work)
    }
    // First of all: a token that was used up by an agent that cannot start would be lost.
    let devices = try DeviceOffer.find(request)
    let parsed: JoinToken
    let keys: CurveKeyPair
    do {
      parsed = try JoinToken(parsing: token)
      keys = try CurveKeyPair(secretText: parsed.joinSecretKey)
    } catch {
      throw AgentError(.badToken, "\(error)")
    }
    guard let server = CurvePublicKey(parsed.serverKey) else {
      throw AgentError(.badToken, "the token's key of the coordinator is no key; make another token")
    }
    let address = CoordinatorAddress(
      host: host ?? parsed.host, controlPort: controlPort ?? Int(parsed.controlPort), bulkPort: Int(parsed.bulkPort),
      key: server)
    let home = try AgentHome(workFolder: work, run: parsed.run)
    let name = name ?? HostIdentity.hostname()
    try join(home, address, token: keys, name: name)
    return try context(home, address, devices: devices, name: name, echoes: true)
  }

  private static func join(
    _ home: AgentHome, _ address: CoordinatorAddress, token: CurveKeyPair, name: String
  ) throws(AgentError) {
    do {
      let messaging = try MessagingContext()
      let joining = Joining(messaging: messaging, address: address)
      // The place may belong to an agent that was admitted before, by a launcher or another token.
      if Files.exists("\(home.folder)/joined"), try joining.isAdmitted(home.keys) { return }
      switch try joining.join(with: token, publicKey: home.keys.publicKey, name: name) {
      case .admitted: break
      case .refused(let text):
        // The answer to a join that was carried out may have been lost.
        guard try joining.isAdmitted(home.keys) else {
          throw AgentError(
            .badToken, "the coordinator refused the token: \(text); `pasha-coord invite \(home.run)` makes another")
        }
      case .unreachable:
        throw AgentError(
          .unreachable,
          "the coordinator at \(address.host):\(address.controlPort) could not be reached; is the run up, "
            + "and do both its ports (\(address.controlPort), \(address.bulkPort)) let this machine in?")
      case .wrongServer:
        throw AgentError(
          .notAdmitted,
          "what answers at \(address.host):\(address.controlPort) does not hold the token's key: another "
            + "run has the port, or the token is of another coordinator")
      }
      try StoredCoordinator(address: address).store(home)
      try Files.writeAtomically("\(home.folder)/joined", [])
    } catch let error as AgentError {
      throw error
    } catch {
      throw AgentError(.systemFailure, "\(error)")
    }
  }

  private static func comeBack(
    host: String, controlPort: Int?, devices: DeviceOffer, name: String?, work: String
  ) throws(AgentError) -> AgentContext {
    let runs = StoredCoordinator.runs(workFolder: work, host: host, controlPort: controlPort)
    guard let run = runs.first, runs.count == 1 else {
      let what =
        runs.isEmpty
        ? "this machine never joined a run at \(host)"
        : "this machine joined several runs at \(host) (\(runs.joined(separator: ", "))); name the port too"
      throw AgentError(.badToken, "\(what); give a token of `pasha-coord invite RUN` on standard input")
    }
    let home = try AgentHome(workFolder: work, run: run)
    guard let stored = StoredCoordinator.load(home) else {
      throw AgentError(
        .badToken, "the agent that joined run \(run) on this machine is running; another one needs a token of its own")
    }
    return try context(
      home, stored.address, devices: devices, name: name ?? HostIdentity.hostname(), echoes: true)
  }

  static func context(
    _ home: AgentHome, _ address: CoordinatorAddress, devices: DeviceOffer, name: String, echoes: Bool
  ) throws(AgentError) -> AgentContext {
    AgentContext(
      home: home, coordinator: address, devices: devices, name: name,
      log: AgentLog("\(home.folder)/log", echoes: echoes), isByHand: echoes,
      supervisor: try OwnProgram.words() + ["supervise"])
  }
}
