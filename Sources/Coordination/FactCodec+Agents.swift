import TuningModel
import Wire

extension AgentAdmission {
  var message: ProtoAgentAdmitted {
    .with {
      $0.agent = UInt32(clamping: agent.rawValue)
      $0.publicKey = publicKey
      $0.name = name
      $0.origin = origin.message
    }
  }

  init(_ message: ProtoAgentAdmitted) throws(WireError) {
    self.init(
      agent: AgentID(try Check.count(message.agent, "agent_admitted.agent")), publicKey: message.publicKey,
      name: message.name, origin: try Origin(message.origin, "agent_admitted.origin"))
  }
}

extension AgentAdmission.Origin: WireEnumeration {
  package var message: ProtoAgentAdmitted.Origin {
    switch self {
    case .launched: .launched
    case .joined: .joined
    }
  }
}

extension AgentGreeting {
  var message: ProtoAgentGreeted {
    .with {
      $0.agent = UInt32(clamping: agent.rawValue)
      $0.version = version
      $0.hostname = hostname
      $0.machineID = machineID
      $0.bootID = bootID
      $0.home = home
      $0.slots = UInt32(clamping: slots)
      $0.place = place
      $0.devices = devices
      $0.landlock = UInt32(clamping: landlock)
      $0.pid = UInt32(clamping: pid)
    }
  }

  init(_ message: ProtoAgentGreeted) throws(WireError) {
    self.init(
      agent: AgentID(try Check.count(message.agent, "agent_greeted.agent")), version: message.version,
      hostname: message.hostname, machineID: message.machineID, bootID: message.bootID, home: message.home,
      slots: try Check.number(message.slots, in: 0...WireLimits.maximumSlots, "agent_greeted.slots"),
      place: message.place, devices: message.devices,
      landlock: try Check.count(message.landlock, "agent_greeted.landlock"),
      pid: try Check.count(message.pid, "agent_greeted.pid"))
  }
}

extension Reachability: WireEnumeration {
  package var message: ProtoAgentReachability.Reachability {
    switch self {
    case .reachable: .reachable
    case .suspect: .suspect
    case .unreachable: .unreachable
    case .lost: .lost
    }
  }
}
