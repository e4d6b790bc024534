import Coordination
import Foundation
import HostSystem
import Launching
import TuningModel

/// Brings agents onto the hosts of the run and keeps them alive: starts them over SSH, each host apart from the others,
/// opens tunnels where hosts cannot reach this machine, starts an agent that died again. Driven by the coordinator's
/// loop; nothing here waits.
final class FarmLauncher {
  enum Event {
    /// The agent's key is to be admitted under the host's name; call `confirm` once it is.
    case announced(publicKey: String, host: String)
    case note(String)
    /// The passphrase of a key is needed; call `answer`.
    case ask(keyFile: String, isRetry: Bool)
    /// No host can be used, and none will be without somebody's doing.
    case hopeless(String)
  }

  /// What is the same for all hosts.
  struct Settings {
    var run: String
    var cluster: ClusterOptions
    /// Path of `pasha-launch`.
    var executable: String
    var program: HostTask.Program
    var serverKey: String
    /// What agents make their keys from.
    var keySeed: String
    var controlPort: Int
    var bulkPort: Int
    var ownKnownHosts: String
    /// Where the names of the hosts that need a tunnel are kept.
    var record: String
  }

  /// How long an agent that was started, or found running, may take to be in touch before it is replaced.
  static let helloPatience = Duration.seconds(45)
  /// Agents that ran under a coordinator before this one come back by themselves.
  private static let returnPatience = Duration.seconds(5)

  private var settings: Settings
  private let environment: [String]
  var hosts: [String: FarmHost] = [:]
  private(set) var queue: StartQueue
  private var events: [Event] = []
  private var secrets: [String: String] = [:]
  /// Processes of hosts that are of no interest any more, until they end.
  private var leaving: [HostLaunch] = []
  /// The run ends: nothing is started any more.
  private(set) var isEnding = false

  init(_ settings: Settings) {
    self.settings = settings
    environment = ProcessInfo.processInfo.environment.map { "\($0.key)=\($0.value)" }
    queue = StartQueue(seed: UInt64(bitPattern: HostClock.now.nanoseconds))
  }

  // MARK: Which hosts

  /// - Parameters:
  ///   - known: hosts that had agents under a coordinator before this one.
  ///   - agentsMayRun: those agents were not dismissed.
  func begin(_ options: [HostOptions], known: Set<String>, agentsMayRun: Bool) {
    let tunnelled = Set(
      (try? Files.readText(settings.record, limit: 1 << 20))?.split(separator: "\n").map(String.init) ?? [])
    for option in options {
      hosts[option.name] = FarmHost(option)
      hosts[option.name]?.usesTunnel = tunnelled.contains(option.name)
      if known.contains(option.name), agentsMayRun {
        if needsTunnel(option.name) { openTunnel(option.name) }
        hosts[option.name]?.agent = .started(at: HostClock.now + (Self.returnPatience - Self.helloPatience))
      } else {
        if known.contains(option.name) { hosts[option.name]?.agent = .silent }
        queue.want(option.name, at: HostClock.now)
      }
    }
  }

  /// Takes over which hosts there are, and which of their agents are in touch.
  func update(_ state: RunState, isInTouch: (String) -> Bool?) {
    guard !isEnding else { return }
    settings.cluster = state.specification.cluster
    let wanted = state.hosts.filter { ClusterOptions.isRemote($0) && state.mark(of: $0.name) != .leaving }
    for option in wanted where hosts[option.name] == nil {
      hosts[option.name] = FarmHost(option)
      queue.wantNow(option.name, at: HostClock.now)
    }
    for option in wanted where hosts[option.name].map({ $0.options != option }) ?? false {
      hosts[option.name]?.options = option
      retry(option.name)
    }
    for name in hosts.keys.sorted() where !state.hosts.contains(where: { $0.name == name }) { forget(name) }
    for name in hosts.keys.sorted() {
      guard let inTouch = isInTouch(name) else { continue }
      note(name, inTouch: inTouch)
    }
  }

  /// Tries a host again now that is not in touch.
  func retry(_ name: String) {
    guard let host = hosts[name], host.agent != .inTouch, host.launch == nil, !isEnding else { return }
    queue.wantNow(name, at: HostClock.now)
  }

