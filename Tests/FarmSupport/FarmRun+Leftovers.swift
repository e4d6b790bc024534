import Foundation
import Glibc
import TestSupport

extension FarmRun {
  /// What the run has left on hosts that are on: processes, locks of slots and of trials, mounts.
  /// - Parameter patience: how long processes may take to end.
  public func leftovers(patience: Duration = .seconds(30)) throws -> [String] {
    var problems: [String] = []
    for host in farm.names {
      var left: [Farm.HostProcess] = []
      do {
        try eventually("the end of all processes on \(host)", within: patience) {
          left = (farm.processesFromHere(host, "pasha") + farm.processesFromHere(host, "train.py")).filter {
            !$0.command.contains("farm-host.sh")
          }
          if !left.isEmpty { usleep(100_000) }
          return left.isEmpty
        }
      } catch is WaitedInVain {
        problems += left.map { "\(host): process \($0.pid) is left: \($0.command)" }
      }
      var places = [farm.home(host) + "/.pasha"]
      // Those of GPUs, in the host's own view of its disks.
      if let first = firstProcess(of: host) { places += Self.deviceLocks.map { "/proc/\(first)/root\($0)" } }
      problems += places.flatMap(Self.heldLocks).map { "\(host): the lock \($0) is held" }
      problems += mounts(host).map { "\(host): a mount is left: \($0)" }
    }
    return problems
  }

  /// Where the locks of GPUs are, one or the other (`DeviceLocks`).
  private static let deviceLocks = ["/run/lock/pasha", "/tmp/pasha-locks"]

  /// Processes of the run that are left on the coordinator's machine, once the coordinator has ended.
  public func leftoversHere(patience: Duration = .seconds(30)) throws -> [String] {
    var left: [String] = []
    do {
      try eventually("the end of all processes here", within: patience) {
        left = processesHere()
        if !left.isEmpty { usleep(100_000) }
        return left.isEmpty
      }
    } catch is WaitedInVain {}
    return left.map { "the coordinator's machine: \($0)" }
  }

  /// Programs of pasha outside of the hosts that know of the run's folder.
  private func processesHere() -> [String] {
    let files = FileManager.default
    let here = try? files.destinationOfSymbolicLink(atPath: "/proc/self/ns/pid")
    let names = (try? files.contentsOfDirectory(atPath: "/proc")) ?? []
    return names.compactMap { Int32($0) }.sorted().compactMap { pid in
      let process = "/proc/\(pid)"
      guard let program = try? files.destinationOfSymbolicLink(atPath: process + "/exe"),
        (program as NSString).lastPathComponent.hasPrefix("pasha-"),
        (try? files.destinationOfSymbolicLink(atPath: process + "/ns/pid")) == here,
        let words = files.contents(atPath: process + "/cmdline"),
        let settings = files.contents(atPath: process + "/environ")
      else { return nil }
      let command = String(decoding: words, as: UTF8.self).replacing("\0", with: " ")
      let isOurs = (command + String(decoding: settings, as: UTF8.self)).contains(place.folder.path)
      return isOurs ? "process \(pid) is left: \(command)" : nil
    }
  }

  /// Files named as locks below a folder that somebody holds.
  public static func heldLocks(below folder: String) -> [String] {
    let names = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []
    return names.filter { $0.hasSuffix(".lock") || $0.hasSuffix("/lock") }.sorted().filter { name in
      let descriptor = open("\(folder)/\(name)", O_RDONLY | O_CLOEXEC)
      guard descriptor >= 0 else { return false }
      defer { close(descriptor) }
      return flock(descriptor, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK
    }
  }

  /// The process id here of a host's first process.
  private func firstProcess(of host: String) -> Int32? {
    let text = try? String(contentsOfFile: "\(farm.folder)/hosts/\(host)/init.pid", encoding: .utf8)
    return text.flatMap { Int32($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
  }

  /// Mounts of a host below the folders of pasha's.
  private func mounts(_ host: String) -> [String] {
    guard let pid = firstProcess(of: host),
      let text = try? String(contentsOfFile: "/proc/\(pid)/mountinfo", encoding: .utf8)
    else { return [] }
    return text.split(separator: "\n").compactMap { line in
      let words = line.split(separator: " ")
      return words.count > 4 && words[4].contains("/.pasha/") ? String(words[4]) : nil
    }
  }
}
