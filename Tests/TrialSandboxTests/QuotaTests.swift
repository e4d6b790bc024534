import Foundation
import Glibc
import HostSystem
import TestSupport
import Testing
import TuningModel
import Wire

@testable import TrialSandbox

@Suite("Full disks and quotas")
struct QuotaTests {
  @Test("A trial that fills its quota is ended and says so in words; nothing is sealed")
  func fills() throws {
    let bench = try Bench(
      python: """
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        say(1)
        part = 0
        while True:
            part += 1
            with open(os.path.join(folder, "part%d" % part), "wb") as file: file.write(os.urandom(1 << 20))
            time.sleep(0.02)
        """)
    bench.plan.quota = 5 << 20
    try bench.start()
    let end = try bench.waitEnd()
    #expect(end.cause == .quotaExceeded)
    #expect(end.seal == nil)
    #expect(end.lastSequence == 1)
    let words = try #require(end.errorTail.split(separator: "\n").last)
    #expect(words.hasPrefix("pasha: the checkpoint folder holds "))
    #expect(words.hasSuffix(" MiB, more than checkpoints.quota (5 MiB)"))
    #expect(bench.alive == [])
    #expect(!Files.exists(bench.folder.file("seals/1")))
    // Ended soon, not at some time.
    #expect(TreeSize.allocated(bench.plan.checkpointFolder) < 100 << 20)
  }

  @Test("One large file that is written bit by bit is found too, and so is what is left at the end")
  func late() throws {
    let growing = try Bench(
      python: """
        with open(os.path.join(folder, "model"), "wb") as file:
            while True:
                file.write(os.urandom(1 << 18))
                file.flush()
                time.sleep(0.01)
        """)
    growing.plan.quota = 3_000_000
    try growing.start()
    let end = try growing.waitEnd()
    #expect(end.cause == .quotaExceeded)
    #expect(end.errorTail.contains(" MB, more than checkpoints.quota (3 MB)"))

    let quick = try Bench(shell: "head -c 4000000 /dev/urandom > $C/model")
    quick.plan.quota = 3_000_000
    try quick.start()
    let finished = try quick.waitEnd()
    #expect(finished.cause == .quotaExceeded)
    #expect(finished.seal == nil)
    #expect(finished.errorTail.contains("more than checkpoints.quota (3 MB)"))
  }

  @Test("Names of one file, holes, links and what is outside the folder count for nothing")
  func counting() throws {
    let bench = try Bench(
      python: """
        with open(os.path.join(folder, "model"), "wb") as file: file.write(os.urandom(3 << 20))
        for name in ["a", "b", "c"]: os.link(os.path.join(folder, "model"), os.path.join(folder, name))
        with open(os.path.join(folder, "sparse"), "wb") as file: file.truncate(32 << 20)
        with open("big", "wb") as file: file.write(os.urandom(8 << 20))
        os.symlink(os.path.abspath("big"), os.path.join(folder, "link"))
        say(1)
        time.sleep(0.6)
        """)
    bench.plan.quota = 4 << 20
    try bench.start()
    let end = try bench.waitEnd()
    #expect(end.cause == .exited)
    #expect(end.seal?.files == 5)
    #expect((3 << 20..<4 << 20).contains(TreeSize.allocated(bench.plan.checkpointFolder)))
  }

  @Test("A stop stays a stop")
  func stopped() throws {
    let bench = try Bench(
      python: "say(1)\nsignal.pause()"
    )
    bench.plan.quota = 1
    try bench.start()
    // An empty folder may take room too.
    try eventually("the report") { bench.reports == 1 }
    try bench.send(.stop)
    #expect(try bench.waitEnd().cause == .stopped)
  }

  @Test("A file beyond what the host allows is said by name")
  func fileSize() throws {
    let bench = try Bench(shell: "ulimit -f 8; exec cat /dev/zero > $C/model")
    try bench.start()
    let end = try bench.waitEnd()
    #expect(end.cause == .failed)
    #expect(end.signal == Int(SIGXFSZ))
    #expect(end.errorTail == "pasha: a file grew larger than this host allows (ulimit -f, or its file system)\n")
  }

