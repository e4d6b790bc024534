import TuningModel

extension AgentHello {
  var message: ProtoAgentHello {
    .with {
      $0.protocolVersion = UInt32(clamping: protocolVersion)
      $0.version = version
      $0.hostname = hostname
      $0.machineID = machineID
      $0.bootID = bootID
      $0.name = name
      $0.pid = UInt32(clamping: pid)
      $0.slots = UInt32(clamping: slots)
      $0.home = home
      $0.inventory = inventory.map(\.message)
      $0.place = place
      $0.devices = devices
      $0.landlock = UInt32(clamping: landlock)
      $0.saidAtNs = saidAt.nanoseconds
    }
  }

  /// A hello of another protocol version is read for its versions alone, whatever else it holds, so that the answer
  /// can say that versions differ.
  init(_ message: ProtoAgentHello) throws(WireError) {
    let protocolVersion = try Check.count(message.protocolVersion, "hello.protocol_version")
    let version = try Check.name(message.version, "hello.version")
    guard protocolVersion == ProtocolVersion.current else {
      self.init(
        protocolVersion: protocolVersion, version: version, hostname: "", machineID: "", bootID: "", name: "", pid: 0,
        slots: 0, home: "", inventory: [])
      return
    }
    self.init(
      protocolVersion: protocolVersion,
      version: version,
      hostname: try Check.name(message.hostname, "hello.hostname"),
      machineID: try Check.name(message.machineID, from: 1, "hello.machine_id"),
      bootID: try Check.name(message.bootID, from: 1, "hello.boot_id"),
      name: try Check.name(message.name, "hello.name"),
      pid: try Check.positive(message.pid, "hello.pid"),
      slots: try Check.number(message.slots, in: 0...WireLimits.maximumSlots, "hello.slots"),
      home: try Check.absolutePath(message.home, "hello.home"),
      inventory: try Check.list(
        message.inventory, atMost: WireLimits.maximumInventory, "hello.inventory"
      ) { (attempt) throws(WireError) in try AttemptInventory(attempt) },
      place: try Check.name(message.place, "hello.place"),
      devices: try Check.list(
        message.devices, atMost: WireLimits.maximumSlots, "hello.devices"
      ) { (text) throws(WireError) in
        try Check.text(text, atMost: WireLimits.maximumDetailBytes, "hello.devices")
      },
      landlock: try Check.count(message.landlock, "hello.landlock"),
      saidAt: Instant(nanoseconds: message.saidAtNs))
  }
}

extension AttemptInventory {
  fileprivate var message: ProtoAttemptInventory {
    .with {
      $0.attempt = attempt.message
      $0.slot = UInt32(clamping: slot)
      $0.milestone = UInt32(clamping: milestone)
      switch phase {
      case .running: $0.running = ProtoEmpty()
      case .held(let resource): $0.heldAt = Int64(resource)
      case .ended(let end): $0.ended = end.message
      }
      $0.lastSequence = UInt64(clamping: lastSequence)
    }
  }

  fileprivate init(_ message: ProtoAttemptInventory) throws(WireError) {
    let phase: Phase =
      switch message.phase {
      case .running: .running
      case .heldAt(let resource): .held(resource: Int(resource))
      case .ended(let end): .ended(try AttemptEnd(end))
      case nil: throw Check.unknownMessage("inventory.phase")
      }
    self.init(
      attempt: try TrialAttempt(message.attempt),
      slot: try Check.count(message.slot, "inventory.slot"),
      milestone: try Check.count(message.milestone, "inventory.milestone"),
      phase: phase,
      lastSequence: try Check.offset(message.lastSequence, "inventory.last_sequence"))
  }
}