  private func note(_ name: String, inTouch: Bool) {
    guard var host = hosts[name] else { return }
    switch host.agent {
    case .inTouch where !inTouch:
      host.agent = .silent
      queue.want(name, at: HostClock.now)
    case .unknown where inTouch, .started where inTouch, .silent where inTouch:
      host.agent = .inTouch
      host.replaces = false
      host.shownFailure = nil
      host.hopelessFailure = nil
      // One that came back by itself need not be started.
      if host.launch == nil { queue.succeeded(name) }
    case .inTouch, .unknown, .started, .silent: return
    }
    hosts[name] = host
  }

  private func forget(_ name: String) {
    guard let host = hosts.removeValue(forKey: name) else { return }
    for launch in host.launches {
      launch.giveUp()
      leaving.append(launch)
    }
    queue.forget(name)
  }

  // MARK: The loop

  var descriptors: [Descriptor] { (hosts.values.flatMap(\.launches) + leaving).flatMap(\.descriptors) }

  var deadline: Instant? {
    if !events.isEmpty { return .zero }
    var deadlines = hosts.values.flatMap(\.deadlines) + leaving.compactMap(\.deadline)
    if !isEnding { deadlines += [queue.deadline].compactMap { $0 } }
    return deadlines.min()
  }

  func step() -> [Event] {
    for name in hosts.keys.sorted() {
      stepLaunch(name)
      stepTunnel(name)
      checkHello(name)
    }
    for launch in leaving { while launch.step() != nil {} }
    leaving.removeAll(where: \.hasEnded)
    if !isEnding {
      for name in queue.due(at: HostClock.now) { start(name) }
    }
    defer { events = [] }
    return events
  }

  /// The agents with these keys are admitted: they are told where to connect.
  func confirm(_ publicKey: String) {
    for (name, host) in hosts where host.announcedKey == publicKey {
      hosts[name]?.announcedKey = nil
      sendAddress(name)
    }
  }

  /// The agent of a host has the key of another host's: one of them is a copy of the other.
  func refuse(_ name: String, other: String) {
    guard let host = hosts[name] else { return }
    host.launch?.giveUp()
    let folder = "\(host.options.workDirectory ?? settings.cluster.workDirectory ?? "~/.pasha")/*/\(settings.run)"
    let words = "\(name): its agent has the key of \(other)'s. If \(name) is a copy of \(other), delete \(folder) there"
    failed(name, HostFailure("key_in_use", "\(words), then pasha-coord hosts add \(name)", isRetryable: false))
  }

  /// The passphrase of a key that hosts asked for; nil: there is none.
  func answer(_ secret: String?, for keyFile: String) {
    if let secret { secrets[keyFile] = secret }
    for host in hosts.values {
      guard let waiting = asking[host.options.name], waiting == keyFile else { continue }
      asking[host.options.name] = nil
      host.launch?.answer(secret: secret)
      host.tunnel.launch?.answer(secret: secret)
    }
  }
  /// Hosts whose launches wait for the passphrase of a key.
  private var asking: [String: String] = [:]

  /// The run ends: agents are dismissed by the coordinator, starts under way are broken off.
  func end() {
    isEnding = true
    for host in hosts.values { host.launch?.giveUp() }
  }

  /// Closes the tunnels, once what was sent through them has left.
  func close() {
    let deadline = HostClock.now + .seconds(3)
    let all = hosts.values.flatMap(\.launches) + leaving
    for launch in all { launch.giveUp() }
    while HostClock.now < deadline, all.contains(where: { !$0.hasEnded }) {
      for launch in all { while launch.step() != nil {} }
      waitBriefly()
    }
    for launch in all where !launch.hasEnded { launch.kill() }
  }

  private func waitBriefly() { usleep(5_000) }

  // MARK: Starting an agent

  private func start(_ name: String) {
    guard let host = hosts[name], host.launch == nil else { return }
    do throws(SystemError) {
      hosts[name]?.launch = try launch(.agent, host.options, request: request(host))
      hosts[name]?.step = "connecting"
      hosts[name]?.launchedAt = HostClock.now
    } catch {
      failed(name, HostFailure(HostFailure.internal, "\(name): \(error.message)", isRetryable: true))
    }
  }

  private func launch(
    _ operation: HostTask.Operation, _ host: HostOptions, request: JSONValue? = nil, tunnel: HostTask.Tunnel? = nil
  ) throws(SystemError) -> HostLaunch {
    let task = HostTask(
      operation, host, settings.cluster, program: settings.program, run: settings.run,
      ownKnownHosts: settings.ownKnownHosts, request: request, tunnel: tunnel)
    return try HostLaunch(executable: settings.executable, task: task, environment: environment)
  }