  /// Whether a small file system can be mounted where nobody else sees it.
  private static let canMount: Bool = {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["unshare", "-rm", "mount", "-t", "tmpfs", "none", "/mnt"]
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return false }
    process.waitUntilExit()
    return process.terminationStatus == 0
  }()

  @Test("A disk that is full when the checkpoint is sealed loses the checkpoint, not the end", .enabled(if: canMount))
  func fullDisk() throws {
    let bench = try Bench(shell: "head -c 8000000 /dev/urandom > $C/model; echo '[tune-metric]: {\"epoch\": 1}'")
    try bench.start(command: [
      "/usr/bin/env", "unshare", "-rm", "/bin/sh", "-c",
      "mount -t tmpfs -o size=4m none '\(bench.folder.file("seals"))' && exec \"$0\" supervise \"$1\"",
      product("pasha-agent"),
    ])
    let end = try bench.waitEnd()
    #expect(end.cause == .exited)
    #expect(end.seal == nil)
    #expect(end.lastSequence == 1)
    #expect(end.errorTail.hasPrefix("pasha: the checkpoint is not sealed: cannot "))
    #expect(end.errorTail.contains("No space left on device"))
    #expect(end.errorTail.contains("there must be room for it on the disk of work_dir"))
  }

  @Test(
    "A trial that fills the disk of its own records has an end that is known all the same", .enabled(if: getuid() == 0))
  func fullDiskOfRecords() throws {
    let bench = try Bench(shell: "echo '[tune-metric]: {\"epoch\": 1, \"loss\": 1}'; cat /dev/zero >&2; exit 5")
    let mount = try CommandProcess(
      "/bin/mount", ["-t", "tmpfs", "-o", "size=2m", "tmpfs", bench.attemptFolder.path])
    guard try mount.wait() == 0 else { throw WaitedInVain(description: "mount: \(mount.errors)") }
    defer { _ = try? CommandProcess("/bin/umount", ["-l", bench.attemptFolder.path]).wait() }
    try bench.start()
    let end = try bench.waitEnd()
    #expect(end.cause == .failed)
    #expect(end.exitStatus == 5)
    #expect(end.lastSequence == 1)
    #expect(try bench.supervisorEnded() == .exited(0))
    // The disk is as full as before but for what was left of the room.
    let more = bench.attemptFolder.path + "/more"
    #expect(throws: SystemError(ENOSPC, "write", more)) {
      try Files.writeDurably(more, [UInt8](repeating: 1, count: 64 << 10))
    }
  }

  /// The checkpoint folder on a small disk, of which so much is taken by something else.
  private func onSmallDisk(taken megabytes: Int, _ script: String = "cat /dev/zero > $C/model") throws -> AttemptEnd {
    let bench = try Bench(shell: script)
    let disk = bench.folder.file("disk")
    mkdir(disk, 0o700)
    bench.plan.checkpointFolder = "\(disk)/checkpoints"
    bench.set("C", bench.plan.checkpointFolder)
    try bench.start(command: [
      "/usr/bin/env", "unshare", "-rm", "/bin/sh", "-c",
      "mount -t tmpfs -o size=8m none '\(disk)' && mkdir '\(disk)/checkpoints' && "
        + "head -c \(megabytes)000000 /dev/zero > '\(disk)/others' && exec \"$0\" supervise \"$1\"",
      product("pasha-agent"),
    ])
    let end = try bench.waitEnd()
    #expect(end.errorTail.contains("pasha: the disk of \(bench.plan.checkpointFolder) is full (8 MiB)"))
    return end
  }

  @Test(
    "A trial that fills the disk has failed; one that finds it full met a fault of the host", .enabled(if: canMount))
  func diskFilledBy() throws {
    let own = try onSmallDisk(taken: 1)
    #expect(own.errorTail.contains("No space left on device"))
    #expect(own.cause == .failed)
    #expect(own.errorTail.contains("and this trial has filled it: its files take "))
    let others = try onSmallDisk(taken: 7)
    #expect(others.cause == .hostFault)
    #expect(others.errorTail.contains("No space left on device"))
    #expect(others.errorTail.contains("make room there, or move the runs with work_dir in the cluster file"))
    // Where standard error is on the same disk, nothing that the script says of it is kept.
    let mute = try onSmallDisk(taken: 7, "cat /dev/zero 2>&- > $C/model; exit 3")
    #expect(mute.cause == .hostFault)
    #expect(mute.errorTail.hasPrefix("pasha: the disk of "))
  }

  @Test("Sizes read as they were given, what is held never less than the quota")
  func sizes() {
    #expect(SizeText.exact(10 << 30) == "10 GiB")
    #expect(SizeText.exact(10_000_000_000) == "10 GB")
    #expect(SizeText.exact(1500 << 20) == "1500 MiB")
    #expect(SizeText.exact(1) == "1 bytes")
    #expect(SizeText.roundedUp(13_207_024_436, like: 10 << 30) == "12.4 GiB")
    #expect(SizeText.roundedUp(10 << 30 + 1, like: 10 << 30) == "10.1 GiB")
    #expect(SizeText.roundedUp((10 << 30) - 1, like: 9 << 30) == "10 GiB")
    #expect(SizeText.roundedUp(10_000_000_001, like: 10_000_000_000) == "10.1 GB")
    #expect(SizeText.roundedUp(700, like: 3) == "700 bytes")
  }
}
