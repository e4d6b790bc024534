import Glibc
import HostSystem
import Launching
import SecureShell
import TuningModel

/// Looks at the host: what it is, whether the agent can run there, whether the bundle is there.
struct Probe {
  let host: String
  let owner: Owner
  let shell: any RemoteShell
  /// Logins may start slowly: home directories on servers, modules, conda.
  let patience: Duration

  private static let what = "looking at the host"

  /// - Returns: what the host said, and the script there, which waits to become another program.
  func run(workDirectory: String, bundle: String?) throws(HostFailure) -> (HostFacts, waiting: MarkedAnswers) {
    let answers = try MarkedAnswers(
      Scripts.probe, lines: [workDirectory, bundle ?? "none"], on: shell, host: host, owner: owner)
    _ = try answers.expect(within: patience, doing: Self.what)
    let sent = HostClock.moment
    _ = try answers.run.write("\n".utf8)
    var found: [String: String] = [:]
    var received = sent
    while found["end"] == nil {
      let (name, value) = try answers.expect(within: patience, doing: Self.what)
      if name == "time" { received = HostClock.moment }
      found[name] = value
    }
    return (try facts(found, sent: sent, received: received), answers)
  }

  private func facts(
    _ found: [String: String], sent: Moment, received: Moment
  ) throws(HostFailure) -> HostFacts {
    let system = found["system"] ?? ""
    let machine = found["machine"] ?? ""
    guard system == "Linux" else {
      throw HostFailure(
        HostFailure.system,
        "\(host): the host runs \(system.isEmpty ? "an unknown system" : system), and the agent "
          + "needs Linux", isRetryable: false)
    }
    guard machine == Self.ownMachine else {
      throw HostFailure(
        HostFailure.architecture,
        "\(host): the host is \(machine), and the agent of this coordinator is built for \(Self.ownMachine): leave it "
          + "out, or start the coordinator on such a machine", isRetryable: false)
    }
    guard found["proc"] != nil else {
      throw HostFailure(
        HostFailure.noProc,
        "\(host): /proc is not mounted there, or cannot be read, and the agent cannot see processes without it: "
          + "`mount -t proc proc /proc`, in a container too", isRetryable: false)
    }
    let latency = received.monotonic - sent.monotonic
    return HostFacts(
      system: system, machine: machine, kernel: found["kernel"] ?? "", libc: Self.filled(found["libc"]),
      home: found["home"] ?? "", user: found["user"] ?? "", workDirectory: found["work"] ?? "",
      freeBytes: Self.freeBytes(found["free"] ?? ""),
      clockSkew: Self.skew(found["time"] ?? "", sent: sent.wall, latency: latency), latency: latency,
      hasBundle: found["bundle"] != nil, clientAddress: Self.filled(found["client"]))
  }

  static var ownMachine: String {
    var name = utsname()
    guard uname(&name) == 0 else { return "x86_64" }
    return withUnsafeBytes(of: &name.machine) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }

  private static func filled(_ text: String?) -> String? {
    guard let text, !text.isEmpty else { return nil }
    return text
  }

  /// The fourth column of a line of `df -Pk`, counted from the one with the percent sign: the first may hold spaces.
  static func freeBytes(_ line: String) -> Int? {
    let words = line.split(separator: " ")
    guard let percent = words.lastIndex(where: { $0.hasSuffix("%") }), percent >= 1,
      let blocks = Int(words[percent - 1])
    else { return nil }
    let (bytes, isTooMuch) = blocks.multipliedReportingOverflow(by: 1_024)
    return isTooMuch ? nil : bytes
  }

  /// - Parameter text: seconds since 1970 there, with nine digits after the point where `date` can.
  static func skew(_ text: String, sent: Timestamp, latency: Duration) -> Duration? {
    let parts = text.split(separator: ".")
    guard let seconds = parts.first.flatMap({ Int64($0) }), (0..<1 << 40).contains(seconds) else { return nil }
    let fraction = parts.count == 2 && parts[1].utf8.count == 9 ? Int64(parts[1]) ?? 500_000_000 : 500_000_000
    let there = Duration.seconds(seconds) + .nanoseconds(fraction)
    return there - .microseconds(sent.microseconds) - latency / 2
  }
}
