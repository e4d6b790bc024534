import Coordination
import Foundation
import Glibc
import RunChecking
import TestSupport
import Testing

/// The disk under the journal of a real run is full, or fails. The coordinator stops before it says anything that it
/// could not keep; its agent and trials go on, and `resume` finds them.
@Suite(.serialized) struct DiskTests {
  @Test func aFullDiskEndsTheCoordinatorAndResumeGoesOnWhenThereIsRoom() throws {
    let run = try WatchedRun("full", sleep: 0.1, trials: 8)
    let disk = try SmallDisk(run, kilobytes: 3072)
    let coordinator = try disk.coordinator([run.file])
    try run.awaitStarts(3)
    try disk.fill()
    #expect(try coordinator.wait() == 70, "\(coordinator.output)\(coordinator.errors)")
    let said = coordinator.errors
    #expect(said.contains("journal.sqlite: cannot commit"), "\(said)")
    #expect(said.contains("the disk is full. Make room there, then `pasha-coord resume` the run"), "\(said)")
    #expect(!run.agents.isEmpty, "the agent goes on")
    // As long as there is no room, nothing changes.
    let early = try disk.coordinator(["resume"])
    #expect(try early.wait() != 0)
    #expect(early.errors.contains("full") || early.errors.contains("No space"), "\(early.errors)")

    try disk.makeRoom()
    let resumed = try disk.coordinator(["resume"])
    #expect(try resumed.wait() == 0, "\(resumed.output)\(resumed.errors)")
    try run.expectNothingLeft(but: [disk.holder.pid])
    let check = try JournalCheck(runFolder: disk.copyOfRun(), baseDirectory: run.place.folder.path)
    #expect(check.restarts == 0)
    try check.expectSound(run)
  }

  /// What fails, and the kind of it in SQLite's code.
  @Test(arguments: [("sync", "1034"), ("write", "778")])
  func aFailingDiskEndsTheCoordinatorAndResumeGoesOnWhenItWorks(what: String, code: String) throws {
    let run = try WatchedRun("failing-\(what)", sleep: 0.1, trials: 8)
    let disk = try FailingDisk(run)
    let coordinator = try disk.coordinator([run.file])
    try run.awaitStarts(3)
    try disk.fail(what)
    #expect(try coordinator.wait() == 70, "\(coordinator.output)\(coordinator.errors)")
    let said = coordinator.errors
    #expect(said.contains("journal.sqlite: cannot commit"), "\(said)")
    #expect(said.contains("the disk failed") && said.contains("code \(code)"), "\(said)")
    #expect(said.contains("`pasha-coord resume`"), "\(said)")
    #expect(!run.agents.isEmpty, "the agent goes on")

    try disk.mend()
    let resumed = try disk.coordinator(["resume"])
    #expect(try resumed.wait() == 0, "\(resumed.output)\(resumed.errors)")
    try run.expectNothingLeft()
    let check = try JournalCheck(run)
    #expect(check.restarts == 0)
    try check.expectSound(run)
  }
}

/// A small file system of the coordinator's own, in a mount namespace that the test has made, at the place of its state.
private final class SmallDisk {
  /// Keeps the namespace.
  let holder: CommandProcess
  private let run: WatchedRun
  private let state: String

  init(_ run: WatchedRun, kilobytes: Int) throws {
    self.run = run
    state = run.place.folder.file("state")
    try FileManager.default.createDirectory(atPath: state, withIntermediateDirectories: true)
    try FileManager.default.createDirectory(
      atPath: run.place.folder.file("home"), withIntermediateDirectories: true)
    let mount = "mount -t tmpfs -o size=\(kilobytes)k small \(state) && echo mounted && exec sleep 600"
    let process = try CommandProcess("/usr/bin/unshare", ["--mount", "--propagation", "private", "sh", "-c", mount])
    holder = process
    try eventually("the small disk") { process.output.contains("mounted") }
  }

  deinit { kill(holder.pid, SIGKILL) }

  func coordinator(_ arguments: [String]) throws -> CommandProcess {
    try CommandProcess(
      "/usr/bin/nsenter", ["--target", "\(holder.pid)", "--mount", product("pasha-coord")] + arguments,
      environment: run.place.environment)
  }

  /// The state folder as processes outside see it.
  private var outside: String { "/proc/\(holder.pid)/root\(state)" }

  /// Takes all room that is left.
  func fill() throws {
    let filler = open(outside + "/filler", O_CREAT | O_WRONLY, 0o600)
    try #require(filler >= 0)
    defer { close(filler) }
    let block = [UInt8](repeating: 1, count: 4096)
    while write(filler, block, block.count) > 0 {}
    #expect(errno == ENOSPC)
  }

  func makeRoom() throws { try FileManager.default.removeItem(atPath: outside + "/filler") }

  func copyOfRun() throws -> String {
    let runs = outside + "/runs"
    let name = try #require(FileManager.default.contentsOfDirectory(atPath: runs).first)
    let copy = run.place.folder.file("copy")
    try FileManager.default.createDirectory(atPath: copy, withIntermediateDirectories: true)
    for file in try FileManager.default.contentsOfDirectory(atPath: "\(runs)/\(name)")
    where file.hasPrefix("journal") || file == "cluster.yml" {
      try FileManager.default.copyItem(atPath: "\(runs)/\(name)/\(file)", toPath: "\(copy)/\(file)")
    }
    return copy
  }
}

/// A disk whose writes or syncs of the journal's log fail when the test says so: the C library's calls are replaced in
/// the coordinator's process.
private final class FailingDisk {
  private let run: WatchedRun
  private let library: String
  private let flag: String

  init(_ run: WatchedRun) throws {
    self.run = run
    library = run.place.folder.file("failing.so")
    flag = run.place.folder.file("failing")
    let source = repositoryRoot().appendingPathComponent("Tests/Fixtures/failing_disk.c").path
    let compiler = try CommandProcess("/usr/bin/env", ["clang", "-shared", "-fPIC", "-o", library, source])
    #expect(try compiler.wait() == 0, "\(compiler.errors)")
  }

  func coordinator(_ arguments: [String]) throws -> CommandProcess {
    try FileManager.default.createDirectory(
      atPath: run.place.folder.file("home"), withIntermediateDirectories: true)
    return try CommandProcess(
      "pasha-coord", arguments,
      environment: run.place.environment.merging(["LD_PRELOAD": library, "FAILING_DISK": flag]) { $1 },
      directory: run.place.folder.path)
  }

  func fail(_ what: String) throws { try run.place.folder.write("failing", what) }
  func mend() throws { try FileManager.default.removeItem(atPath: flag) }
}
