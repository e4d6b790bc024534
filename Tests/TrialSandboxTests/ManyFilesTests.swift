import HostSystem
import TestSupport
import Testing
import TuningModel
import Wire

@testable import TrialSandbox

@Suite("Checkpoints of many files")
struct ManyFilesTests {
  @Test("are sealed whole and restored as they were, synced one by one or at once", arguments: [60, 700])
  func manyFiles(count: Int) throws {
    let folder = TemporaryFolder("many")
    for number in 0..<count {
      let shard = folder.file("checkpoints/shard\(number % 10)")
      try Files.makeFolder(shard, intermediates: true)
      try Files.writeAtomically("\(shard)/\(number)", "content \(number)".utf8)
    }
    let seals = SealFolder(folder.file("seals"))
    let seal = try seals.seal(
      folder.file("checkpoints"), unlessEqualTo: nil, above: 0, keeping: 2, note: { Issue.record("\($0)") }
    ) { generation, hash, files, bytes in
      Seal(
        generation: generation, attempt: .first, coveredSequence: 0, coveredResource: nil, files: files, bytes: bytes,
        hash: hash)
    }
    #expect(seal?.files == count)
    #expect(try seals.manifest(of: 1).entries.count == count + 10)
    let (generation, _) = try seals.restore(1, into: folder.file("copy"), note: { Issue.record("\($0)") })
    #expect(generation == 1)
    for number in stride(from: 0, to: count, by: 7) {
      #expect(folder.read("copy/shard\(number % 10)/\(number)") == "content \(number)")
    }
  }
}