  private func request(_ host: FarmHost) -> JSONValue {
    LaunchRequest(host.options, settings.cluster, run: settings.run, keySeed: settings.keySeed, replaces: host.replaces)
      .json
  }

  private func stepLaunch(_ name: String) {
    guard let launch = hosts[name]?.launch else { return }
    while let event = launch.step() {
      hosts[name]?.noteStep(event)
      switch event {
      case .note(let text): events.append(.note("\(name): \(text)"))
      case .ask(let keyFile, let isRetry): ask(keyFile, isRetry, for: name, launch)
      case .probed(let facts):
        hosts[name]?.clientAddress = facts.clientAddress
        if facts.hasBundle { openTunnelEarly(name) }
      case .uploaded: openTunnelEarly(name)
      case .uploading(let bytes, done: 0):
        events.append(.note("\(name): copying the agent (\(bytes / 1_048_576) MiB)"))
      case .announced(let key, _, _):
        hosts[name]?.announcedKey = key
        events.append(.announced(publicKey: key, host: name))
      case .unreachable(let text): unreachable(name, text)
      case .running: started(name)
      case .alive(let pid): alive(name, pid)
      case .failed(let failure): failed(name, failure)
      case .connected, .uploading, .inspected, .ended, .listening: break
      }
    }
    if launch.hasEnded { hosts[name]?.launch = nil }
  }

  private func sendAddress(_ name: String) {
    guard let host = hosts[name], let launch = host.launch else { return }
    if needsTunnel(name) {
      if case .open(_, let address) = host.tunnel {
        launch.confirm(self.address(address, isTested: true, ports: false))
      } else {
        hosts[name]?.awaitsTunnel = true
        openTunnel(name)
      }
      return
    }
    guard let address = settings.cluster.advertise ?? host.clientAddress else {
      return unreachable(name, "the host does not say how it sees this machine; set cluster.advertise")
    }
    launch.confirm(self.address(address, isTested: true, ports: true))
  }

  private func address(_ host: String, isTested: Bool, ports: Bool) -> LaunchAddress {
    LaunchAddress(
      serverKey: settings.serverKey, host: host, control: ports ? settings.controlPort : 0,
      bulk: ports ? settings.bulkPort : 0, isTested: isTested)
  }

  private func unreachable(_ name: String, _ text: String) {
    guard let host = hosts[name], let launch = host.launch else { return }
    if connect(host.options) == .auto, !host.usesTunnel {
      events.append(.note("\(name): \(Self.without(name, text)); connecting through SSH"))
      hosts[name]?.usesTunnel = true
      hosts[name]?.awaitsTunnel = true
      remember()
      openTunnel(name)
      return
    }
    launch.giveUp()
    let way =
      needsTunnel(name)
      ? "the tunnel was opened, and the agent could not connect through it"
      : "let \(settings.controlPort) and \(settings.bulkPort) through, set cluster.advertise, or use connect: tunnel"
    failed(name, HostFailure("unreachable", "\(name): \(Self.without(name, text)); \(way)", isRetryable: true))
  }

  /// A message without the host's name, which stands before it.
  private static func without(_ name: String, _ text: String) -> String {
    text.hasPrefix(name + ": ") ? String(text.dropFirst(name.count + 2)) : text
  }

  private func started(_ name: String) {
    hosts[name]?.agent = .started(at: HostClock.now)
    hosts[name]?.replaces = false
    hosts[name]?.wasAlive = false
    hosts[name]?.hopelessFailure = nil
    hosts[name]?.shownFailure = nil
    queue.succeeded(name)
  }

  private func alive(_ name: String, _ pid: Int) {
    guard hosts[name]?.agent != .inTouch else { return queue.succeeded(name) }
    hosts[name]?.agent = .started(at: HostClock.now)
    hosts[name]?.wasAlive = true
    queue.succeeded(name)
    events.append(.note("\(name): its agent (pid \(pid)) runs and has not come back yet"))
  }

  /// An agent that runs and does not come looks for this coordinator where it is no more: another one takes its place
  /// and its trials.
  private func checkHello(_ name: String) {
    guard !isEnding, case .started(let at)? = hosts[name]?.agent, HostClock.now >= at + Self.helloPatience else {
      return
    }
    hosts[name]?.agent = .silent
    let wasAlive = hosts[name]?.wasAlive == true
    hosts[name]?.replaces = wasAlive
    queue.want(name, at: HostClock.now)
  }

