import Foundation
import Glibc

/// What a host's link can suffer from, apart from being cut.
public enum LinkTrouble: String, Sendable, CaseIterable {
  /// Nothing arrives at the host; what it sends goes out.
  case hearsNothing
  /// What the host sends is lost; what is sent to it arrives.
  case heardByNobody
  /// Three packets of ten are lost, either way.
  case loss
  /// 50 ms each way.
  case delay
  /// 1 Mbit/s each way.
  case narrow
}

extension Farm {
  /// The host's end of its link on this machine.
  func veth(_ host: String) -> String { "pf\(prefix)v\(host.dropFirst(2))" }

  /// Begins a trouble of the host's link and gives what ends it; one at a time, for a host that is on.
  public func trouble(_ host: String, _ trouble: LinkTrouble) throws -> () throws -> Void {
    switch trouble {
    case .hearsNothing: return try rules(host, ["INPUT -i eth0 -j DROP"])
    case .heardByNobody: return try rules(host, ["OUTPUT -o eth0 -j DROP"])
    case .loss:
      let some = "-m statistic --mode random --probability 0.3 -j DROP"
      return try rules(host, ["INPUT -i eth0 \(some)", "OUTPUT -o eth0 \(some)"])
    case .narrow: return try narrow(host)
    case .delay: return try delay(host)
    }
  }

  private func rules(_ host: String, _ rules: [String]) throws -> () throws -> Void {
    func all(_ letter: String) -> String { rules.map { "iptables -w -\(letter) \($0)" }.joined(separator: " && ") }
    try must(inside(host, all("I")))
    return { [self] in try must(inside(host, all("D"))) }
  }

  private func narrow(_ host: String) throws -> () throws -> Void {
    let rate = "root tbf rate 1mbit burst 32kb latency 400ms"
    try must(inside(host, "tc qdisc add dev eth0 \(rate)"))
    try must(here("tc qdisc add dev \(veth(host)) \(rate)"))
    return { [self] in
      try must(here("tc qdisc del dev \(veth(host)) root"))
      try must(inside(host, "tc qdisc del dev eth0 root"))
    }
  }

  private func delay(_ host: String) throws -> () throws -> Void {
    let script = repositoryRoot().appendingPathComponent("Tests/Fixtures/network/delayed_link.py")
    let copy = "\(folder)/hosts/\(host)/delayed_link.py"
    try Data(contentsOf: script).write(to: URL(fileURLWithPath: copy))
    try must(inside(host, "python3 /run/host/delayed_link.py eth0"))
    let veth = veth(host)
    let bridge = "pf\(prefix)br0"
    let tap = "pf\(prefix)d\(host.dropFirst(2))"
    let link = try startDaemon("/usr/bin/env", ["python3", script.path, veth, tap, bridge, "50"])
    try eventually("the delayed link of \(host)", within: .seconds(30)) {
      guard !reap(link) else { throw WaitedInVain(description: "the delayed link of \(host) ended at once") }
      return FileManager.default.fileExists(atPath: "/sys/class/net/\(tap)/master")
    }
    return { [self] in
      endDaemon(link)
      try must(here("ip link set \(veth) master \(bridge)"))
    }
  }

  /// Lets all processes of the host stand still and pulls its cable, as when a machine is suspended, and gives what lets
  /// them go on, all at once.
  public func suspend(_ host: String) throws -> () throws -> Void {
    let number = try String(contentsOfFile: "\(folder)/hosts/\(host)/init.pid", encoding: .utf8)
    let pid = number.trimmingCharacters(in: .whitespacesAndNewlines)
    let space = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/ns/pid")
    try cut(host)
    // What was being started while the others were stopped is stopped too.
    for _ in 0..<3 { Self.signal(SIGSTOP, processesIn: space) }
    return { [self] in
      try heal(host)
      Self.signal(SIGCONT, processesIn: space)
    }
  }

  private static func signal(_ signal: Int32, processesIn space: String) {
    for name in (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? [] {
      guard let pid = Int32(name),
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/ns/pid")) == space
      else { continue }
      Glibc.kill(pid, signal)
    }
  }

  /// A shell command on this machine.
  private func here(_ command: String) throws -> Answer {
    let process = try CommandProcess("/bin/sh", ["-c", "PATH=$PATH:/usr/sbin:/sbin; \(command)"])
    let status = try process.wait(limit: 30)
    return Answer(status: status, output: process.output, errors: process.errors)
  }

  private func must(_ answer: Answer) throws {
    guard answer.status == 0 else { throw WaitedInVain(description: "a link: \(answer)") }
  }

  // MARK: Processes, seen from this machine

  /// The host's processes with the ids that they have on this machine, so that no shell needs to run there.
  public func processesFromHere(_ host: String, _ word: String = "") -> [HostProcess] {
    guard let text = try? String(contentsOfFile: "\(folder)/hosts/\(host)/init.pid", encoding: .utf8),
      let first = Int32(text.trimmingCharacters(in: .whitespacesAndNewlines)),
      let space = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(first)/ns/pid"),
      // Never those of this machine: the number of a host that is off may be another process's by now.
      space != (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/ns/pid"))
    else { return [] }
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return names.compactMap { Int32($0) }.sorted().compactMap { pid in
      guard (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/ns/pid")) == space,
        let data = FileManager.default.contents(atPath: "/proc/\(pid)/cmdline"), !data.isEmpty
      else { return nil }
      let command = String(decoding: data, as: UTF8.self).replacing("\0", with: " ")
      return command.contains(word) ? HostProcess(pid: pid, command: command) : nil
    }
  }
}
