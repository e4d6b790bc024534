import ClusterFile
import Coordination
import Foundation
import TestSupport
import Testing

/// The example of a lab's farm is a cluster file, and says what its comments say.
struct FarmExampleTests {
  @Test func theExampleMeansWhatItsCommentsSay() throws {
    let folder = repositoryRoot().appendingPathComponent("Cluster/examples/farm").path
    let text = try String(contentsOfFile: folder + "/cluster.yml", encoding: .utf8)
    // Its key is nobody's.
    let file = try ClusterFile.decode(
      text: text, fileName: "cluster.yml", baseDirectory: folder, checksFiles: false)
    #expect(file.warnings == [])
    let cluster = file.specification.cluster
    #expect(cluster.hosts.count == 20)
    #expect(cluster.hosts.first == HostOptions(name: "gpu1", host: "gpu1"))
    #expect(cluster.hosts[1].gpus == .listed(["0", "1"]) && cluster.hosts[1].port == 2222)
    #expect(cluster.hosts[2].name == "shared" && cluster.hosts[2].user == "bob" && cluster.hosts[2].gpus == .idle)
    #expect(cluster.hosts[3..<19].map(\.name) == (1...16).map { $0 < 10 ? "box0\($0)" : "box\($0)" })
    #expect(cluster.hosts[3..<19].allSatisfy { $0.slots == 2 })
    #expect(cluster.hosts.last?.connect == .tunnel)
    #expect(cluster.maxWorkers == 40 && cluster.lostAfter == .seconds(6 * 3600))
    #expect(cluster.sandbox == SandboxOptions(level: .default, writable: ["~/.cache"]))
    #expect(file.specification.checkpoints.quota == 20 << 30)
  }
}
