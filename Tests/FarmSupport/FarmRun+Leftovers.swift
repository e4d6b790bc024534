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
      problems += Self.heldLocks(below: farm.home(host) + "/.pasha").map { "\(host): the lock \($0) is held" }
      problems += mounts(host).map { "\(host): a mount is left: \($0)" }
    }
    return problems
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

  /// Mounts of a host below the folders of pasha's.
  private func mounts(_ host: String) -> [String] {
    guard let pid = try? String(contentsOfFile: "\(farm.folder)/hosts/\(host)/init.pid", encoding: .utf8),
      let text = try? String(
        contentsOfFile: "/proc/\(pid.trimmingCharacters(in: .whitespacesAndNewlines))/mountinfo", encoding: .utf8)
    else { return [] }
    return text.split(separator: "\n").compactMap { line in
      let words = line.split(separator: " ")
      return words.count > 4 && words[4].contains("/.pasha/") ? String(words[4]) : nil
    }
  }
}
