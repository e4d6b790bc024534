import Glibc

/// A control group below the one that this process is in, made for one process and all that it starts: they can be
/// counted, killed at once, and bounded where the kernel lets this user. Never beside it or above: whatever bounds this
/// process (a unit of systemd, a job of Slurm) goes on bounding them.
///
/// Version 2 ends all members at once (`cgroup.kill`, Linux 5.14). The bound is the controller `pids`, of version 1 or 2.
public struct ControlGroup: Equatable, Sendable {
  /// In the hierarchy of version 2.
  private let unified: String?
  /// Where `pids.max` bounds the members.
  private let bounding: String?

  /// Makes one; nil where this user cannot.
  public init?(name: String, mostProcesses: Int) {
    var unified: String?
    var bounding: String?
    for place in OwnGroup.all() {
      let folder = "\(place.folder)/\(name)"
      guard mkdir(folder, 0o755) == 0 else { continue }
      let isBounded = Self.put("\(mostProcesses)", into: "\(folder)/pids.max")
      if place.isUnified {
        unified = folder
        if isBounded { bounding = folder }
      } else if isBounded, bounding == nil {
        bounding = folder
      } else {
        rmdir(folder)
      }
    }
    if unified == nil, bounding == nil { return nil }
    self.unified = unified
    self.bounding = bounding
  }

  /// The one that was made with these folders; their names begin with `prefix`, so that no group of somebody else is taken
  /// for it.
  public init?(folders: [String], prefix: String) {
    let present = folders.filter { folder in
      let name = folder.split(separator: "/", omittingEmptySubsequences: false).last ?? ""
      return folder.hasPrefix("/") && name.hasPrefix(prefix) && Files.exists("\(folder)/cgroup.procs")
    }
    unified = present.first { Files.exists("\($0)/cgroup.events") }
    bounding = present.first { Files.exists("\($0)/pids.max") }
    if unified == nil, bounding == nil { return nil }
  }

  public var folders: [String] { [unified, bounding == unified ? nil : bounding].compactMap { $0 } }

  /// Whether the kernel holds its members to the bound.
  public var isBounded: Bool { bounding != nil }

  /// Where a process puts itself in.
  func entrances() -> [Descriptor] {
    folders.compactMap { try? Descriptor.open("\($0)/cgroup.procs", O_WRONLY) }
  }

  /// Processes in it.
  public var members: [Int] {
    guard let folder = folders.first, let text = try? Files.readText("\(folder)/cgroup.procs", limit: 64 << 20) else {
      return []
    }
    return text.split(separator: "\n").compactMap { Int($0) }
  }

  /// Processes and threads in it, nil where the kernel does not say.
  public var tasks: Int? {
    if let bounding, let text = try? Files.readText("\(bounding)/pids.current", limit: 64) {
      return Int(text.prefix { $0.isNumber })
    }
    guard let unified, let bytes = try? Files.read("\(unified)/cgroup.threads", limit: 64 << 20) else { return nil }
    return bytes.count { $0 == 10 }
  }

  /// Whether the kernel has refused to start a process or thread in it.
  public var hasRefused: Bool {
    guard let bounding, let text = try? Files.readText("\(bounding)/pids.events", limit: 4_096) else { return false }
    return text.split(separator: "\n").contains { $0.hasPrefix("max ") && $0 != "max 0" }
  }

  /// Kills all members at once, those too that are started meanwhile; whether the kernel can.
  public func kill() -> Bool { unified.map { Self.put("1", into: "\($0)/cgroup.kill") } ?? false }

  /// Removes it, once nobody is in it.
  public func remove() { for folder in folders { rmdir(folder) } }

  private static func put(_ text: String, into path: String) -> Bool {
    guard let file = try? Descriptor.open(path, O_WRONLY) else { return false }
    return (try? file.write(text.utf8)) != nil
  }
}

/// The control groups that this process is in.
private struct OwnGroup {
  let folder: String
  let isUnified: Bool

  /// That of version 2, and that of version 1 with `pids`, as far as they can be found.
  static func all() -> [OwnGroup] {
    let memberships = (try? Files.readText("/proc/self/cgroup", limit: 65_536)) ?? ""
    var unified: Substring?
    var pids: Substring?
    for line in memberships.split(separator: "\n") {
      let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard parts.count == 3 else { continue }
      if parts[0] == "0" { unified = parts[2] }
      if parts[1].split(separator: ",").contains("pids") { pids = parts[2] }
    }
    var found: [OwnGroup] = []
    for line in ((try? Files.readText("/proc/self/mounts", limit: 4 << 20)) ?? "").split(separator: "\n") {
      let words = line.split(separator: " ")
      guard words.count > 3 else { continue }
      let isUnified = words[2] == "cgroup2"
      let path: Substring?
      switch words[2] {
      case "cgroup2": path = unified
      case "cgroup": path = words[3].split(separator: ",").contains("pids") ? pids : nil
      default: path = nil
      }
      guard let path, !found.contains(where: { $0.isUnified == isUnified }) else { continue }
      if let folder = folder(String(words[1]), String(path)) {
        found.append(OwnGroup(folder: folder, isUnified: isUnified))
      }
    }
    return found
  }

  /// In a container the path may be the host's while the mount shows the container's own group as its root: the one that
  /// has this process in it is it.
  private static func folder(_ mount: String, _ path: String) -> String? {
    let own = "\(ProcessTable.ownPID)"
    return [path == "/" ? mount : mount + path, mount].first { folder in
      guard let text = try? Files.readText("\(folder)/cgroup.procs", limit: 4 << 20) else { return false }
      return text.split(separator: "\n").contains { $0 == own }
    }
  }
}
