import Coordination
import HostSystem
import Launching
import TuningModel

extension HostTask {
  /// A task on a host of the cluster file.
  init(
    _ operation: Operation, _ host: HostOptions, _ cluster: ClusterOptions, program: Program, run: String,
    ownKnownHosts: String, request: JSONValue? = nil, tunnel: Tunnel? = nil
  ) {
    self.init(
      operation, name: host.name,
      login: Login(host: host.host, user: host.user, port: host.port, identityFile: host.identityFile),
      ssh: SSH(
        client: cluster.ssh.client.rawValue, hostKeys: cluster.ssh.hostKeys.rawValue, ownKnownHosts: ownKnownHosts,
        configurationFile: cluster.ssh.configurationFile),
      program: program, workDirectory: host.workDirectory ?? cluster.workDirectory ?? "~/.pasha", run: run,
      request: request, tunnel: tunnel)
  }
}

extension LaunchRequest {
  /// What the agent of a host is to offer. It takes the first place among the run's agents there, so that there is one.
  init(_ host: HostOptions, _ cluster: ClusterOptions, run: String, keySeed: String, replaces: Bool = false) {
    var more: [JSONValue.Member] = [
      .init("gpus", (host.gpus ?? cluster.gpus.selection).json),
      .init("gpus_per_trial", .int(cluster.gpus.perTrial)),
      .init("trials_per_gpu", .int(cluster.gpus.trialsPerGPU)),
    ]
    if replaces { more.append(.init("replace", .bool(true))) }
    self.init(
      run: run, slots: host.slots ?? cluster.localSlots,
      workDirectory: host.workDirectory ?? cluster.workDirectory ?? "~/.pasha", name: host.name, place: 0, more: more)
    self.keySeed = keySeed
  }
}

extension GPUSelection {
  /// As the launch protocol has it.
  var json: JSONValue {
    if case .listed(let names) = self { .array(names.map { .string($0) }) } else { .string(word) }
  }
}

extension ClusterOptions {
  /// Hosts that are reached over SSH.
  static func isRemote(_ host: HostOptions) -> Bool { host.host != "local" }

  /// The address that the coordinator listens on: loopback where nobody else needs to reach it.
  var listeningAddress: String {
    if let listenAddress { return listenAddress }
    let needsAll = hosts.contains { host in Self.isRemote(host) && (host.connect ?? connect) != .tunnel }
    return needsAll ? "*" : "127.0.0.1"
  }

  private var isForAll: Bool { ["*", "0.0.0.0", "::"].contains(listeningAddress) }
  /// Where an agent on this machine reaches the coordinator.
  var ownHost: String { isForAll ? "127.0.0.1" : listeningAddress }
  /// Where an agent on another machine may reach it, as far as is known here.
  var inviteHost: String { advertise ?? (isForAll ? HostIdentity.hostname() : listeningAddress) }
}
