import Coordination

/// Values of `cluster` that do not go together.
struct ClusterChecks {
  let map: MapReader
  let top: MapReader

  func check(_ options: ClusterOptions) {
    checkWorkers(options)
    checkListening(options)
    checkGPUs(options)
  }

  private func checkWorkers(_ options: ClusterOptions) {
    var slots = options.localSlots
    if !options.hosts.isEmpty {
      let known = options.hosts.compactMap(\.slots)
      slots = known.count == options.hosts.count ? known.reduce(0, +) : nil
    }
    guard let slots, let workers = options.maxWorkers, workers > slots else { return }
    (map.has("n_workers") ? map : top).warn(
      .contradiction, "n_workers", "is \(workers), more than the \(slots) slots: \(slots) trials run at once")
  }

  /// Hosts that are to connect directly cannot reach a loopback address.
  private func checkListening(_ options: ClusterOptions) {
    guard let listen = options.listenAddress, HostText.isLoopback(listen) else { return }
    let cut = options.hosts.first {
      $0.host != "local" && !HostText.isLoopback($0.host) && ($0.connect ?? options.connect) == .direct
    }
    guard let cut else { return }
    map.warn(
      .contradiction, "listen",
      "is \(listen), which other machines cannot reach, and \(cut.name) has connect: direct; "
        + "remove listen, or write connect: tunnel")
  }

  private func checkGPUs(_ options: ClusterOptions) {
    let perTrial = options.gpus.perTrial
    if case .listed(let names) = options.gpus.selection, names.count < perTrial {
      map.tell(.contradiction, "gpus", tooFew(names.count, perTrial))
    }
    for host in options.hosts {
      guard case .listed(let names)? = host.gpus, names.count < perTrial else { continue }
      map.tell(.contradiction, "gpus_per_trial", "is \(perTrial): \(host.name) " + offers(names.count))
    }
    let areUsed = options.gpus.selection != .none || options.hosts.contains { ($0.gpus ?? .none) != .none }
    for key in ["gpus_per_trial", "trials_per_gpu"] where map.has(key) && !areUsed {
      map.warn(.contradiction, key, "has no effect with gpus: none")
    }
  }

  private func tooFew(_ count: Int, _ perTrial: Int) -> String {
    "must name at least as many GPUs as gpus_per_trial, which is \(perTrial), not \(count)"
  }

  private func offers(_ count: Int) -> String {
    "gives \(count) \(count == 1 ? "GPU" : "GPUs") alone; name more of them in its gpus"
  }
}
