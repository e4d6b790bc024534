import Foundation
import TestSupport
import Testing

/// Scripts that do not work at all: the run ends, and says why.
struct BadScriptTests {
  @Test func aScriptThatDoesNotExistEndsTheRunWithItsName() throws {
    let run = try ScriptRun("nofile", "python3 no_such_script.py", trials: 8)
    let end = try run.finish()
    #expect(end.status == 1, "\(end.text)")
    #expect(end.errors.contains("no_such_script.py"), "what the interpreter said: \(end.errors)")
    #expect(try run.summary()["status"] as? String == "failed")
    try run.expectNothingLeft()
  }

  @Test func aProgramThatDoesNotExistEndsTheRunWithItsName() throws {
    for (name, entry) in [("noprogram", "no-such-interpreter train.py"), ("nobelow", "./no-such-program")] {
      let run = try ScriptRun(name, entry, trials: 8)
      let end = try run.finish()
      #expect(end.status == 1, "\(end.text)")
      #expect(end.errors.contains("no-such-"), "\(end.errors)")
      #expect(try run.trials().allSatisfy { $0.failure.contains("no-such-") })
      try run.expectNothingLeft()
    }
  }

  @Test func aScriptThatDiesAtOnceEndsTheRunWithItsLastLines() throws {
    let run = try ScriptRun("dies", "dies_at_once.py", trials: 20)
    let end = try run.finish()
    #expect(end.status == 1, "\(end.text)")
    #expect(end.errors.contains("no such data set: /data/missing"), "\(end.errors)")
    #expect(end.errors.contains("first line of standard error"), "\(end.errors)")
    let trials = try run.trials()
    #expect((5...8).contains(trials.count), "not all 20 have to fail: \(trials.count)")
    #expect(trials.contains { $0.status == "failed" && $0.failure.contains("/data/missing") })
    #expect(try run.summary()["reason"] as? String == "tooManyFailures")
    try run.expectNothingLeft()
  }

  @Test func aScriptThatEmptiesItsOwnOutputFailsLoudly() throws {
    let run = try ScriptRun("overwrites", "overwrites_output.py", trials: 8)
    let end = try run.finish()
    #expect(end.status == 1, "\(end.text)")
    #expect(end.errors.contains("must not open /dev/stdout anew"), "\(end.text)")
    try run.expectNothingLeft()
  }

  @Test func aScriptThatDiesBetweenIsAFailureOfItsTrialOnly() throws {
    let run = try ScriptRun(
      "crash", "crash.py",
      space: [
        "lr: {type: loguniform, lower: 1.0e-4, upper: 1.0}", "epochs: 9", "crash_at: {type: choice, values: [2, 90]}",
      ],
      points: "[{lr: 0.01, crash_at: 2}, {lr: 0.02, crash_at: 90}, {lr: 0.1, crash_at: 90}, "
        + "{lr: 0.2, crash_at: 90}, {lr: 0.3, crash_at: 90}, {lr: 0.5, crash_at: 90}]")
    let end = try run.finish()
    #expect(end.status == 0, "\(end.text)")
    let trials = try run.trials()
    #expect(trials[0].status == "failed", "\(end.text)")
    #expect(trials[0].failure.contains("ValueError: the trial broke on purpose after epoch 2"), "\(trials[0])")
    #expect(trials.dropFirst().allSatisfy { $0.status != "failed" })
    try run.expectNothingLeft()
  }

  @Test func aFailingSetupEndsTheRunWithItsOutput() throws {
    let run = try ScriptRun(
      "setup", "python3 train.py",
      experiment: ["code: ./code", "setup: echo looking for the data; echo 'no room for 40 GB' >&2; exit 7"])
    try run.place.folder.write("code/train.py", "print('never runs')\n")
    let end = try run.finish()
    #expect(end.status == 1, "\(end.text)")
    #expect(end.errors.contains("no room for 40 GB"), "\(end.text)")
    #expect(end.errors.contains("looking for the data"), "\(end.text)")
    #expect(try run.trials().isEmpty)
    try run.expectNothingLeft()
  }

  @Test func anUnreadableCodeFolderIsAMistakeInTheFile() throws {
    let run = try ScriptRun("nocode", "python3 train.py", experiment: ["code: ./missing"])
    let end = try run.finish()
    #expect(end.status == 64, "\(end.text)")
    #expect(end.errors.contains("missing"), "\(end.errors)")

    // A link that leads out cannot travel, whoever runs the test; permissions do not stop root.
    let leading = try ScriptRun("outcode", "python3 train.py", experiment: ["code: ./code"])
    try leading.place.folder.write("code/train.py", "print('never runs')\n")
    try FileManager.default.createSymbolicLink(
      atPath: leading.place.folder.file("code/data"), withDestinationPath: "/etc/hostname")
    let refused = try leading.finish()
    #expect(refused.status == 64, "\(refused.text)")
    #expect(refused.errors.contains("data"), "\(refused.errors)")
    #expect((try? leading.place.runFolder()) == nil, "no run was begun")
  }
}
