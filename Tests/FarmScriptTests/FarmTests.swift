import Foundation
import Glibc
import TestSupport
import Testing

/// `Cluster/farm` itself: its hosts are told apart by everything that pasha tells hosts apart by, and leave nothing.
@Suite(.enabled(if: Farm.hasNamespaces, "hosts in namespaces need root"))
struct FarmTests {
  @Test func hostsHaveAnIdentityOfTheirOwn() throws {
    let farm = try Farm(hosts: 3)
    #expect(farm.names == ["ph1", "ph2", "ph3"])
    var seen: Set<String> = []
    for host in farm.names {
      let answer = try farm.run(
        host,
        """
        hostname; cat /etc/machine-id /proc/sys/kernel/random/boot_id; pwd; touch ~/here /tmp/here
        python3 -c 'print(6 * 7)'; ls /tmp; touch /usr/here || echo read-only
        """)
      let lines = answer.output.split(separator: "\n").map(String.init)
      try #require(answer.status == 0 && lines.count == 7, "\(answer)")
      #expect(lines[0] == host)
      #expect(lines[1].count == 32 && lines[2].count == 36)
      #expect(Array(lines[3...]) == ["/root", "42", "here", "read-only"])
      #expect(FileManager.default.fileExists(atPath: farm.home(host) + "/here"))
      seen.formUnion(lines[0...2])
    }
    #expect(seen.count == 9, "names, machine ids and boot ids all differ: \(seen)")
    #expect(!seen.contains(try String(contentsOfFile: "/etc/machine-id", encoding: .utf8).filter { $0 != "\n" }))
  }

  @Test func hostsReachTheFarmAndNothingElse() throws {
    let farm = try Farm(hosts: 2)
    let peer = try farm.run("ph1", "exec 3<>/dev/tcp/ph2/22 && read -t 5 line <&3 && echo $line")
    #expect(peer.output.hasPrefix("SSH-2.0"), "\(peer)")
    let routes = try farm.run("ph1", "ip -4 route; ip -6 route show dev eth0; ls -A /run")
    #expect(routes.output.split(separator: "\n").count { $0.contains("eth0") || $0.contains("default") } == 1)
    #expect(routes.output.contains("dev eth0 proto kernel scope link"), "\(routes)")
  }

  @Test func aCutHostGoesOnAndComesBack() throws {
    let farm = try Farm(hosts: 2)
    #expect(try farm.run("ph1", "setsid sleep 4321 >/dev/null 2>&1 </dev/null &").status == 0)
    try farm.cut("ph1")
    #expect(try farm.run("ph1", "true").status == 255)
    #expect(try farm.run("ph2", "true").status == 0)
    #expect(try farm.processes("ph1", "sleep 4321").count == 1)
    #expect(try farm.inside("ph1", "hostname").output == "ph1\n")
    try farm.heal("ph1")
    #expect(try farm.run("ph1", "hostname").output == "ph1\n")
  }

  @Test func aKilledHostLosesItsProcessesAndKeepsItsDisk() throws {
    let farm = try Farm(hosts: 2)
    let identity = "cat /proc/sys/kernel/random/boot_id /etc/machine-id"
    let before = try farm.run(
      "ph1", "setsid sleep 4322 >/dev/null 2>&1 </dev/null & touch ~/kept /tmp/lost; \(identity)")
    #expect(before.status == 0, "\(before)")
    try farm.kill("ph1")
    #expect(try farm.run("ph1", "true").status == 255)
    #expect(!Self.isRunningHere("4322"))
    try farm.start("ph1")
    let after = try farm.run("ph1", identity)
    let (old, new) = (before.output.split(separator: "\n"), after.output.split(separator: "\n"))
    try #require(old.count == 2 && new.count == 2, "\(before) \(after)")
    #expect(old[0] != new[0] && old[1] == new[1])
    #expect(try farm.run("ph1", "ls ~ /tmp").output == "/root:\nkept\n\n/tmp:\n")
    #expect(try farm.processes("ph1", "sleep").isEmpty)
    #expect(throws: WaitedInVain.self) { try farm.start("ph1") }
  }

  @Test func behindTheFirewallOnlySSHComesIn() throws {
    let farm = try Farm(hosts: 2)
    let outward = "timeout 2 bash -c '</dev/tcp/ph2/22' && echo reached || echo dropped"
    #expect(try farm.run("ph1", outward).output == "reached\n")
    try farm.firewall("ph1")
    #expect(try farm.run("ph1", outward).output == "dropped\n")
    #expect(try farm.run("ph1", "bash -c '</dev/tcp/127.0.0.1/22' && echo itself").output == "itself\n")
    try farm.reboot("ph1")
    #expect(try farm.run("ph1", outward).output == "dropped\n", "the firewall outlives the host's restart")
    try farm.open("ph1")
    #expect(try farm.run("ph1", outward).output == "reached\n")
  }

  @Test func aSilentHostTakesConnectionsAndSaysNothing() throws {
    let farm = try Farm(hosts: 2)
    try farm.silence("ph1")
    let listening = try farm.run(
      "ph2", "exec 3<>/dev/tcp/ph1/22 && echo accepted && { read -t 2 line <&3 || echo silent; }")
    #expect(listening.output == "accepted\nsilent\n", "\(listening)")
    try farm.answer("ph1")
    #expect(try farm.run("ph1", "hostname").output == "ph1\n")
  }

  @Test func anotherHostKeyIsNoticed() throws {
    let farm = try Farm(hosts: 1)
    try farm.rekey("ph1")
    let refused = try farm.run("ph1", "true")
    #expect(refused.status == 255 && refused.errors.contains("IDENTIFICATION HAS CHANGED"), "\(refused)")
  }

