import Coordination
import Launching
import Presentation
import TrialSandbox
import TuningModel

/// What `check` found out about one host, and what is to be mended there.
struct HostReport {
  /// What is looked at.
  enum Aspect: String, CaseIterable {
    case login
    case workDirectory = "work dir"
    case disk, clock, program, sandbox, gpus, connection
  }

  struct Fault: Equatable {
    let aspect: Aspect
    /// Whether trials cannot run there because of it.
    let isError: Bool
    let text: String
    /// What to do about it.
    let fix: String
  }

  let host: HostOptions
  var failure: HostFailure?
  /// Fingerprint.
  var hostKey: String?
  var facts: HostFacts?
  var report: JSONValue?

  init(_ host: HostOptions) { self.host = host }

  var isUsable: Bool { !faults(ClusterOptions()).contains(where: \.isError) }

  static let columns = ["host", "latency", "clock", "free disk", "glibc", "arch", "python", "GPUs", "sandbox"]

  var row: [String] {
    guard failure == nil, let facts, let report else {
      return [Presentation.printable(host.name)] + Array(repeating: "-", count: Self.columns.count - 1)
    }
    return [
      Presentation.printable(host.name), Self.milliseconds(facts.latency),
      facts.clockSkew.map { Self.skew($0, facts.latency) } ?? "?",
      (report.whole("free_bytes") ?? facts.freeBytes).map { Presentation.bytes($0) } ?? "?",
      report.text("glibc") ?? "?", facts.machine, report.member("python3")?.text("version") ?? "none", gpuSummary,
      TrialConfinement.summary(version: landlock),
    ]
  }

  private var landlock: Int { report?.whole("landlock_abi") ?? 0 }

  private var gpus: [JSONValue] { if case .array(let gpus)? = report?.member("gpus") { gpus } else { [] } }

  /// In the order of the host's own list.
  var gpuNames: [String] { gpus.map { $0.text("name") ?? "GPU" } }

  var gpuSummary: String {
    guard !gpus.isEmpty else { return "none, \(report?.whole("cores") ?? 0) cores" }
    var counts: [(name: String, count: Int)] = []
    for gpu in gpus {
      let name = gpu.text("name") ?? "GPU"
      if let index = counts.firstIndex(where: { $0.name == name }) {
        counts[index].count += 1
      } else {
        counts.append((name, 1))
      }
    }
    return counts.map { "\($0.count) × \(Presentation.printable($0.name))" }.joined(separator: ", ")
  }

  /// One line for each GPU: what it is and who uses it.
  var gpuLines: [String] {
    gpus.map { gpu in
      let index = gpu.whole("index").map { "\($0)" } ?? "?"
      let memory = gpu.whole("memory_bytes").map { ", \(Presentation.bytes($0))" } ?? ""
      let users = Self.users(of: gpu)
      let use = users.isEmpty ? "free" : "used by " + users.joined(separator: ", ")
      let name = Presentation.printable(gpu.text("name") ?? "GPU")
      return "\(host.name): GPU \(index) \(name)\(memory), \(gpu.text("uuid") ?? "no UUID"): \(use)"
    }
  }

  private static func users(of gpu: JSONValue) -> [String] {
    guard case .array(let users)? = gpu.member("users") else { return [] }
    return users.map { user in
      Presentation.printable(
        "\(user.text("user") ?? "?") (\(user.text("command") ?? "?"), pid \(user.whole("pid") ?? 0))")
    }
  }

  private static func milliseconds(_ duration: Duration) -> String {
    let milliseconds = duration.inSeconds * 1_000
    return milliseconds < 10 ? "\((milliseconds * 10).rounded() / 10) ms" : "\(Int(milliseconds.rounded())) ms"
  }

  /// What is below the latency cannot be told.
  private static func skew(_ skew: Duration, _ latency: Duration) -> String {
    let seconds = skew.inSeconds
    if abs(seconds) <= max(latency.inSeconds, 0.1) { return "same" }
    let rounded = (seconds * 10).rounded() / 10
    return "\(rounded > 0 ? "+" : "")\(rounded) s"
  }

  // MARK: Faults

  private static let leastFreeBytes = 2 << 30
  private static let largestSkew = Duration.seconds(5)

