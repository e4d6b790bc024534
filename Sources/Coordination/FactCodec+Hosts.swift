import TuningModel
import Wire

extension HostOptions {
  var message: ProtoHost {
    .with {
      $0.name = name
      $0.host = host
      if let user { $0.user = user }
      if let port { $0.port = UInt32(clamping: port) }
      if let identityFile { $0.identityFile = identityFile }
      if let slots { $0.slots = UInt32(clamping: slots) }
      if let gpus { $0.gpus = gpus.message }
      if let workDirectory { $0.workDirectory = workDirectory }
      if let connect { $0.connect = connect.rawValue }
    }
  }

  init(_ message: ProtoHost) throws(WireError) {
    var connect: ClusterOptions.Connect?
    if message.hasConnect {
      guard let known = ClusterOptions.Connect(rawValue: message.connect) else {
        throw WireError(.unknownValue, "host.connect is \(message.connect), which this version does not know")
      }
      connect = known
    }
    self.init(
      name: message.name, host: message.host, user: message.hasUser ? message.user : nil,
      port: message.hasPort ? try Check.number(message.port, in: 1...65_535, "host.port") : nil,
      identityFile: message.hasIdentityFile ? message.identityFile : nil,
      slots: message.hasSlots ? try Check.number(message.slots, in: 1...WireLimits.maximumSlots, "host.slots") : nil,
      gpus: message.hasGpus ? try GPUSelection(message.gpus) : nil,
      workDirectory: message.hasWorkDirectory ? message.workDirectory : nil, connect: connect)
  }
}

extension GPUSelection {
  /// The word of the selection in cluster files, or `listed`.
  public var word: String {
    switch self {
    case .all: "all"
    case .idle: "idle"
    case .none: "none"
    case .listed: "listed"
    }
  }

  var message: ProtoHost.Selection {
    .with {
      $0.word = word
      if case .listed(let names) = self { $0.listed = names }
    }
  }

  init(_ message: ProtoHost.Selection) throws(WireError) {
    switch message.word {
    case "all": self = .all
    case "idle": self = .idle
    case "none": self = .none
    case "listed": self = .listed(message.listed)
    default: throw WireError(.unknownValue, "host.gpus is \(message.word), which this version does not know")
    }
  }
}

extension HostMark: WireEnumeration {
  package var message: ProtoHostMarked.Mark {
    switch self {
    case .inUse: .inUse
    case .draining: .draining
    case .leaving: .leaving
    case .removed: .removed
    }
  }
}

extension CheckpointHolder {
  var message: ProtoCheckpointHolder {
    .with {
      switch self {
      case .agent(let agent): $0.agent = UInt32(clamping: agent.rawValue)
      case .coordinator: $0.coordinator = ProtoEmpty()
      case .store: $0.store = ProtoEmpty()
      }
    }
  }

  init(_ message: ProtoCheckpointHolder) throws(WireError) {
    switch message.holder {
    case .agent(let agent): self = .agent(AgentID(try Check.count(agent, "holder.agent")))
    case .coordinator: self = .coordinator
    case .store: self = .store
    case nil: throw Check.unknownMessage("the holder of a checkpoint")
    }
  }
}
