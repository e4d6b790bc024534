import TuningModel

extension HostEvent {
  /// The event as a line of output.
  public var line: String {
    let (name, members) = parts
    return JSONValue.object([.init("event", .string(name))] + members).jsonText() + "\n"
  }

  private var parts: (String, [JSONValue.Member]) {
    switch self {
    case .note(let text): ("note", [.init("text", .string(text))])
    case .ask(let key, let isRetry):
      ("ask", [.init("what", .string("passphrase")), .init("key", .string(key)), .init("retry", .bool(isRetry))])
    case .connected(let key, let took):
      ("connected", [.init("host_key", .text(key)), .init("ms", .milliseconds(took))])
    case .probed(let facts): ("probed", facts.members)
    case .uploading(let bytes, let done): ("uploading", [.init("bytes", .int(bytes)), .init("done", .int(done))])
    case .uploaded(let took): ("uploaded", [.init("ms", .milliseconds(took))])
    case .announced(let key, let pid, let machine):
      (
        "announced",
        [.init("public_key", .string(key)), .init("pid", .int(pid)), .init("machine_id", .string(machine))]
      )
    case .unreachable(let text): ("unreachable", [.init("text", .string(text))])
    case .running: ("running", [])
    case .alive(let pid): ("alive", [.init("pid", .int(pid))])
    case .inspected(let report): ("inspected", [.init("report", report)])
    case .ended(let agents, let attempts):
      ("ended", [.init("agents", .int(agents)), .init("attempts", .int(attempts))])
    case .listening(let host): ("listening", [.init("host", .string(host))])
    case .failed(let failure):
      (
        "failed",
        [
          .init("code", .string(failure.code)), .init("message", .string(failure.message)),
          .init("retryable", .bool(failure.isRetryable)),
        ]
      )
    }
  }

  /// nil for a line that is no event.
  public init?(json value: JSONValue) {
    switch value.text("event") {
    case "note":
      guard let text = value.text("text") else { return nil }
      self = .note(text)
    case "ask":
      guard let key = value.text("key") else { return nil }
      self = .ask(keyFile: key, isRetry: value.member("retry") == .bool(true))
    case "connected":
      self = .connected(hostKey: value.text("host_key"), took: value.duration("ms") ?? .zero)
    case "probed":
      guard let facts = HostFacts(json: value) else { return nil }
      self = .probed(facts)
    case "uploading": self = .uploading(bytes: value.whole("bytes") ?? 0, done: value.whole("done") ?? 0)
    case "uploaded": self = .uploaded(took: value.duration("ms") ?? .zero)
    case "announced":
      guard let key = value.text("public_key"), let pid = value.whole("pid"), let machine = value.text("machine_id")
      else { return nil }
      self = .announced(publicKey: key, pid: pid, machineID: machine)
    case "unreachable": self = .unreachable(value.text("text") ?? "the coordinator cannot be reached")
    case "running": self = .running
    case "alive": self = .alive(pid: value.whole("pid") ?? 0)
    case "inspected":
      guard let report = value.member("report") else { return nil }
      self = .inspected(report)
    case "ended":
      guard let agents = value.whole("agents"), let attempts = value.whole("attempts") else { return nil }
      self = .ended(agents: agents, attempts: attempts)
    case "listening":
      guard let host = value.text("host") else { return nil }
      self = .listening(host: host)
    case "failed":
      guard let code = value.text("code"), let message = value.text("message") else { return nil }
      self = .failed(HostFailure(code, message, isRetryable: value.member("retryable") == .bool(true)))
    default: return nil
    }
  }
}

extension HostFacts {
  fileprivate var members: [JSONValue.Member] {
    [
      .init("system", .string(system)), .init("machine", .string(machine)), .init("kernel", .string(kernel)),
      .init("libc", .text(libc)), .init("home", .string(home)), .init("user", .string(user)),
      .init("work_dir", .string(workDirectory)), .init("free_bytes", freeBytes.map { .int($0) } ?? .null),
      .init("clock_skew_ms", clockSkew.map { .milliseconds($0) } ?? .null),
      .init("latency_ms", .milliseconds(latency)), .init("has_bundle", .bool(hasBundle)),
      .init("client_address", .text(clientAddress)),
    ]
  }

  fileprivate init?(json value: JSONValue) {
    guard let system = value.text("system"), let machine = value.text("machine"), let kernel = value.text("kernel"),
      let home = value.text("home"), let user = value.text("user"), let work = value.text("work_dir")
    else { return nil }
    self.init(
      system: system, machine: machine, kernel: kernel, libc: value.text("libc"), home: home, user: user,
      workDirectory: work, freeBytes: value.whole("free_bytes"), clockSkew: value.duration("clock_skew_ms"),
      latency: value.duration("latency_ms") ?? .zero, hasBundle: value.member("has_bundle") == .bool(true),
      clientAddress: value.text("client_address"))
  }
}

extension JSONValue {
  fileprivate static func text(_ text: String?) -> JSONValue { text.map { .string($0) } ?? .null }

  /// Milliseconds, with digits after the point.
  fileprivate static func milliseconds(_ duration: Duration) -> JSONValue {
    .double(Double(duration.wholeNanoseconds / 1_000) / 1_000)
  }

  fileprivate func duration(_ key: String) -> Duration? {
    switch member(key) {
    case .int(let value): .milliseconds(value)
    case .double(let value) where value.magnitude < 1e12: .nanoseconds(Int64(value * 1e6))
    default: nil
    }
  }
}
