import Foundation
import HostSystem
import TestSupport
import Testing
import TuningModel
import Wire

@testable import TrialSandbox

@Suite("Sealed generations")
struct SealTests {
  let folder = TemporaryFolder("seal")
  var live: String { folder.file("checkpoints") }
  var seals: SealFolder { SealFolder(folder.file("seals")) }

  init() throws { try folder.write("checkpoints/model", "1") }

  @discardableResult
  private func seal(keeping: Int = 2, unlessEqualTo restored: TreeManifest? = nil) throws -> Seal? {
    try seals.seal(live, unlessEqualTo: restored, above: 0, keeping: keeping, note: { _ in }) {
      generation, hash, files, bytes in
      Seal(
        generation: generation, attempt: .first, coveredSequence: 1, coveredResource: 1, files: files, bytes: bytes,
        hash: hash)
    }
  }

  @Test("are numbered on, and the old ones go")
  func generations() throws {
    for content in ["1", "22", "333", "4444"] {
      try folder.write("checkpoints/model", content)
      #expect(try seal()?.bytes == content.count)
    }
    #expect(seals.seals().map(\.generation) == [3, 4])
    #expect(
      try Folders.list(folder.file("seals")).map(\.name) == ["3", "3.manifest", "3.seal", "4", "4.manifest", "4.seal"])
  }

  @Test("have numbers that others can read, whatever else has a number there")
  func numbers() throws {
    try seal()
    for name in ["9223372036854775807", "-9223372036854775808.seal", "2147483647", "2147483648.manifest"] {
      try folder.write("seals/\(name)", "")
    }
    try folder.write("checkpoints/model", "2")
    #expect(try seal()?.generation == 2)
    #expect(throws: CheckpointError.self) {
      try seals.seal(live, unlessEqualTo: nil, above: WireLimits.maximumID - 1, keeping: 2, note: { _ in }) {
        Seal(
          generation: $0, attempt: .first, coveredSequence: 1, coveredResource: 1, files: $2, bytes: $3, hash: $1)
      }
    }
    #expect(seals.seals().map(\.generation) == [1, 2])
  }

  @Test("are not made of nothing, nor of what was restored and not changed")
  func unchanged() throws {
    #expect(try seal() != nil)
    let (_, manifest) = try seals.restore(1, into: live, note: { _ in })
    #expect(try seal(unlessEqualTo: manifest) == nil)
    try folder.write("checkpoints/model", "2")
    #expect(try seal(unlessEqualTo: manifest)?.generation == 2)
    try seals.empty(live: live)
    #expect(try seal() == nil)
    #expect(seals.seals().count == 2)
  }

  @Test("keep the times of files, and the live copy is the trial's to write")
  func times() throws {
    let time = Date(timeIntervalSince1970: 1_600_000_000)
    try FileManager.default.setAttributes([.modificationDate: time], ofItemAtPath: folder.file("checkpoints/model"))
    try seal()
    #expect(try Files.status(folder.file("seals/1/model"))?.mode == 0o400)
    _ = try seals.restore(1, into: live, note: { _ in })
    let status = try #require(try Files.status(folder.file("checkpoints/model")))
    #expect(status.modified.microseconds == 1_600_000_000_000_000)
    #expect(status.mode == 0o600)
    try folder.write("checkpoints/model", "changed")
    #expect(folder.read("seals/1/model") == "1")
  }

  @Test("that are damaged are passed over for the one before")
  func damage() throws {
    try seal()
    for (damage, name) in [("x", "2/model"), ("", "2.manifest"), ("x", "2.seal")] {
      try Folders.removeTree(folder.file("seals/2"))
      try Folders.removeTree(folder.file("seals/2.seal"))
      try Folders.removeTree(folder.file("seals/2.manifest"))
      try folder.write("checkpoints/model", "2")
      #expect(try seal()?.generation == 2)
      try FileManager.default.removeItem(atPath: folder.file("seals/\(name)"))
      try folder.write("seals/\(name)", damage)
      var notes = 0
      let (generation, _) = try seals.restore(2, into: live, note: { _ in notes += 1 })
      #expect(generation == 1)
      #expect(notes == 1)
      #expect(folder.read("checkpoints/model") == "1")
    }
    try Folders.removeTree(folder.file("seals/1/model"))
    try folder.write("checkpoints/model", "kept")
    #expect { try seals.restore(2, into: live, note: { _ in }) } throws: { ($0 as? CheckpointError)?.code == .missing }
    #expect(folder.read("checkpoints/model") == "kept")
    #expect { try seals.restore(9, into: live, note: { _ in }) } throws: { ($0 as? CheckpointError)?.code == .missing }
  }

  @Test("do not count before they are whole")
  func halves() throws {
    try seal()
    try folder.write("seals/.2.new/model", "half")
    try folder.write("seals/3/model", "no manifest, no seal")
    #expect(seals.seals().map(\.generation) == [1])
    #expect(try seal()?.generation == 4)
    #expect(!Files.exists(folder.file("seals/.4.new")))
  }

  @Test("are refused for a file that is nearly all holes")
  func holes() throws {
    let file = FileHandle(forUpdatingAtPath: folder.file("checkpoints/model"))
    try file?.truncate(atOffset: 1 << 40)
    #expect(throws: CheckpointError.self) { try seal() }
    #expect(seals.seals().isEmpty)
  }
}
