import Foundation
import Glibc
import HostSystem
import TestSupport
import Testing
import TuningModel
import Wire

@testable import Devices
@testable import TrialSandbox

/// Supervisors hold the locks of their GPUs: real ones, as processes of their own.
@Suite struct SupervisorLockTests {
  let folder = TemporaryFolder("gpus")
  let run = "locks-\(UUID().uuidString)"
  var locks: DeviceLocks { DeviceLocks(folder: folder.file("locks")) }

  /// Starts a supervisor for a trial on a slot.
  func start(_ trial: Int, _ shell: String, share: Int = 0, of trialsPerGPU: Int = 1) throws -> AttemptFolder {
    for name in ["work", "attempts", "checkpoints", "seals"] {
      try FileManager.default.createDirectory(
        atPath: folder.file("\(trial)/\(name)"), withIntermediateDirectories: true)
    }
    try locks.prepare()
    let words = locks.locks(of: SlotPlan.Slot(gpus: [gpu(0)], share: share), trialsPerGPU: trialsPerGPU).map {
      ($0.isShared ? LockWord.shared($0.path) : LockWord.host($0.path)).word
    }
    let plan = AttemptPlan(
      run: run, attempt: TrialAttempt(TrialID(trial), Attempt(1)), slot: 0, arguments: ["sh", "-c", shell],
      environment: [
        EnvironmentEntry(name: "PATH", value: "/usr/bin:/bin"), EnvironmentEntry(name: "PASHA_RUN", value: run),
        EnvironmentEntry(name: "PASHA_TRIAL_ID", value: "\(trial)"),
        EnvironmentEntry(name: "PASHA_TRIAL_ATTEMPT", value: "1"),
      ],
      workFolder: folder.file("\(trial)/work"), checkpointFolder: folder.file("\(trial)/checkpoints"),
      sealFolder: folder.file("\(trial)/seals"), resumeFrom: nil, milestone: 3, isLastMilestone: true,
      holdsAtMilestone: true, resourceAttribute: "epoch", metric: "loss", settle: .seconds(1),
      holdLimit: .seconds(30), grace: .milliseconds(500), keptGenerations: 2, lease: HostClock.now + .seconds(120),
      lockFiles: words + [folder.file("\(trial)/lock")])
    let attempt = AttemptFolder(folder.file("\(trial)/attempts"))
    try Files.writeDurably(attempt.plan, plan.encoded())
    return attempt
  }

  /// The supervisor's process; `tools` come first in its PATH.
  func supervise(_ attempt: AttemptFolder, tools: String = "/nonexistent") throws -> CommandProcess {
    try CommandProcess(
      "pasha-agent", ["supervise", attempt.plan], environment: ["PATH": "\(tools):/usr/bin:/bin"])
  }

  func end(_ attempt: AttemptFolder) -> AttemptEnd? {
    guard case .ended(let end) = LeftOver.examine(attempt) else { return nil }
    return end
  }

  @Test func exclusiveTrialsComeOneAfterTheOther() throws {
    let gate = folder.file("gate")
    let first = try start(0, "touch begun; while [ ! -e '\(gate)' ]; do sleep 0.02; done")
    let second = try start(1, "[ -e '\(gate)' ] || exit 7")
    let a = try supervise(first)
    defer { a.send(SIGKILL) }
    try eventually("the first trial") { Files.exists(folder.file("0/work/begun")) }
    let slot = SlotPlan.Slot(gpus: [gpu(0)])
    #expect(try locks.conflict(of: slot, trialsPerGPU: 1)?.contains("(pid \(a.pid))") == true)
    let b = try supervise(second)
    defer { b.send(SIGKILL) }
    try eventually("the second supervisor") { Files.exists(second.process) }
    usleep(300_000)
    #expect(!Files.exists(second.output) && end(second) == nil)
    try folder.write("gate", "")
    #expect(try a.wait() == 0 && b.wait() == 0)
    #expect(end(first)?.exitStatus == 0 && end(second)?.exitStatus == 0, "\(b.errors)")
    #expect(try locks.conflict(of: slot, trialsPerGPU: 1) == nil)
  }