  @Test func nothingIsLeft() throws {
    var farm: Farm? = try Farm(hosts: 3)
    let folder = try #require(farm?.folder)
    let address = try #require(farm?.coordinatorAddress)
    #expect(try farm?.run("ph2", "setsid sleep 4323 >/dev/null 2>&1 </dev/null &").status == 0)
    try farm?.cut("ph1")
    try farm?.kill("ph3")
    #expect(Self.text("ip", ["-o", "-4", "address"]).contains(" \(address)/24 "))
    farm = nil
    #expect(!Self.text("ip", ["-o", "-4", "address"]).contains(" \(address)/24 "))
    #expect(!Self.isRunningHere("4323"))
    #expect(!FileManager.default.fileExists(atPath: folder))
    #expect(Self.text("ip", ["netns", "list"]).isEmpty)
  }

  @Test func aFarmWhoseStarterWasKilledIsTakenDown() throws {
    let folder = TemporaryFolder("farm-crash")
    let script = repositoryRoot().appendingPathComponent("Cluster/farm").path
    let prefix = "cr\(getpid() % 10_000)"
    defer { _ = try? CommandProcess(script, ["down", "--prefix", prefix]).wait() }
    // Killed at several places, those before and after the folder is there.
    for delay in [5, 20, 60, 150, 300] {
      let starting = try CommandProcess(script, ["up", "3", "--prefix", prefix, "--dir", folder.file("farm")])
      usleep(useconds_t(delay * 1_000))
      starting.send(SIGKILL)
      try starting.wait()
      let ending = try CommandProcess(script, ["down", "--prefix", prefix])
      #expect(try ending.wait() == 0, "\(ending.output)\(ending.errors)")
      #expect(!Self.text("ip", ["-o", "link"]).contains("pf\(prefix)"), "after \(delay) ms")
      let left = FileManager.default.enumerator(atPath: folder.path)?.allObjects ?? []
      #expect(left.isEmpty || left.count == 1, "an empty folder at most, after \(delay) ms: \(left)")
      try? FileManager.default.removeItem(atPath: folder.file("farm"))
    }
  }

  /// Whether a process on this machine, in any namespace, has the word as an argument. Not those that have ended and
  /// wait for their parent.
  private static func isRunningHere(_ word: String) -> Bool {
    let folders = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return folders.contains { name in
      guard let arguments = FileManager.default.contents(atPath: "/proc/\(name)/cmdline") else { return false }
      return arguments.split(separator: 0).contains { $0.elementsEqual(word.utf8) }
    }
  }

  private static func text(_ program: String, _ arguments: [String]) -> String {
    guard let process = try? CommandProcess("/usr/bin/env", [program] + arguments), (try? process.wait()) == 0 else {
      return "\(program) failed"
    }
    return process.output
  }
}

/// Without namespaces: servers on loopback addresses, each with a home folder of its own.
struct LoopbackFarmTests {
  @Test func hostsHaveHomesOfTheirOwn() throws {
    let farm = try Farm(hosts: 2, loopback: true)
    for host in farm.names {
      let answer = try farm.run(host, "pwd -P; touch \"$HOME/here\"; hostname")
      #expect(answer.status == 0 && answer.output.hasPrefix("\(farm.folder)/hosts/\(host)/home\n"), "\(answer)")
      #expect(FileManager.default.fileExists(atPath: farm.home(host) + "/here"))
    }
    #expect(farm.address("ph1") == "127.0.0.2" && farm.address("ph2") == "127.0.0.3")
  }

  @Test func whatNeedsNamespacesSaysSo() throws {
    let farm = try Farm(hosts: 1, loopback: true)
    for command in ["cut", "heal", "kill", "start", "firewall", "open"] {
      let script = repositoryRoot().appendingPathComponent("Cluster/farm").path
      let process = try CommandProcess(script, [command, "--dir", farm.folder, "ph1"])
      #expect(try process.wait() == 69)
      #expect(process.errors.contains("namespaces"), "\(process.errors)")
    }
  }

  @Test func whatWasStartedOverSSHEndsWithTheFarm() throws {
    let farm = try Farm(hosts: 3, loopback: true)
    let servers = try farm.names.map {
      try String(contentsOfFile: farm.folder + "/hosts/\($0)/sshd.pid", encoding: .utf8).filter(\.isNumber)
    }
    for server in servers { #expect(FileManager.default.fileExists(atPath: "/proc/\(server)")) }
    let started = try farm.run("ph1", "setsid sleep 4324 >/dev/null 2>&1 </dev/null & echo $!")
    let pid = try #require(Int32(started.output.filter(\.isNumber)))
    #expect(kill(pid, 0) == 0)
    try farm.down()
    for ended in ["\(pid)"] + servers {
      // Gone, or ended and waiting for its parent.
      #expect(FileManager.default.contents(atPath: "/proc/\(ended)/cmdline").map(\.isEmpty) ?? true, "\(ended)")
    }
    #expect(!FileManager.default.fileExists(atPath: farm.folder))
  }

  @Test func whoEndsMeanwhileDoesNotHideAServer() throws {
    let others = try CommandProcess("/bin/sh", ["-c", "while :; do (:) & (:) & wait; done"])
    defer { others.send(SIGKILL) }
    let library = repositoryRoot().appendingPathComponent("Cluster/lib/sshd.sh").path
    let asking = try CommandProcess(
      "/bin/bash", ["-c", ". \(library); for _ in {1..50}; do descendants $$ | grep -cx $$; done | grep -c 1"])
    #expect(try asking.wait() == 0)
    #expect(asking.output == "50\n", "\(asking.output)\(asking.errors)")
  }
}
