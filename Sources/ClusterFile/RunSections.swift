import Coordination
import Glibc

/// `cluster` and `n_workers`: where trials run.
enum ClusterSection {
  static let maximumSlots = 4096

  /// Whether the text is an address in numbers, or `*`.
  private static func isAddress(_ text: String) -> Bool {
    var room = in6_addr()
    return text == "*" || inet_pton(AF_INET, text, &room) == 1 || inet_pton(AF_INET6, text, &room) == 1
  }

  /// nil: there are mistakes.
  static func decode(_ top: MapReader) -> ClusterOptions? {
    let topWorkers = top.int("n_workers", 1...maximumSlots)
    var options = ClusterOptions()
    options.maxWorkers = topWorkers
    guard let node = top.node("cluster") else { return options }
    if case .scalar(let scalar) = node.content {
      if scalar.text == "local" { return options }
      top.tell(.invalidValue, "cluster", "must be local, or a map such as {slots: 4}, not \(scalar.shown)")
      return nil
    }
    if case .sequence = node.content {
      top.tell(
        .wrongType, "cluster",
        "must be local, or a map such as {slots: 4}, not a list; lists of hosts are not supported by this version")
      return nil
    }
    guard let map = top.map("cluster", example: "{slots: 4}") else { return nil }
    map.refuseUnknownKeys(KnownKeys.cluster)
    let slots = map.int("slots", 1...maximumSlots)
    let workers = map.int("n_workers", 1...maximumSlots)
    let heartbeat = map.duration("heartbeat", .milliseconds(100)...(.seconds(600)))
    let lostAfter = map.duration("lost_after", .milliseconds(500)...DurationText.maximum)
    let listen = map.text("listen", "an address of this machine")
    if let listen, !isAddress(listen) {
      map.tell(
        .invalidValue, "listen",
        "must be an address of this machine such as 127.0.0.1, 192.168.1.5 or ::1, or * for all of them, not \(listen)")
    }
    let workDirectory = map.text("work_dir", "a folder")
    options.localSlots = slots
    options.workDirectory = workDirectory
    if let listen { options.listenAddress = listen }
    if let heartbeat { options.heartbeat = heartbeat }
    if let lostAfter { options.lostAfter = lostAfter }
    if options.lostAfter < options.heartbeat * 4 {
      map.tell(
        .contradiction, map.has("lost_after") ? "lost_after" : "heartbeat",
        "must leave room for at least four heartbeats: lost_after is \(DurationText.text(options.lostAfter)), "
          + "heartbeat \(DurationText.text(options.heartbeat))")
    }
    if let workers {
      if let topWorkers, topWorkers != workers {
        map.tell(
          .contradiction, "n_workers", "is \(workers), and n_workers at the top is \(topWorkers); keep one of them")
      }
      options.maxWorkers = workers
    }
    if let slots, let workers = options.maxWorkers, workers > slots {
      (workers == topWorkers && !map.has("n_workers") ? top : map).warn(
        .contradiction, "n_workers", "is \(workers), more than the \(slots) slots: \(slots) trials run at once")
    }
    return options
  }
}

/// `checkpoints`: what is kept, and how long a trial may be held at a milestone.
enum CheckpointsSection {
  /// nil: there are mistakes.
  static func decode(_ top: MapReader) -> CheckpointPolicy? {
    var policy = CheckpointPolicy()
    guard top.has("checkpoints") else { return policy }
    guard let map = top.map("checkpoints", example: "{store: host, keep_best: 3}") else { return nil }
    map.refuseUnknownKeys(KnownKeys.checkpoints)
    let store = map.keyword("store", CheckpointPolicy.Store.self) { word in
      ["shared", "coordinator", "command"].contains(word)
        ? "this version keeps checkpoints where they were written" : nil
    }
    if let store { policy.store = store }
    policy.keepBest = map.int("keep_best", 0...Int(Int32.max))
    let day = Duration.zero...(.seconds(86_400))
    if let limit = map.duration("hold_limit", day) { policy.holdLimit = limit }
    if let settle = map.duration("settle", day) { policy.settle = settle }
    if let grace = map.duration("grace", day) { policy.grace = grace }
    return policy
  }
}

/// `failures`: what failures a run bears.
enum FailuresSection {
  static func decode(_ top: MapReader) -> FailurePolicy {
    var policy = FailurePolicy()
    guard let map = top.map("failures", example: "{max_failures: 3, max_restarts: 3}") else { return policy }
    map.refuseUnknownKeys(KnownKeys.failures)
    policy.maxFailures = map.int("max_failures", 0...Int(Int32.max))
    if let restarts = map.int("max_restarts", 0...1000) { policy.maxRestarts = restarts }
    return policy
  }
}

/// `results`: how the results are written.
enum ResultsSection {
  static func decode(_ top: MapReader) -> ResultsOptions {
    var options = ResultsOptions()
    guard let map = top.map("results", example: "{update_interval: 30s}") else { return options }
    map.refuseUnknownKeys(KnownKeys.results)
    if let interval = map.duration("update_interval", .milliseconds(100)...(.seconds(86_400))) {
      options.updateInterval = interval
    }
    return options
  }
}
