import Foundation
import Glibc
import HostSystem
import TestSupport
import Testing

@testable import Devices

/// Who may use which GPU at once. Locks are of open files: within one process they meet as between processes.
@Suite struct LockTests {
  let folder = TemporaryFolder("locks")
  var locks: DeviceLocks { DeviceLocks(folder: folder.file("all")) }

  func take(_ share: Int, of trialsPerGPU: Int, gpus: [GPU] = [gpu(0)]) throws -> [HostLock]? {
    try locks.prepare()
    var taken: [HostLock] = []
    for lock in locks.locks(of: SlotPlan.Slot(gpus: gpus, share: share), trialsPerGPU: trialsPerGPU) {
      guard let held = try HostLock.tryAcquire(lock.path, shared: lock.isShared) else { return nil }
      taken.append(held)
    }
    return taken
  }

  @Test func exclusiveAndSharingRunsNeverMeet() throws {
    var first = try take(0, of: 1)
    #expect(first != nil)
    #expect(try take(0, of: 1) == nil)
    #expect(try take(0, of: 2) == nil)
    #expect(try take(0, of: 1, gpus: [gpu(1)]) != nil)
    first = nil
    var shared = try [take(0, of: 2), take(1, of: 2)]
    #expect(!shared.contains { $0 == nil })
    #expect(try take(0, of: 1) == nil)
    #expect(try take(1, of: 3) == nil)
    #expect(try take(2, of: 3) != nil)
    shared = []
    #expect(try take(0, of: 1) != nil)
  }

  @Test func aConflictNamesTheGPUAndTheProcess() throws {
    let slot = SlotPlan.Slot(gpus: [gpu(0), gpu(1)])
    #expect(try locks.conflict(of: slot, trialsPerGPU: 1) == nil)
    let held = try take(0, of: 1, gpus: [gpu(1)])
    let conflict = try locks.conflict(of: slot, trialsPerGPU: 1)
    #expect(conflict?.contains("GPU 1 (GPU-15d5ba0d)") == true && conflict?.contains("(pid \(getpid()))") == true)
    #expect(try locks.conflict(of: SlotPlan.Slot(), trialsPerGPU: 1) == nil)
    withExtendedLifetime(held) {}
  }

  @Test func filesAreForAllUsers() throws {
    let before = umask(0o077)
    defer { umask(before) }
    let held = try take(1, of: 2)
    let status = try #require(try Files.status(locks.folder))
    #expect(status.mode == 0o1777)
    let files = try Folders.list(locks.folder)
    #expect(files.map(\.status.mode) == [0o666, 0o666])
    #expect(files.map(\.name) == ["nvidia.\(FakeTools.uuids[0]).1.lock", "nvidia.\(FakeTools.uuids[0]).lock"])
    for file in files {
      #expect(DeviceLocks.device(ofLock: file.name)?.id == (file.name.contains(".1.") ? nil : FakeTools.uuids[0]))
    }
    withExtendedLifetime(held) {}
  }

  @Test(.enabled(if: geteuid() == 0, "needs root to become other users"))
  func usersShareTheLocks() throws {
    // The kernel may forbid to open files of others in sticky folders for making.
    chmod(folder.path, 0o755)
    let held = try take(0, of: 1)
    let path = try #require(held?.first?.path)
    func tryAs(_ user: String, _ path: String) throws -> Int32 {
      try CommandProcess("/usr/bin/setpriv", ["--reuid", user, "--clear-groups", "flock", "-n", path, "true"])
        .wait(limit: 20)
    }
    #expect(try tryAs("65534", path) == 1)
    #expect(try tryAs("65534", "\(locks.folder)/nvidia.other.lock") == 0)
    // A file that the other user made, mode as his umask wants it.
    chmod("\(locks.folder)/nvidia.other.lock", 0o644)
    #expect(try HostLock.tryAcquire("\(locks.folder)/nvidia.other.lock") != nil)
  }

  @Test func surprisesInPlaceOfTheFolderAreRefused() throws {
    func refusal() -> String {
      do throws(SystemError) {
        try locks.prepare()
        return ""
      } catch {
        return error.message
      }
    }
    try folder.write("elsewhere/file", "")
    symlink(folder.file("elsewhere"), locks.folder)
    #expect(refusal().contains("it is not a folder"))
    unlink(locks.folder)
    try folder.write("all", "")
    #expect(refusal().contains("it is not a folder"))
    unlink(locks.folder)
    // Our own with a mode that is none: mended.
    mkdir(locks.folder, 0o700)
    #expect(refusal().isEmpty)
    #expect(try Files.status(locks.folder)?.mode == 0o1777)
    if geteuid() == 0 {
      chmod(locks.folder, 0o755)
      chown(locks.folder, 65_534, 65_534)
      #expect(refusal().contains("user 65534 made it with mode 755"))
    }
  }

  @Test func surprisesInPlaceOfALockAreRefused() throws {
    try locks.prepare()
    let path = "\(locks.folder)/x.lock"
    symlink(folder.file("target"), path)
    #expect(throws: SystemError.self) { try HostLock.tryAcquire(path) }
    #expect(!Files.exists(folder.file("target")))
    unlink(path)
    mkfifo(path, 0o666)
    #expect { try HostLock.tryAcquire(path) } throws: { "\($0)".contains("not a regular file") }
  }

  @Test func aLockOnAFileThatWasRemovedIsNone() throws {
    let path = folder.file("x.lock")
    let first = try #require(try HostLock.tryAcquire(path))
    unlink(path)
    // A new file has its name: who comes now has no part in the old lock, and none is had on a file without a name.
    let second = try #require(try HostLock.tryAcquire(path))
    #expect(try HostLock.tryAcquire(path) == nil)
    withExtendedLifetime((first, second)) {}
  }

  @Test func theHostsFolderIsTheSameForAllUsers() {
    #expect(["/run/lock/pasha", "/tmp/pasha-locks"].contains(DeviceLocks().folder))
  }
}
