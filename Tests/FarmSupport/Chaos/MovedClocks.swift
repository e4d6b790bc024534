import Foundation
import Glibc
import TestSupport

/// Wall clocks of the coordinator and of all programs on the hosts that can be moved while they run; monotonic clocks go
/// on as they are. Needs clang, which comes with Swift.
public final class MovedClocks {
  public enum Whose: Sendable { case coordinator, agents }

  /// How far a clock was away from the others, and from when to when by the clock of this machine.
  public struct Move: Sendable {
    public var whose: Whose
    public var hours: Int
    /// In seconds since 1970, and `until` not before the clock is put right again.
    public var from: Double
    public var until = Double.infinity

    public init(_ whose: Whose, hours: Int, from: Double, until: Double = .infinity) {
      self.whose = whose
      self.hours = hours
      self.from = from
      self.until = until
    }
  }

  private let farm: Farm
  private let file: String
  public private(set) var moves: [Move] = []
  /// What a coordinator is started with.
  public let environment: [String: String]

  public init(_ run: FarmRun) throws {
    farm = run.farm
    file = run.place.folder.file("clock")
    let library = run.place.folder.file("moved_clock.so")
    environment = ["LD_PRELOAD": library]
    try Self.set(file, hours: 0)
    try Self.compile(library, reading: file)
    let onHosts = run.place.folder.file("moved_clock_hosts.so")
    try Self.compile(onHosts, reading: "/run/host/clock")
    for host in farm.names {
      let folder = "\(farm.folder)/hosts/\(host)"
      try Self.set(folder + "/clock", hours: 0)
      try FileManager.default.copyItem(atPath: onHosts, toPath: folder + "/moved_clock.so")
      // What starts the agent on a host leaves preloaded libraries out, but for those that the host itself prescribes.
      try Data("/run/host/moved_clock.so\n".utf8).write(to: URL(fileURLWithPath: folder + "/ld.so.preload"))
      let answer = try farm.inside(host, "cp /run/host/ld.so.preload /etc/")
      guard answer.status == 0 else { throw WaitedInVain(description: "the clock of \(host): \(answer)") }
    }
  }

  public func move(_ whose: Whose, hours: Int) throws {
    let begun = Date().timeIntervalSince1970
    for index in moves.indices where moves[index].whose == whose && moves[index].until == .infinity {
      moves[index].until = begun
    }
    switch whose {
    case .coordinator: try Self.set(file, hours: hours)
    case .agents: for host in farm.names { try Self.set("\(farm.folder)/hosts/\(host)/clock", hours: hours) }
    }
    if hours != 0 { moves.append(Move(whose, hours: hours, from: Date().timeIntervalSince1970)) }
  }

  private static func compile(_ library: String, reading file: String) throws {
    let source = repositoryRoot().appendingPathComponent("Tests/Fixtures/clock/moved_clock.c").path
    let clang = try CommandProcess(
      "/usr/bin/env",
      ["clang", "-shared", "-fPIC", "-O2", "-DMOVED_CLOCK_FILE=\"\(file)\"", "-o", library, source])
    guard try clang.wait(limit: 60) == 0 else { throw WaitedInVain(description: "clang: \(clang.errors)") }
  }

  /// In place: the programs have the file mapped.
  private static func set(_ file: String, hours: Int) throws {
    let descriptor = open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw WaitedInVain(description: "cannot write \(file)") }
    defer { close(descriptor) }
    var seconds = Int64(hours * 3600)
    guard pwrite(descriptor, &seconds, 8, 0) == 8 else { throw WaitedInVain(description: "cannot write \(file)") }
  }
}
