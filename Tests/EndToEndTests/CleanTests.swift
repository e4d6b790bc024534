import Foundation
import Glibc
import TestSupport
import Testing

/// `pasha-coord clean` on this machine.
@Suite(.serialized) struct CleanTests {
  private func clean(_ run: RealRun, _ arguments: [String], status: Int32 = 0) throws -> [String: Any] {
    let command = try run.place.coordinator(["clean", "--json"] + arguments)
    #expect(try command.wait(limit: 60) == status, "\(command.output)\(command.errors)")
    return try #require(try JSONSerialization.jsonObject(with: Data(command.output.utf8)) as? [String: Any])
  }

  private func seals(_ home: String) throws -> [String] {
    let files = FileManager.default.enumerator(atPath: home + "/trials")?.allObjects as? [String] ?? []
    return files.filter { $0.hasSuffix(".seal") }.sorted()
  }

  @Test func checkpointsThenTheRunGo() throws {
    let run = try RealRun("clean", checkpoints: ", hold_limit: 0s")
    #expect(try run.start().wait() == 0)
    let (home, folder) = (try run.home(), try run.place.runFolder())
    let name = (folder as NSString).lastPathComponent
    let before = try seals(home)

    // Only told.
    let told = try clean(run, [name, "--keep-best", "1"])
    #expect(told["removed"] as? Bool == false && (told["bytes"] as? Int ?? 0) > 0, "\(told)")
    #expect(try seals(home) == before)
    let table = try run.place.coordinator(["clean", name, "--keep-best", "1"])
    #expect(try table.wait() == 0)
    #expect(table.output.contains("nothing was removed; --yes removes it"), "\(table.output)")

    let done = try clean(run, [name, "--keep-best", "1", "--yes"])
    #expect(done["removed"] as? Bool == true && done["bytes"] as? Int == told["bytes"] as? Int, "\(done)")
    let best = try #require(run.place.json(["best"]) as? [String: Any])
    let trial = try #require(best["trial"] as? Int)
    let left = try seals(home)
    #expect(!left.isEmpty && left.allSatisfy { $0.hasPrefix("\(trial)/") }, "\(left)")
    let path = try #require((best["checkpoint"] as? [String: Any])?["path"] as? String)
    #expect(FileManager.default.fileExists(atPath: path))
    // What is gone is known to be gone.
    let trials = try #require(run.place.json(["trials"]) as? [[String: Any]])
    for other in trials where other["trial"] as? Int != trial { #expect(other["checkpoint"] is NSNull, "\(other)") }

    #expect(try clean(run, ["--older-than", "1d", "--yes"])["bytes"] as? Int == 0)
    #expect(FileManager.default.fileExists(atPath: folder))
    _ = try clean(run, ["--older-than", "0s", "--yes"])
    #expect(!FileManager.default.fileExists(atPath: folder) && !FileManager.default.fileExists(atPath: home))
    #expect(try run.place.coordinator(["clean", name]).wait() == 66)
  }

  @Test func aRunThatGoesOnIsLeftAlone() throws {
    let run = try RealRun("going-on", sleep: "0.2", trials: 40, slots: 2)
    let coordinator = try run.start()
    try run.waitForReports(3)
    let name = (try run.place.runFolder() as NSString).lastPathComponent
    for arguments in [[name], [name, "--keep-best", "0"]] {
      let command = try run.place.coordinator(["clean", "--yes"] + arguments)
      #expect(try command.wait() == 76, "\(command.output)\(command.errors)")
      #expect(command.errors.contains("\(coordinator.pid)"), "\(command.errors)")
    }
    #expect(try clean(run, ["--older-than", "0s", "--yes"])["runs"] as? [String] == [])
    #expect(try clean(run, ["--yes"])["bytes"] as? Int == 0)
    #expect(try run.place.coordinator(["pause"]).wait() == 0)
    #expect(try coordinator.wait() == 75)
    // Paused: it is to go on.
    #expect(try run.place.coordinator(["clean", "--yes", name]).wait() == 64)
    #expect(try clean(run, ["--older-than", "0s", "--yes"])["runs"] as? [String] == [])
    #expect(try run.place.coordinator(["status"]).wait() == 0)
    #expect(!(try seals(run.home())).isEmpty)
    #expect(try run.place.coordinator(["clean", "--keep-best", "1"]).wait() == 64)
    #expect(try run.place.coordinator(["clean", "--older-than", "soon"]).wait() == 64)
  }

  /// What a run has elsewhere is found by its name: no other folder may go by the word of a copy, or of no name at all.
  @Test func aFolderThatBearsAnotherNameIsRefused() throws {
    let run = try RealRun("renamed", trials: 3)
    #expect(try run.start().wait() == 0)
    let copy = run.place.folder.file("Documents")
    try FileManager.default.copyItem(atPath: try run.place.runFolder(), toPath: copy)
    let refused = try run.place.coordinator(["clean", copy, "--yes"])
    #expect(try refused.wait() == 64)
    #expect(refused.errors.contains("give it that name back"), "\(refused.errors)")
    #expect(FileManager.default.fileExists(atPath: copy))
    let nameless = try run.place.coordinator(["clean", "", "--yes"])
    #expect(try nameless.wait() == 64)
    #expect(nameless.errors.contains("the name of a run is empty"), "\(nameless.errors)")
    #expect(FileManager.default.fileExists(atPath: try run.place.runFolder()))
  }

  @Test func aCleanedRunCanBeExtended() throws {
    let run = try RealRun("extended", trials: 6, max: 3)
    #expect(try run.start().wait() == 0)
    let name = (try run.place.runFolder() as NSString).lastPathComponent
    _ = try clean(run, [name, "--keep-best", "0", "--yes"])
    let extended = try run.place.coordinator(["extend", name, "--trials", "6"])
    #expect(try extended.wait(limit: 60) == 0, "\(extended.output)\(extended.errors)")
    let trials = try #require(run.place.json(["trials"]) as? [[String: Any]])
    #expect(trials.count == 12 && trials.allSatisfy { $0["status"] as? String != "failed" }, "\(trials)")
  }

  @Test func whatBrokenProcessesLeftGoes() throws {
    let run = try RealRun("left-overs")
    let state = run.place.folder.file("state")
    try run.place.folder.write("state/plan-999999999/runs/x", "x")
    try run.place.folder.write("state/plan-\(getpid())/runs/x", "x")
    try run.place.folder.write("state/other/x", "x")
    let done = try clean(run, ["--yes"])
    let items = (done["hosts"] as? [[String: Any]])?.first?["items"] as? [[String: Any]]
    #expect(items?.map { $0["kind"] as? String } == ["plan"], "\(done)")
    #expect(try FileManager.default.contentsOfDirectory(atPath: state).sorted() == ["other", "plan-\(getpid())"])
  }
}
