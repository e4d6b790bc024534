import Coordination
import Glibc

/// `cluster` and `n_workers`: where trials run.
struct ClusterSection {
  static let maximumSlots = 4096
  private static let example = "{hosts: [gpu1, gpu2]}"

  let top: MapReader
  let files: LocalFile

  private var hosts: HostsSection { HostsSection(files: files, mistakes: top.mistakes) }

  /// nil: there are mistakes.
  func decode() -> ClusterOptions? {
    let topWorkers = top.int("n_workers", 1...Self.maximumSlots)
    var options = ClusterOptions()
    options.maxWorkers = topWorkers
    guard let node = top.node("cluster") else { return options }
    switch node.content {
    case .scalar(let scalar):
      if scalar.text == "local" { return options }
      let advice =
        scalar.value == .text(scalar.text) && (try? HostText.parse(scalar.text, limit: 1000)) != nil
        ? "; for the host of this name write [\(scalar.text)]" : ""
      top.tell(
        .invalidValue, "cluster",
        "must be local, a list of hosts such as [gpu1, gpu2], or a map such as \(Self.example), "
          + "not \(scalar.shown)\(advice)")
      return nil
    case .sequence(let elements):
      guard let read = hosts.decode(elements, path: "cluster", place: node.place) else { return nil }
      options.hosts = read
      return options
    case .mapping:
      guard let map = top.map("cluster", example: Self.example) else { return nil }
      return decode(map, topWorkers: topWorkers)
    }
  }

  private func decode(_ map: MapReader, topWorkers: Int?) -> ClusterOptions? {
    map.refuseUnknownKeys(KnownKeys.cluster)
    var options = ClusterOptions()
    var isWhole = true
    if map.has("hosts") {
      let read = map.list("hosts", "[gpu1, gpu2]").flatMap {
        hosts.decode($0, path: map.fullPath("hosts"), place: map.place(of: "hosts"))
      }
      options.hosts = read ?? []
      isWhole = read != nil
    }
    options.maxWorkers = workers(map, topWorkers)
    readTimes(map, &options)
    options.listenAddress = listenAddress(map)
    options.advertise = advertise(map)
    options.workDirectory = WorkDirectory.read(map)
    options.ssh = ssh(map)
    if let connect = map.keyword("connect", ClusterOptions.Connect.self) { options.connect = connect }
    options.gpus = GPUReader.options(map)
    options.sandbox = SandboxReader.decode(map)
    let slots = map.int("slots", 1...Self.maximumSlots)
    // What hosts that come later are given, too.
    options.localSlots = slots
    if let slots {
      for index in options.hosts.indices where options.hosts[index].slots == nil { options.hosts[index].slots = slots }
    }
    guard isWhole else { return nil }
    ClusterChecks(map: map, top: top).check(options)
    return options
  }

  private func workers(_ map: MapReader, _ topWorkers: Int?) -> Int? {
    guard let workers = map.int("n_workers", 1...Self.maximumSlots) else { return topWorkers }
    if let topWorkers, topWorkers != workers {
      map.tell(
        .contradiction, "n_workers", "is \(workers), and n_workers at the top is \(topWorkers); keep one of them")
    }
    return workers
  }

  private func readTimes(_ map: MapReader, _ options: inout ClusterOptions) {
    if let heartbeat = map.duration("heartbeat", .milliseconds(100)...(.seconds(600))) { options.heartbeat = heartbeat }
    if let lostAfter = map.duration("lost_after", .milliseconds(500)...DurationText.maximum) {
      options.lostAfter = lostAfter
    }
    if options.lostAfter < options.heartbeat * 4 {
      map.tell(
        .contradiction, map.has("lost_after") ? "lost_after" : "heartbeat",
        "must leave room for at least four heartbeats: lost_after is \(DurationText.text(options.lostAfter)), "
          + "heartbeat \(DurationText.text(options.heartbeat))")
    }
  }

  // MARK: The way to hosts

  /// Whether the text is an address in numbers, or `*`.
  private static func isAddress(_ text: String) -> Bool {
    var room = in6_addr()
    return text == "*" || inet_pton(AF_INET, text, &room) == 1 || inet_pton(AF_INET6, text, &room) == 1
  }

  private func listenAddress(_ map: MapReader) -> String? {
    guard let listen = map.text("listen", "an address of this machine") else { return nil }
    guard Self.isAddress(listen) else {
      map.tell(
        .invalidValue, "listen",
        "must be an address of this machine such as 127.0.0.1, 192.168.1.5 or ::1, or * for all of them, not \(listen)")
      return nil
    }
    return listen
  }

  private func advertise(_ map: MapReader) -> String? {
    guard let name = map.text("advertise", "a host name or an address") else { return nil }
    let expected = "must be the name or address under which hosts reach this machine"
    do throws(HostPattern.Failure) {
      let text = try HostText.parse(name, limit: 2)
      guard text.hosts.count == 1, text.user == nil else { throw HostPattern.Failure("") }
      guard text.port == nil else {
        map.tell(
          .invalidValue, "advertise", "\(expected), without a port; write \(text.hosts[0]): the port is the run's own")
        return nil
      }
      return text.hosts[0]
    } catch {
      map.tell(.invalidValue, "advertise", "\(expected), such as login.lab or 192.168.1.5, not \(name)")
      return nil
    }
  }

  private func ssh(_ map: MapReader) -> SSHOptions {
    var options = SSHOptions()
    let hostKeys = map.keyword("host_keys", SSHOptions.HostKeys.self) { word in
      switch KeyHints.folded(word) {
      case "no", "off", "false", "none", "ignore", "any":
        "keys of hosts are always checked; accept-new keeps that of a host seen for the first time"
      case "yes", "ask", "true", "on": "write strict"
      case "acceptnew": "write accept-new"
      default: nil
      }
    }
    let client = map.keyword("ssh_client", SSHOptions.Client.self) { word in
      ["ssh", "system"].contains(word.lowercased()) ? "write openssh for the system's ssh" : nil
    }
    if let hostKeys { options.hostKeys = hostKeys }
    if let client { options.client = client }
    options.configurationFile = files.path(map, "ssh_config", "an SSH configuration")
    return options
  }
}
