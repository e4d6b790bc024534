import Wire

/// Where trials run.
public struct ClusterOptions: Equatable, Sendable {
  /// Slots on this machine, or on each host that says nothing else; nil: what its GPUs give, or one for each core.
  public var localSlots: Int?
  /// Hosts that agents are brought onto over SSH, in the order of the file, names unique; empty: trials run on this
  /// machine.
  public var hosts: [HostOptions]
  /// Trials at once, whatever the slots (Syne Tune's `n_workers`).
  public var maxWorkers: Int?
  /// How long an agent may stay silent before its trials are given up.
  public var lostAfter: Duration
  public var heartbeat: Duration
  /// The address of this machine that the coordinator listens on; nil: loopback where no other machine needs to reach
  /// it (no hosts, or all of them through tunnels), all addresses otherwise.
  public var listenAddress: String?
  /// The address under which hosts reach this machine; nil: the local end of each host's SSH connection.
  public var advertise: String?
  /// Where agents keep their folders; a leading `~` is the home directory there.
  public var workDirectory: String?
  public var ssh: SSHOptions
  public var connect: Connect
  public var gpus: GPUOptions
  public var sandbox: SandboxOptions

  /// How agents reach the coordinator.
  public enum Connect: String, Sendable, CaseIterable {
    /// Directly where that works, through the SSH connection otherwise.
    case auto
    case direct
    case tunnel
  }

  public init(
    localSlots: Int? = nil, hosts: [HostOptions] = [], maxWorkers: Int? = nil,
    lostAfter: Duration = .seconds(6 * 3600), heartbeat: Duration = .seconds(5), listenAddress: String? = nil,
    advertise: String? = nil, workDirectory: String? = nil, ssh: SSHOptions = SSHOptions(), connect: Connect = .auto,
    gpus: GPUOptions = GPUOptions(), sandbox: SandboxOptions = SandboxOptions()
  ) {
    self.localSlots = localSlots
    self.hosts = hosts
    self.maxWorkers = maxWorkers
    self.lostAfter = lostAfter
    self.heartbeat = heartbeat
    self.listenAddress = listenAddress
    self.advertise = advertise
    self.workDirectory = workDirectory
    self.ssh = ssh
    self.connect = connect
    self.gpus = gpus
    self.sandbox = sandbox
  }
}

/// One host of `cluster.hosts`, ranges such as `box[01-16]` written out. What is nil comes from the user's SSH
/// configuration, or from the cluster's own setting.
public struct HostOptions: Equatable, Sendable {
  /// What the host is called in messages and commands: `name:`, else the host as the file has it.
  public var name: String
  /// A host name, an address or an alias of the SSH configuration; `local`: this machine, without SSH.
  public var host: String
  public var user: String?
  public var port: Int?
  /// Path of a private key on this machine, absolute.
  public var identityFile: String?
  /// CPU slots; nil: what its GPUs give, or one for each core where there are none.
  public var slots: Int?
  public var gpus: GPUSelection?
  public var workDirectory: String?
  public var connect: ClusterOptions.Connect?

  public init(
    name: String, host: String, user: String? = nil, port: Int? = nil, identityFile: String? = nil, slots: Int? = nil,
    gpus: GPUSelection? = nil, workDirectory: String? = nil, connect: ClusterOptions.Connect? = nil
  ) {
    self.name = name
    self.host = host
    self.user = user
    self.port = port
    self.identityFile = identityFile
    self.slots = slots
    self.gpus = gpus
    self.workDirectory = workDirectory
    self.connect = connect
  }
}

/// How hosts are reached over SSH.
public struct SSHOptions: Equatable, Sendable {
  public enum HostKeys: String, Sendable, CaseIterable {
    /// A host whose key is in no known_hosts file is refused.
    case strict
    /// The key of a host seen for the first time is kept, in a file of pasha's own.
    case acceptNew = "accept-new"
  }

  public enum Client: String, Sendable, CaseIterable {
    case libssh2
    /// The system's `ssh`: for ProxyCommand, hardware keys and hosts that have RSA keys alone.
    case openssh
  }

  public var hostKeys: HostKeys
  public var client: Client
  /// An SSH configuration in place of the user's, absolute.
  public var configurationFile: String?

  public init(hostKeys: HostKeys = .strict, client: Client = .libssh2, configurationFile: String? = nil) {
    self.hostKeys = hostKeys
    self.client = client
    self.configurationFile = configurationFile
  }
}

/// Which of a host's GPUs are used.
public enum GPUSelection: Equatable, Sendable {
  case all
  /// Those that nobody else uses, looked at before each start.
  case idle
  case none
  /// By index (`0`), UUID or its beginning (`GPU-3f…`, `MIG-…`).
  case listed([String])
}

/// How GPUs become slots.
public struct GPUOptions: Equatable, Sendable {
  public var selection: GPUSelection
  /// GPUs of one slot.
  public var perTrial: Int
  /// Slots that share one GPU; only with one GPU a trial.
  public var trialsPerGPU: Int

  public init(selection: GPUSelection = .all, perTrial: Int = 1, trialsPerGPU: Int = 1) {
    self.selection = selection
    self.perTrial = perTrial
    self.trialsPerGPU = trialsPerGPU
  }
}

/// What a trial may write to.
public struct SandboxOptions: Equatable, Sendable {
  public enum Level: String, Sendable, CaseIterable {
    /// A host whose kernel cannot confine a trial takes none.
    case required
    /// Confined where the kernel can.
    case `default`
    case off
  }

  public var level: Level
  /// Folders and files that trials may write beside their own, absolute; a leading `~` is the home directory there.
  public var writable: [String]
  /// Processes and threads that a trial may have at once.
  public var mostProcesses: Int

  public static let processRange = SandboxPlan.processRange

  public init(
    level: Level = .default, writable: [String] = [], mostProcesses: Int = SandboxPlan.defaultProcesses
  ) {
    self.level = level
    self.writable = writable
    self.mostProcesses = mostProcesses
  }
}