  @Test func sharingTrialsRunTogetherAndKeepExclusiveOnesOut() throws {
    let gate = folder.file("gate")
    let wait = "touch begun; while [ ! -e '\(gate)' ]; do sleep 0.02; done"
    let sharing = try [start(0, wait, share: 0, of: 2), start(1, wait, share: 1, of: 2)]
    let processes = try sharing.map { try supervise($0) }
    defer { for process in processes { process.send(SIGKILL) } }
    for number in 0...1 { try eventually("trial \(number)") { Files.exists(folder.file("\(number)/work/begun")) } }
    #expect(try locks.conflict(of: SlotPlan.Slot(gpus: [gpu(0)]), trialsPerGPU: 1) != nil)
    #expect(try locks.conflict(of: SlotPlan.Slot(gpus: [gpu(0)], share: 1), trialsPerGPU: 2) != nil)
    #expect(try locks.conflict(of: SlotPlan.Slot(gpus: [gpu(0)], share: 2), trialsPerGPU: 3) == nil)
    let exclusive = try start(2, "true")
    let last = try supervise(exclusive)
    defer { last.send(SIGKILL) }
    try eventually("the exclusive supervisor") { Files.exists(exclusive.process) }
    usleep(200_000)
    #expect(!Files.exists(exclusive.output))
    try folder.write("gate", "")
    for process in processes { #expect(try process.wait() == 0) }
    #expect(try last.wait() == 0)
    #expect(end(exclusive)?.exitStatus == 0, "\(last.errors)")
  }

  @Test func aKilledSupervisorHoldsNothing() throws {
    let first = try start(0, "touch begun; sleep 600")
    let supervisor = try supervise(first)
    defer { _ = try? LeftOver.end(first, run: run, attempt: TrialAttempt(TrialID(0), Attempt(1))) }
    try eventually("the trial") { Files.exists(folder.file("0/work/begun")) }
    supervisor.send(SIGKILL)
    _ = try supervisor.wait()
    try eventually("the lock's end") {
      try locks.conflict(of: SlotPlan.Slot(gpus: [gpu(0)]), trialsPerGPU: 1) == nil
    }
  }

  /// The driver may hold a card for an ended process still: the slot stays in use until it does not.
  @Test func theSlotIsKeptUntilTheDriverHasLetGo() throws {
    let tools = FakeTools()
    let device = FakeTools.uuids[0]
    // Names the ended trial until the test says otherwise.
    try tools.nvidia(
      script: """
        here=$(dirname "$0")
        touch "$here/asked"
        [ -e "$here/free" ] || echo '\(device), 4194998, 100'
        """)
    let attempt = try start(0, "true")
    let supervisor = try supervise(attempt, tools: tools.folder.path)
    defer { supervisor.send(SIGKILL) }
    try eventually("the question for the card's users") { Files.exists(tools.folder.file("asked")) }
    usleep(300_000)
    #expect(end(attempt) == nil)
    #expect(try locks.conflict(of: SlotPlan.Slot(gpus: [gpu(0)]), trialsPerGPU: 1) != nil)
    try tools.folder.write("free", "")
    #expect(try supervisor.wait() == 0)
    #expect(end(attempt)?.cause == .exited)
    #expect(try locks.conflict(of: SlotPlan.Slot(gpus: [gpu(0)]), trialsPerGPU: 1) == nil)
  }

  @Test func lockWordsGoThroughAPlanUnchanged() throws {
    let words = ["/a/slot.lock", "host:/run/lock/x.lock", "shared:/run/lock/x.lock"]
    #expect(words.map { LockWord($0).word } == words)
    #expect(words.map { LockWord($0).path } == ["/a/slot.lock", "/run/lock/x.lock", "/run/lock/x.lock"])
    let attempt = try start(0, "true")
    var plan = try AttemptPlan(decoding: Files.read(attempt.plan, limit: WireLimits.planBytes))
    plan.lockFiles = words
    #expect(try AttemptPlan(decoding: plan.encoded()).lockFiles == words)
    plan.lockFiles = ["shared:x.lock"]
    #expect(throws: WireError.self) { try AttemptPlan(decoding: plan.encoded()) }
  }
}
