import Foundation
import Glibc
import HostSystem
import TestSupport
import Testing
import TuningModel

@testable import AgentService

/// What `pasha-agent clean` removes of a work folder, and what it leaves.
@Suite struct CleaningTests {
  private let work = TemporaryFolder("cleaning")
  private let hash = String(repeating: "a", count: 64)
  private let old = String(repeating: "0", count: 64)

  private var machine: String { AgentHome.thisMachine }

  private func write(_ path: String, bytes: Int = 5000) throws {
    try work.write(path, String(repeating: "x", count: bytes))
  }

  private func clean(
    _ runs: [Cleaning.Request.Run], bundle: String? = nil, removes: Bool = true
  ) throws -> (items: [JSONValue], notes: [String]) {
    let report = try Cleaning.run(.init(removes: removes, runs: runs, bundle: bundle), workFolder: work.path)
    guard case .array(let items)? = report.member("items"), case .array(let notes)? = report.member("notes") else {
      throw WaitedInVain(description: report.jsonText())
    }
    return (items, notes.map { $0.jsonText() })
  }

  private func exists(_ path: String) -> Bool { Files.exists(work.file(path)) }

  private func whole(_ run: String) -> Cleaning.Request.Run { .init(name: run, keep: nil, sharedFolder: nil) }

  @Test func aWholeRunGoesAndItsNeighboursStay() throws {
    for run in ["a", "b"] { try write("\(machine)/\(run)/trials/0/seals/1/state") }
    try write("other-machine/a/trials/0/seals/1/state")
    let told = try clean([whole("a")], removes: false)
    #expect(told.items.map { $0.word("kind") } == ["run"])
    #expect((told.items.first?.whole("bytes") ?? 0) >= 5000)
    #expect(exists("\(machine)/a") && told.items.first?.member("removed") == .bool(false))
    let done = try clean([whole("a")])
    #expect(done.items.first?.member("removed") == .bool(true))
    #expect(!exists("\(machine)/a") && exists("\(machine)/b") && exists("other-machine/a"))
    #expect(try clean([whole("a"), whole("never")]).items.isEmpty)
  }

  @Test func aRunOfWhichSomethingLivesIsLeftAlone() throws {
    try write("\(machine)/a/agent-0/lock")
    try write("\(machine)/a/trials/3/seals/1/state")
    for lock in ["agent-0/lock", "trials/3/lock"] {
      let held = try FileLock.tryAcquire(work.file("\(machine)/a/\(lock)"))
      #expect(held != nil)
      for keep in [nil, []] as [[Int]?] {
        let items = try clean([.init(name: "a", keep: keep, sharedFolder: nil)]).items
        #expect(items.first?.word("problem") != nil && items.first?.member("removed") == .bool(false), "\(items)")
        #expect(exists("\(machine)/a/trials/3/seals/1/state"))
      }
      withExtendedLifetime(held) {}
    }
    #expect(try clean([whole("a")]).items.first?.word("problem") == nil)
    #expect(!exists("\(machine)/a"))
  }

  @Test func linksAreNotFollowed() throws {
    try write("precious/trials/0/seals/1/state")
    try write("\(machine)/b/trials/0/keep")
    try FileManager.default.createSymbolicLink(
      atPath: work.file("\(machine)/a"), withDestinationPath: work.file("precious"))
    for link in ["seals", "checkpoints"] {
      try FileManager.default.createSymbolicLink(
        atPath: work.file("\(machine)/b/trials/0/\(link)"), withDestinationPath: work.file("precious/trials/0/seals"))
    }
    try FileManager.default.createSymbolicLink(
      atPath: work.file("\(machine)/b/trials/1"), withDestinationPath: work.file("precious/trials/0"))
    #expect(try clean([whole("a"), .init(name: "a", keep: [], sharedFolder: nil)]).items.isEmpty)
    #expect(try clean([.init(name: "b", keep: [], sharedFolder: nil)]).items.isEmpty)
    _ = try clean([whole("b")])
    #expect(!exists("\(machine)/b") && exists("precious/trials/0/seals/1/state"))
  }