  /// What is wrong, errors first.
  func faults(_ cluster: ClusterOptions, entryPoint: [String] = []) -> [Fault] {
    if let failure { return [Fault(aspect: .login, isError: true, text: failure.message, fix: "")] }
    guard let facts, let report else {
      return [Fault(aspect: .login, isError: true, text: "nothing was found out", fix: "")]
    }
    var faults: [Fault] = []
    func add(_ aspect: Aspect, _ isError: Bool, _ text: String, _ fix: String) {
      faults.append(Fault(aspect: aspect, isError: isError, text: text, fix: fix))
    }
    if let place = report.member("work_dir") {
      let path = Presentation.printable(place.text("path") ?? "work_dir")
      if place.member("writable") == .bool(false) {
        add(.workDirectory, true, "\(path) cannot be written", "set work_dir to a folder that \(facts.user) may write")
      }
      if place.member("is_network_file_system") == .bool(true) {
        add(
          .workDirectory, false, "\(path) is on a network file system",
          "set work_dir to a local disk: seals are synced there")
      }
    }
    if let free = report.whole("free_bytes") ?? facts.freeBytes, free < Self.leastFreeBytes {
      add(.disk, false, "only \(Presentation.bytes(free)) are free", "clear the disk, or set work_dir to another one")
    }
    if let skew = facts.clockSkew, abs(skew.inSeconds) > Self.largestSkew.inSeconds {
      add(
        .clock, false, "its clock is off by \(Self.skew(skew, facts.latency))",
        "run chrony or ntpd there: times in results are its own")
    }
    if let program = Self.program(of: entryPoint), report.member("programs")?.member(program) == .null {
      add(
        .program, true, "there is no \(Presentation.printable(program))",
        "install it there, or name another program in entry_point")
    }
    let isRequired = cluster.sandbox.level == .required
    if landlock < (isRequired ? 1 : TrialConfinement.workingVersion), cluster.sandbox.level != .off {
      add(
        .sandbox, isRequired, "its kernel cannot confine trials as they need it",
        isRequired
          ? "Linux 5.13 or newer is needed, or sandbox: default"
          : "trials run there unconfined; Linux 5.19 or newer confines them, sandbox: off says nothing")
    }
    addGPUFaults(cluster, add)
    addConnectionFault(cluster, add)
    return faults.filter(\.isError) + faults.filter { !$0.isError }
  }

  private func addGPUFaults(_ cluster: ClusterOptions, _ add: (Aspect, Bool, String, String) -> Void) {
    if case .array(let notes)? = report?.member("gpu_notes") {
      for case .string(let note) in notes {
        add(.gpus, false, Presentation.printable(note), "look at the driver there")
      }
    }
    let selection = host.gpus ?? cluster.gpus.selection
    guard selection != .none else { return }
    for gpu in gpus {
      let name = "GPU \(gpu.whole("index").map { "\($0)" } ?? "?")"
      if let fault = gpu.text("faulty") {
        add(.gpus, false, "\(name): \(Presentation.printable(fault))", "it gets no trials")
      }
      let users = Self.users(of: gpu)
      if !users.isEmpty, selection != .idle {
        add(.gpus, false, "\(name) is used by \(users.joined(separator: ", "))", "gpus: idle leaves cards in use alone")
      }
    }
    if let problem = report?.text("gpu_locks"), !gpus.isEmpty { add(.gpus, false, Presentation.printable(problem), "") }
    if case .listed(let names) = selection {
      let missing = names.filter { name in !gpus.contains { Self.answers($0, to: name) } }
      if !missing.isEmpty {
        let known = gpus.compactMap { $0.whole("index") }.map { "\($0)" }.joined(separator: ", ")
        add(
          .gpus, true, "there is no GPU \(Presentation.printable(missing.joined(separator: ", ")))",
          known.isEmpty ? "gpus: none runs trials on its processor" : "it has \(known)")
      }
    }
  }

  /// Whether a GPU, or an instance of it, is the one that `gpus` names by index or the beginning of its UUID.
  private static func answers(_ gpu: JSONValue, to name: String) -> Bool {
    var instances: [JSONValue] = []
    if case .array(let parts)? = gpu.member("mig") { instances = parts }
    if let index = Int(name) { return gpu.whole("index") == index }
    return ([gpu] + instances).contains { $0.text("uuid")?.hasPrefix(name) == true }
  }

  private func addConnectionFault(_ cluster: ClusterOptions, _ add: (Aspect, Bool, String, String) -> Void) {
    guard let reach = report?.member("reach"), let problem = reach.text("problem") else { return }
    let place = Presentation.printable(reach.text("address") ?? "?")
    let isDirect = (host.connect ?? cluster.connect) == .direct
    add(
      .connection, isDirect, "it cannot reach this machine at \(place): \(Presentation.printable(problem))",
      isDirect
        ? "open the firewall, name an address that it reaches with advertise, or set connect: auto"
        : "its bytes go through the SSH connection; connect: tunnel does not try first")
  }

  /// The program that the host itself must have; nil where the code brings it.
  private static func program(of entryPoint: [String]) -> String? {
    guard let first = entryPoint.first, !first.isEmpty, first.hasPrefix("/") || !first.contains("/") else { return nil }
    return first
  }

  /// Programs that hosts are asked for: none where the experiment has a PATH of its own.
  static func programs(of experiment: Experiment) -> [String] {
    guard !experiment.environment.contains(where: { $0.name == "PATH" }) else { return [] }
    return program(of: experiment.entryPoint).map { [$0] } ?? []
  }

  /// For scripts.
  func json(_ cluster: ClusterOptions, entryPoint: [String]) -> JSONValue {
    let faults: [JSONValue] = faults(cluster, entryPoint: entryPoint).map { fault in
      .object([
        .init("error", .bool(fault.isError)), .init("text", .string(fault.text)), .init("fix", .string(fault.fix)),
      ])
    }
    return .object([
      .init("host", .string(host.name)),
      .init("code", failure.map { .string($0.code) } ?? .null),
      .init("latency_ms", facts.map { .double($0.latency.inSeconds * 1_000) } ?? .null),
      .init("clock_skew_ms", facts?.clockSkew.map { .double($0.inSeconds * 1_000) } ?? .null),
      .init("machine", facts.map { .string($0.machine) } ?? .null),
      .init("report", report ?? .null),
      .init("faults", .array(faults)),
    ])
  }
}
