import Foundation
import Glibc

/// Test hosts on this machine, made by `Cluster/farm`: as root in namespaces of their own, otherwise SSH servers on
/// loopback addresses. Ended and removed with the last reference, and also when the test process dies.
public final class Farm: @unchecked Sendable {
  // Sendable in truth: everything is set once, and the holder's end is behind the lock.
  /// Names of the hosts, aliases in `sshConfiguration`: ph1, ph2, ...
  public let names: [String]
  /// Everything of the farm: keys, settings, `hosts/NAME/root` (a host's home folder), `hosts/NAME/sshd.log`.
  public let folder: String
  /// The address under which hosts reach this machine.
  public let coordinatorAddress: String
  private let addresses: [String: String]
  /// Which farm of this machine it is.
  public let prefix: String
  private let holder = Process()
  private let holderInput = Pipe()
  private let lock = NSLock()
  private var isDown = false
  private let place = TemporaryFolder("farm")

  public var sshConfiguration: String { folder + "/ssh_config" }
  public var knownHosts: String { folder + "/known_hosts" }
  /// The private key that all hosts admit.
  public var key: String { folder + "/key" }

  /// Whether this user can have hosts in namespaces: what cuts, kills and firewalls needs them.
  public static var hasNamespaces: Bool { geteuid() == 0 }

  /// What a command printed, and its exit status.
  public struct Answer: Sendable, CustomStringConvertible {
    public let status: Int32
    public let output: String
    public let errors: String

    public var description: String { "exit status \(status): \(output)\(errors)" }
  }

  /// A process of a host, with its process id there.
  public struct HostProcess: Sendable {
    public let pid: Int32
    public let command: String
  }

  /// Starts `count` hosts and waits until all of them take SSH connections.
  /// - Parameter disk: size of the file system that each host's home folder is then, such as `64M`.
  public init(hosts count: Int, loopback: Bool = false, disk: String? = nil) throws {
    let letters = "abcdefghijklmnopqrstuvwxyz0123456789"
    let prefix = String((0..<6).map { _ in letters.randomElement() ?? "x" })
    let folder = place.file("farm")
    self.prefix = prefix
    self.folder = folder
    holder.executableURL = URL(fileURLWithPath: Self.script)
    // It takes the farm down when its input ends, which the end of this process sees to.
    holder.arguments =
      ["up", "\(count)", "--prefix", prefix, "--dir", folder, "--hold"] + (loopback ? ["--loopback"] : [])
      + (disk.map { ["--disk", $0] } ?? [])
    holder.standardInput = holderInput
    let log = try place.write("farm.log", "")
    let messages = FileHandle(forWritingAtPath: log) ?? .nullDevice
    holder.standardOutput = messages
    holder.standardError = messages
    try holder.run()
    let state: State
    do {
      state = try eventually("the farm's hosts", within: .seconds(60)) { [holder, place] in
        if let text = FileManager.default.contents(atPath: folder + "/farm.json") {
          return try JSONDecoder().decode(State.self, from: text)
        }
        guard holder.isRunning else {
          throw WaitedInVain(description: "Cluster/farm up: \(place.read("farm.log") ?? "")")
        }
        return nil
      }
    } catch {
      try? holderInput.fileHandleForWriting.close()
      throw error
    }
    names = state.hosts.map(\.name)
    addresses = Dictionary(state.hosts.map { ($0.name, $0.address) }) { $1 }
    coordinatorAddress = state.coordinatorAddress
  }

  deinit { try? down() }

  /// Ends all hosts with everything on them and removes the farm's folder.
  public func down() throws {
    lock.lock()
    defer { lock.unlock() }
    if isDown { return }
    isDown = true
    try? holderInput.fileHandleForWriting.close()
    try? eventually("the farm's holder to end", within: .seconds(30)) { [holder] in !holder.isRunning }
    if holder.isRunning { Glibc.kill(holder.processIdentifier, SIGKILL) }
    if FileManager.default.fileExists(atPath: folder) { try farm(["down"]) }
  }

  /// The host's address; empty for a name that is none.
  public func address(_ host: String) -> String { addresses[host] ?? "" }

  /// The host's home folder, as a path on this machine.
  public func home(_ host: String) -> String { "\(folder)/hosts/\(host)/root" }

  /// Pulls the network cable; what runs on the host goes on.
  public func cut(_ host: String) throws { try farm(["cut", host]) }
  public func heal(_ host: String) throws { try farm(["heal", host]) }
  /// Power loss: all processes end, and nobody is told.
  public func kill(_ host: String) throws { try farm(["kill", host]) }
  /// Power on after `kill`: another boot id, the same disk.
  public func start(_ host: String) throws { try farm(["start", host]) }
  public func reboot(_ host: String) throws { try farm(["reboot", host]) }
  /// The host takes connections on its SSH port and never answers.
  public func silence(_ host: String) throws { try farm(["silence", host]) }
  public func answer(_ host: String) throws { try farm(["answer", host]) }
  /// Other host keys than those in `knownHosts`.
  public func rekey(_ host: String) throws { try farm(["rekey", host]) }
  /// Nothing but incoming SSH connections, either way.
  public func firewall(_ host: String) throws { try farm(["firewall", host]) }
  public func open(_ host: String) throws { try farm(["open", host]) }

  /// Runs a shell command on the host over SSH.
  public func run(_ host: String, _ command: String, limit: Double = 60) throws -> Answer {
    try answer("/usr/bin/ssh", ["-F", sshConfiguration, "-o", "ConnectTimeout=5", host, command], limit: limit)
  }

  /// Runs a shell command on the host without SSH, also when it is cut off.
  public func inside(_ host: String, _ command: String, limit: Double = 60) throws -> Answer {
    try answer(Self.script, ["exec", "--prefix", prefix, host, "sh", "-c", command], limit: limit)
  }

  /// The host's processes whose command line contains `word`; no need for its network.
  public func processes(_ host: String, _ word: String = "") throws -> [HostProcess] {
    try farm(["processes", host, word]).split(separator: "\n").compactMap { line in
      let parts = line.split(separator: " ", maxSplits: 1)
      guard parts.count == 2, let pid = Int32(parts[0]) else { return nil }
      return HostProcess(pid: pid, command: String(parts[1]))
    }
  }

  /// Runs a command of `Cluster/farm` for this farm and gives what it printed.
  @discardableResult
  public func farm(_ words: [String]) throws -> String {
    let answer = try answer(Self.script, [words[0], "--prefix", prefix] + words.dropFirst(), limit: 120)
    guard answer.status == 0 else { throw WaitedInVain(description: "Cluster/farm \(words): \(answer)") }
    return answer.output
  }

  private func answer(_ program: String, _ arguments: [String], limit: Double) throws -> Answer {
    let process = try CommandProcess(program, arguments)
    let status = try process.wait(limit: limit)
    return Answer(status: status, output: process.output, errors: process.errors)
  }

  private static var script: String { repositoryRoot().appendingPathComponent("Cluster/farm").path }

  /// `farm.json`, as far as it is of interest.
  private struct State: Decodable {
    let coordinatorAddress: String
    let hosts: [Host]

    enum CodingKeys: String, CodingKey {
      case coordinatorAddress = "coordinator_address"
      case hosts
    }

    struct Host: Decodable {
      let name: String
      let address: String
    }
  }
}
