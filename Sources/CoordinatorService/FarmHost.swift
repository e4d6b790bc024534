import Coordination
import HostSystem
import Launching
import TuningModel

/// One host of the run as its launcher sees it: the process that starts its agent, and the tunnel that carries its
/// bytes.
struct FarmHost {
  /// What its agent is known to do.
  enum Agent: Equatable {
    /// Nothing is known; one may run there.
    case unknown
    /// It was started, or found, at this time, and has not said hello yet.
    case started(at: Instant)
    /// It is in touch with the coordinator.
    case inTouch
    /// It was, and is silent now.
    case silent
  }

  enum Tunnel {
    case none
    case starting(HostLaunch)
    /// Agents there connect to this host, `unix:FOLDER`.
    case open(HostLaunch, host: String)
    /// It broke; another one is tried then.
    case broken(until: Instant)

    var launch: HostLaunch? {
      switch self {
      case .starting(let launch), .open(let launch, _): launch
      case .none, .broken: nil
      }
    }
  }

  var options: HostOptions
  var agent = Agent.unknown
  var launch: HostLaunch?
  /// The key that the agent named and that waits to be admitted.
  var announcedKey: String?
  /// This machine as the host sees it.
  var clientAddress: String?
  var tunnel = Tunnel.none
  var tunnelFailures = 0
  /// Whether the agent was told to connect through the tunnel.
  var usesTunnel = false
  /// The agent waits for the tunnel's address.
  var awaitsTunnel = false
  /// An agent was found running there that was not in touch.
  var wasAlive = false
  /// Whether an agent that runs there without being in touch is to be replaced.
  var replaces = false
  /// The last failure that was shown, so that it is not shown again and again.
  var shownFailure: String?
  /// What the present start is at, for people, and since when it goes on.
  var step = ""
  var launchedAt = Instant.zero
  /// When the tunnel broke that is not mended yet.
  var tunnelBrokeAt: Instant?
  var tunnelFlaps = FlapBound()
  /// The last failure, where it does not go away by itself.
  var hopelessFailure: String?

  init(_ options: HostOptions) { self.options = options }

  var launches: [HostLaunch] { [launch, tunnel.launch].compactMap { $0 } }

  var deadlines: [Instant] {
    var deadlines = launches.compactMap(\.deadline)
    if case .broken(let until) = tunnel { deadlines.append(until) }
    if case .started(let at) = agent { deadlines.append(at + FarmLauncher.helloPatience) }
    return deadlines
  }
}
