extension SpecificationChange {
  /// Hosts come, go, and are reached in another way from the next connection on; what an agent was started with stays.
  /// Hosts that a command brought into the run are in neither file, and stay.
  mutating func compareHosts(_ old: ClusterOptions, _ new: ClusterOptions) {
    guard old.hosts.isEmpty == new.hosts.isEmpty else {
      refused.append(
        Refused(
          key: "cluster.hosts",
          reason: old.hosts.isEmpty
            ? "the run was begun on this machine alone, where its coordinator listens; start a run with hosts"
            : "the run was begun on hosts, and none is left; name those that are to stay"))
      return
    }
    let before = Dictionary(old.hosts.map { ($0.name, $0) }) { first, _ in first }
    let names = Set(new.hosts.map(\.name))
    var starts = StartChanges()
    var result: [HostOptions] = []
    var texts: [String] = []
    for var host in new.hosts {
      if let known = before[host.name] {
        starts.note(known, host)
        host.slots = known.slots
        host.gpus = known.gpus
        host.workDirectory = known.workDirectory
        if host != known {
          addedHosts.append(host)
          texts.append("\(host.name) is reached in another way, from the next connection on")
        }
      } else {
        addedHosts.append(host)
        texts.append("\(host.name) is added")
      }
      result.append(host)
    }
    for host in old.hosts where !names.contains(host.name) {
      removedHosts.append(host.name)
      texts.append("\(host.name) is removed")
    }
    applicable += texts.map {
      Applicable(key: "cluster.hosts", text: "cluster.hosts: \($0)", change: .hosts(result))
    }
    refused += starts.refusals
  }
}

/// Changes of what an agent is started with, by key: one line for all hosts, for one default may change it on each.
private struct StartChanges {
  private var slots: [String] = []
  private var gpus: [String] = []
  private var workDirectories: [String] = []

  mutating func note(_ old: HostOptions, _ new: HostOptions) {
    if old.slots != new.slots { slots.append(new.name) }
    if old.gpus != new.gpus { gpus.append(new.name) }
    if old.workDirectory != new.workDirectory { workDirectories.append(new.name) }
  }

  var refusals: [SpecificationChange.Refused] {
    [("slots", slots), ("gpus", gpus), ("work_dir", workDirectories)].filter { !$0.1.isEmpty }.map { key, hosts in
      let first = hosts.prefix(3).joined(separator: ", ")
      let shown = hosts.count > 3 ? "\(first) and \(hosts.count - 3) more" : first
      return SpecificationChange.Refused(
        key: "cluster.hosts.\(key)",
        reason: "the \(hosts.count == 1 ? "agent" : "agents") on \(shown) began with it; bring the host in anew with "
          + "pasha-coord hosts remove RUN \(hosts[0]), then hosts add")
    }
  }
}