  private func failed(_ name: String, _ failure: HostFailure) {
    guard let host = hosts[name] else { return }
    asking[name] = nil
    hosts[name]?.awaitsTunnel = false
    hosts[name]?.announcedKey = nil
    if isEnding { return }
    let again = queue.failed(name, isRetryable: failure.isRetryable, at: HostClock.now)
    hosts[name]?.hopelessFailure = failure.isRetryable ? nil : failure.message
    if host.shownFailure != failure.message {
      hosts[name]?.shownFailure = failure.message
      let wait = Int((again - HostClock.now).inSeconds.rounded(.up))
      events.append(.note("\(failure.message) (trying again in \(wait) s, then from time to time)"))
    }
    if host.agent == .unknown, hosts.values.allSatisfy({ $0.hopelessFailure != nil && $0.agent == .unknown }) {
      let messages = hosts.keys.sorted().compactMap { hosts[$0]?.hopelessFailure }
      events.append(.hopeless(messages.joined(separator: "\n")))
    }
  }

  // MARK: Passphrases

  private func ask(_ keyFile: String, _ isRetry: Bool, for name: String, _ launch: HostLaunch) {
    if isRetry { secrets[keyFile] = nil }
    if let known = secrets[keyFile] { return launch.answer(secret: known) }
    let isAsked = asking.values.contains(keyFile)
    asking[name] = keyFile
    if !isAsked { events.append(.ask(keyFile: keyFile, isRetry: isRetry)) }
  }

  // MARK: Tunnels

  private func connect(_ host: HostOptions) -> ClusterOptions.Connect { host.connect ?? settings.cluster.connect }

  private func needsTunnel(_ name: String) -> Bool {
    guard let host = hosts[name] else { return false }
    switch connect(host.options) {
    case .tunnel: return true
    case .direct: return false
    case .auto: return host.usesTunnel
    }
  }

  /// While the agent starts: one login after the other on each host, and the bundle is copied there once.
  private func openTunnelEarly(_ name: String) {
    if needsTunnel(name), case .none? = hosts[name]?.tunnel { openTunnel(name) }
  }

  private func openTunnel(_ name: String) {
    guard let host = hosts[name], host.tunnel.launch == nil else { return }
    let own = settings.cluster.ownHost
    let ends = HostTask.Tunnel(
      control: Self.endpoint(own, settings.controlPort), bulk: Self.endpoint(own, settings.bulkPort))
    do throws(SystemError) {
      hosts[name]?.tunnel = .starting(try launch(.tunnel, host.options, tunnel: ends))
    } catch {
      tunnelBroke(name, "\(name): \(error.message)")
    }
  }

  private static func endpoint(_ host: String, _ port: Int) -> String {
    host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
  }

  private func stepTunnel(_ name: String) {
    if case .broken(let until)? = hosts[name]?.tunnel, !isEnding, HostClock.now >= until {
      hosts[name]?.tunnel = .none
      openTunnel(name)
    }
    guard let launch = hosts[name]?.tunnel.launch else { return }
    while let event = launch.step() {
      switch event {
      case .note(let text): events.append(.note("\(name): \(text)"))
      case .ask(let keyFile, let isRetry): ask(keyFile, isRetry, for: name, launch)
      case .listening(let address):
        noteMendedTunnel(name)
        hosts[name]?.tunnel = .open(launch, host: address)
        hosts[name]?.tunnelFailures = 0
        if hosts[name]?.awaitsTunnel == true {
          hosts[name]?.awaitsTunnel = false
          sendAddress(name)
        }
      case .failed(let failure): tunnelBroke(name, failure.message)
      case .connected, .probed, .uploading, .uploaded, .announced, .unreachable, .running, .alive, .inspected, .ended:
        break
      }
    }
  }

  func tell(_ text: String) { events.append(.note(text)) }

  private func tunnelBroke(_ name: String, _ message: String) {
    guard !isEnding, let host = hosts[name] else { return }
    if let launch = host.tunnel.launch { leaving.append(launch) }
    let wait = min(Duration.seconds(30), .milliseconds(500) * (1 << min(host.tunnelFailures, 6)))
    hosts[name]?.tunnel = .broken(until: HostClock.now + wait)
    hosts[name]?.tunnelFailures += 1
    if host.tunnelFailures == 0 { noteBrokenTunnel(name, message) }
  }

  /// Keeps which hosts need a tunnel, for the coordinator after this one.
  private func remember() {
    let names = hosts.values.filter(\.usesTunnel).map(\.options.name).sorted()
    try? Files.writeAtomically(settings.record, names.joined(separator: "\n").utf8)
  }
}
