import HostSystem

/// How many processes the kernel has killed for want of memory: in our memory cgroup where it says so, on the whole
/// host otherwise.
struct MemoryKills {
  private let path: String?
  private let before: Int

  init() {
    path = Self.candidates().first { Self.count(in: $0) != nil }
    before = path.flatMap(Self.count) ?? 0
  }

  /// Whether there were more since this value was made.
  func hasIncreased() -> Bool {
    guard let path, let count = Self.count(in: path) else { return false }
    return count > before
  }

  /// Files with a line `oom_kill N`. In a container the cgroup's path may be the host's while the mount shows the
  /// container's own as its root.
  private static func candidates() -> [String] {
    var paths: [String] = []
    let groups = (try? Files.readText("/proc/self/cgroup", limit: 65_536)) ?? ""
    for line in groups.split(separator: "\n") {
      let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard parts.count == 3 else { continue }
      if parts[1].split(separator: ",").contains("memory") {
        paths += [parts[2], ""].map { "/sys/fs/cgroup/memory\($0)/memory.oom_control" }
      } else if parts[0] == "0" {
        paths += [parts[2], ""].map { "/sys/fs/cgroup\($0)/memory.events" }
      }
    }
    return paths + ["/proc/vmstat"]
  }

  private static func count(in path: String) -> Int? {
    guard let text = try? Files.readText(path, limit: 65_536) else { return nil }
    for line in text.split(separator: "\n") where line.hasPrefix("oom_kill ") {
      return Int(line.dropFirst(9))
    }
    return nil
  }
}