  @Test func namesThatLeadElsewhereAreNoRequest() throws {
    for name in ["..", ".", "", "a/b", "/etc", ".hidden", "a\nb"] {
      let value = JSONValue.object([
        .init("removes", .bool(true)), .init("runs", .array([.object([.init("run", .string(name))])])),
      ])
      #expect(Cleaning.Request(json: value) == nil, "\(name)")
    }
    let request = try JSONValue(
      parsing:
        #"{"removes":true,"runs":[{"run":"a","keep":[1,2],"shared":"/mnt/c"},{"run":"b","keep":null}],"bundle":null}"#
    )
    #expect(
      Cleaning.Request(json: request)
        == .init(
          removes: true,
          runs: [
            .init(name: "a", keep: [1, 2], sharedFolder: "/mnt/c"), .init(name: "b", keep: nil, sharedFolder: nil),
          ],
          bundle: nil))
    for text in [
      #"{"removes":true,"runs":[{"run":"a","keep":["x"]}]}"#, #"{"removes":true,"runs":[{"run":"a","shared":"mnt"}]}"#,
      #"{"runs":[]}"#, "[]",
    ] {
      #expect(Cleaning.Request(json: try JSONValue(parsing: text)) == nil, "\(text)")
    }
  }

  @Test func checkpointsOfOtherTrialsGoAndLogsStay() throws {
    for trial in 0..<3 {
      for file in ["seals/1/state", "seals/1.seal", "seals/1.manifest", "seals/.2.part/state", "checkpoints/state"] {
        try write("\(machine)/a/trials/\(trial)/\(file)")
      }
      try write("\(machine)/a/trials/\(trial)/attempts/1/std.out")
    }
    let request = Cleaning.Request.Run(name: "a", keep: [1], sharedFolder: nil)
    let told = try clean([request], removes: false).items
    #expect(told.map { $0.whole("trials") } == [3], "two, and a broken transfer of the third: \(told)")
    #expect(exists("\(machine)/a/trials/0/seals/1/state"))
    #expect(try clean([request]).items.first?.whole("bytes") == told.first?.whole("bytes"))
    for trial in [0, 2] {
      #expect(try Folders.list(work.file("\(machine)/a/trials/\(trial)/seals")).isEmpty)
      #expect(try Folders.list(work.file("\(machine)/a/trials/\(trial)/checkpoints")).isEmpty)
      #expect(exists("\(machine)/a/trials/\(trial)/attempts/1/std.out"))
    }
    #expect(
      try Folders.list(work.file("\(machine)/a/trials/1/seals")).map(\.name) == ["1", "1.manifest", "1.seal"])
    #expect(exists("\(machine)/a/trials/1/checkpoints/state"))
    #expect(try clean([request]).items.isEmpty)
  }

  @Test func checkpointsOnASharedFolderGoToo() throws {
    try write("\(machine)/a/trials/0/attempts/1/std.out")
    for run in ["a", "b"] { try write("shared/\(run)/trials/0/seals/1/state") }
    let shared = work.file("shared")
    _ = try clean([.init(name: "a", keep: [], sharedFolder: shared)])
    #expect(!exists("shared/a/trials/0/seals/1") && exists("shared/b/trials/0/seals/1/state"))
    let items = try clean([.init(name: "a", keep: nil, sharedFolder: shared)]).items
    #expect(items.map { $0.word("kind") } == ["run", "shared checkpoints"])
    #expect(!exists("shared/a") && !exists("\(machine)/a") && exists("shared/b"))
  }

  @Test func agentsThatNobodyUsesAndBrokenUploadsGo() throws {
    try write("bundles/\(hash)/pasha-agent")
    try write("bundles/\(old)/pasha-agent")
    try write("bundles/notes/text")
    let host = HostIdentity.hostname()
    try write("bundles/.new.\(host).999999999/packed")
    try write("bundles/.new.\(host).\(getpid())/packed")
    try write("bundles/.new.elsewhere.7/packed")
    #expect(try clean([], bundle: nil).items.isEmpty)

    // A program that runs from there.
    let used = String(repeating: "1", count: 64)
    try FileManager.default.createDirectory(atPath: work.file("bundles/\(used)"), withIntermediateDirectories: true)
    // By another process: a program cannot be started while a fork of this one has it open for writing.
    let copy = try CommandProcess("/bin/cp", ["/bin/sleep", work.file("bundles/\(used)/program")])
    #expect(try copy.wait(limit: 60) == 0)
    let program = Process()
    program.executableURL = URL(filePath: work.file("bundles/\(used)/program"))
    program.arguments = ["60"]
    try program.run()
    defer {
      kill(program.processIdentifier, SIGKILL)
      program.waitUntilExit()
    }

    try write("other-machine/a/trials/0/x")
    let shared = try clean([], bundle: hash)
    #expect(exists("bundles/\(old)") && shared.notes.count == 1, "another machine may run it: \(shared)")
    #expect(!exists("bundles/.new.\(host).999999999") && exists("bundles/.new.\(host).\(getpid())"))
    #expect(exists("bundles/.new.elsewhere.7"))
    try Folders.removeTree(work.file("other-machine"))

    let items = try clean([], bundle: hash).items
    #expect(items.map { $0.word("path") } == [work.file("bundles/\(old)")], "\(items)")
    #expect(!exists("bundles/\(old)") && exists("bundles/\(hash)") && exists("bundles/\(used)"))
    #expect(exists("bundles/notes/text"))
  }

  @Test func aFileWithSeveralNamesCountsOnce() throws {
    try write("tree/a", bytes: 100_000)
    link(work.file("tree/a"), work.file("tree/b"))
    try FileManager.default.createSymbolicLink(atPath: work.file("tree/c"), withDestinationPath: "/usr")
    var size = TreeSize()
    size.add(work.file("tree"))
    #expect(size.entries == 4 && (100_000..<150_000).contains(size.bytes), "\(size)")
  }
}

extension JSONValue {
  /// A text, where `text` has two meanings.
  fileprivate func word(_ name: String) -> String? {
    if case .string(let text)? = member(name) { text } else { nil }
  }
}
