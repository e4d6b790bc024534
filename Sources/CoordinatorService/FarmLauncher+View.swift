import Coordination
import HostSystem
import Launching
import TuningModel

/// What people are told of hosts that start, and of tunnels that break.
extension FarmLauncher {
  /// What goes on with each host that is not in touch, or whose tunnel is broken.
  var view: [String: LiveView.Launch] {
    let now = HostClock.now
    return hosts.compactMapValues { host in
      let broken = host.tunnelBrokeAt.map { now - $0 }
      guard host.agent != .inTouch || broken != nil else { return nil }
      let (failures, until) = queue.outlook(of: host.options.name)
      var launch = LiveView.Launch(failure: host.shownFailure, failures: failures, tunnelBrokenFor: broken)
      if host.launch != nil {
        launch.step = host.step
        launch.startedAgo = now - host.launchedAt
      } else if case .started(let at) = host.agent {
        launch.step = "its agent was started and has not said hello yet"
        launch.startedAgo = max(.zero, now - at)
      } else if let until {
        launch.nextIn = max(.zero, until - now)
      }
      return launch
    }
  }

  func noteBrokenTunnel(_ name: String, _ message: String) {
    guard var flaps = hosts[name]?.tunnelFlaps else { return }
    let now = HostClock.now
    flaps.broke(at: .nanoseconds(now.nanoseconds))
    hosts[name]?.tunnelFlaps = flaps
    hosts[name]?.tunnelBrokeAt = now
    let broke = "\(name): the connection through SSH broke"
    switch flaps.telling {
    case .each: tell("\(broke): \(message)")
    case .lastForNow(let count):
      tell("\(broke), the \(count)th time within 10 min: told once in that time from here on: \(message)")
    case .summary(let count, let length):
      tell("\(broke), as \(count) times within 10 min before, for \(Int(length.inSeconds)) s in all: \(message)")
    case .nothing: break
    }
  }

  func noteMendedTunnel(_ name: String) {
    guard let host = hosts[name], let since = host.tunnelBrokeAt else { return }
    let length = HostClock.now - since
    hosts[name]?.tunnelBrokeAt = nil
    hosts[name]?.tunnelFlaps.mended(after: length)
    if host.tunnelFlaps.tellsMending {
      tell("\(name): connected through SSH again after \(Int(length.inSeconds.rounded(.up))) s")
    }
  }
}

extension FarmHost {
  /// Keeps what a start is at.
  mutating func noteStep(_ event: HostEvent) {
    switch event {
    case .connected: step = "logged in, looking at the host"
    case .probed(let facts): step = facts.hasBundle ? "starting the agent" : "copying the agent"
    case .uploading(_, let done): step = "copying the agent (\(done / 1_048_576) MiB so far)"
    case .uploaded: step = "starting the agent"
    case .ask(let keyFile, _): step = "waiting for the passphrase of \(keyFile)"
    case .announced: step = "waiting for the agent to reach the coordinator"
    case .note, .unreachable, .running, .alive, .failed, .inspected, .ended, .listening: break
    }
  }
}
