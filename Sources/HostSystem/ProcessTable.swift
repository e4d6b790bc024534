import CSandbox
import Glibc

/// One process as /proc/PID/stat shows it.
public struct ProcessEntry: Equatable, Sendable {
  public let pid: Int
  public let parent: Int
  public let group: Int
  public let session: Int
  /// `R`, `S`, `D`, `T`, `Z` …
  public let state: Character
  /// How many threads it has, 0 where it is not known.
  public let threads: Int
  /// Field 22: clock ticks since boot. With the pid and the boot id it names a process for ever.
  public let start: Int

  /// Whether it has ended and only waits to be reaped.
  public var isDead: Bool { state == "Z" || state == "X" }
  public var isStopped: Bool { state == "T" || state == "t" }
}

/// The processes of the host, as /proc shows them.
public enum ProcessTable {
  /// One process, nil when there is none.
  public static func entry(_ pid: Int) -> ProcessEntry? {
    guard pid > 0, let bytes = try? Files.read("/proc/\(pid)/stat", limit: 8_192) else { return nil }
    return parse(bytes)
  }

  /// All processes that can be seen, by pid.
  public static func all() -> [ProcessEntry] {
    guard let names = try? numbers(in: "/proc") else { return [] }
    return names.sorted().compactMap(entry)
  }

  /// Whether the process that was recorded with this start time still runs, dead ones that wait for their parent not
  /// counted.
  public static func isAlive(pid: Int, start: Int) -> Bool {
    guard let entry = entry(pid) else { return false }
    return entry.start == start && !entry.isDead
  }

  /// The number of this process.
  public static var ownPID: Int { Int(getpid()) }

  /// Every process below this one by parentage, dead ones included. Takes time in their number, not in the host's,
  /// where the kernel lists children.
  public static func descendants() -> [ProcessEntry] {
    guard let first = children(of: ownPID) else { return descendants(of: ownPID) }
    var found: [ProcessEntry] = []
    var seen: Set<Int> = []
    var next = first
    while let pid = next.popLast() {
      guard seen.insert(pid).inserted, let entry = entry(pid) else { continue }
      found.append(entry)
      next += children(of: pid) ?? []
    }
    return found.sorted { $0.pid < $1.pid }
  }

  /// How many processes and threads there are below this process, counted no further than a little above `most`; nil
  /// where the kernel does not list children. Fast: no process's own file is read.
  public static func descendantTasks(upTo most: Int) -> Int? {
    let seen = sandbox_visit_descendants(0, Int64(max(1, most)))
    return seen < 0 ? nil : Int(seen)
  }

  /// Signals every process below this one, each before its children are looked for: what has been stopped starts no
  /// others. How many processes and threads there were, nil where the kernel does not list children.
  @discardableResult
  public static func signalDescendants(_ signal: Int32) -> Int? {
    let seen = sandbox_visit_descendants(signal, 0)
    return seen < 0 ? nil : Int(seen)
  }

  /// Whether a process is below this one by parentage; nil for one that is no more.
  public static func isDescendant(_ pid: Int) -> Bool? {
    let own = ownPID
    var pid = pid
    // Parents go away and numbers come again while this goes up: no way to the top is longer than that.
    for _ in 0..<10_000 {
      guard let entry = entry(pid) else { return nil }
      if entry.parent == own { return true }
      if entry.parent <= 1 { return false }
      pid = entry.parent
    }
    return nil
  }

  /// Every process below `ancestor` by parentage in a table of all, dead ones included.
  public static func descendants(of ancestor: Int, in table: [ProcessEntry]? = nil) -> [ProcessEntry] {
    let table = table ?? all()
    var found: [ProcessEntry] = []
    var seen: Set<Int> = [ancestor]
    var above = seen
    while !above.isEmpty {
      let next = table.filter { above.contains($0.parent) && !seen.contains($0.pid) }
      found += next
      above = Set(next.map(\.pid))
      seen.formUnion(above)
    }
    return found.sorted { $0.pid < $1.pid }
  }

  /// Children of all the process's threads, nil where the kernel does not list them.
  private static func children(of pid: Int) -> [Int]? {
    guard let threads = try? numbers(in: "/proc/\(pid)/task") else { return [] }
    var found: [Int] = []
    for thread in threads {
      let path = "/proc/\(pid)/task/\(thread)/children"
      guard let text = try? Files.readText(path, limit: 4 << 20) else {
        if Files.exists("/proc/\(pid)/task/\(thread)"), !Files.exists(path) { return nil }
        continue
      }
      found += text.split(separator: " ").compactMap { Int($0) }
    }
    return found
  }

  /// Whether the process was started with all of these `NAME=value` in its environment. What cannot be read has none.
  public static func environment(of pid: Int, holds entries: [String]) -> Bool {
    guard let bytes = try? Files.read("/proc/\(pid)/environ", limit: 4 << 20) else { return false }
    var missing = Set(entries)
    for entry in bytes.split(separator: 0) where !missing.isEmpty {
      missing.remove(String(decoding: entry, as: UTF8.self))
    }
    return missing.isEmpty
  }

  /// Fields of a line of /proc/PID/stat. The name in parentheses may hold anything, parentheses and newlines too: the
  /// last closing one ends it.
  static func parse(_ bytes: [UInt8]) -> ProcessEntry? {
    guard let open = bytes.firstIndex(of: UInt8(ascii: "(")), let close = bytes.lastIndex(of: UInt8(ascii: ")")),
      open < close, let pid = Int(String(decoding: bytes[..<open], as: UTF8.self).filter { $0 != " " })
    else { return nil }
    let fields = bytes[(close + 1)...].split { $0 == 32 || $0 == 10 }.map { String(decoding: $0, as: UTF8.self) }
    guard fields.count > 19, let state = fields[0].first, let parent = Int(fields[1]), let group = Int(fields[2]),
      let session = Int(fields[3]), let start = Int(fields[19])
    else { return nil }
    return ProcessEntry(
      pid: pid, parent: parent, group: group, session: session, state: state, threads: Int(fields[17]) ?? 0,
      start: start)
  }

  /// Processes and threads on the whole host, nil where the kernel does not say. Costs one small file.
  public static var hostTasks: Int? {
    guard let text = try? Files.readText("/proc/loadavg", limit: 256),
      let counts = text.split(separator: " ").dropFirst(3).first
    else { return nil }
    return counts.split(separator: "/").last.flatMap { Int($0) }
  }

  /// Processes and threads of a user, as RLIMIT_NPROC counts them.
  public static func tasks(ofUser user: Int) -> Int {
    guard let pids = try? numbers(in: "/proc") else { return 0 }
    var sum = 0
    for pid in pids {
      guard let text = try? Files.readText("/proc/\(pid)/status", limit: 65_536) else { continue }
      var isUsers = false
      for line in text.split(separator: "\n") {
        if line.hasPrefix("Uid:") {
          isUsers = line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) } == user
          if !isUsers { break }
        } else if line.hasPrefix("Threads:") {
          sum += line.split(whereSeparator: \.isWhitespace).last.flatMap { Int($0) } ?? 1
          break
        }
      }
    }
    return sum
  }

  /// Names in a folder of /proc that are numbers, in no order.
  public static func numbers(in path: String) throws(SystemError) -> [Int] {
    guard let stream = opendir(path) else { throw SystemError(errno, "list", path) }
    defer { closedir(stream) }
    var found: [Int] = []
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(validatingCString: $0) }
      }
      if let number = name.flatMap({ Int($0) }) { found.append(number) }
    }
    return found
  }
}
