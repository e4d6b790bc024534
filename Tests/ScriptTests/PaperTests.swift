import Foundation
import TestSupport
import Testing

/// Docs/paper.md is what `Cluster/paper` writes: what it says of the table in the repository is written anew and compared.
struct PaperTests {
  @Test func thePageOnTheTableInTheRepositoryIsUpToDate() throws {
    let folder = TemporaryFolder("paper")
    let root = repositoryRoot()
    // An empty folder of data: the table in the repository alone.
    try FileManager.default.createDirectory(atPath: folder.file("data"), withIntermediateDirectories: true)
    let process = try CommandProcess(
      "/usr/bin/env",
      [
        "python3", root.appendingPathComponent("Cluster/paper").path, "--program", product("pasha-coord"), "--data",
        folder.file("data"), "--docs", folder.path, "--quick",
      ])
    #expect(try process.wait(limit: 600) == 0, "\(process.errors)")
    let written = try #require(folder.read("paper.md"))
    let page = try String(contentsOf: root.appendingPathComponent("Docs/paper.md"), encoding: .utf8)
    // The first table and what stands below it; the page goes on with other reduction factors.
    let section = try #require(Self.section("## NAS-Bench-201, CIFAR-10\n", of: written))
    #expect(section.contains("| PASHA | here |"))
    #expect(page.contains(section), "run Cluster/paper")
    let picture = try String(contentsOf: root.appendingPathComponent("Docs/paper/nb201.svg"), encoding: .utf8)
    #expect(folder.read("paper/nb201.svg") == picture, "run Cluster/paper")
    #expect(written.contains("Tables that were not there when this page was written: AlgoPerf, ImageNet, ResNet;"))
    #expect(written.contains("| NAS-Bench-201, CIFAR-10 | 3 | PASHA |"))
  }

  private static func section(_ heading: String, of page: String) -> String? {
    guard let start = page.range(of: heading) else { return nil }
    let rest = page[start.lowerBound...]
    let end = rest.dropFirst(heading.count).range(of: "\n\n## ")?.lowerBound ?? rest.endIndex
    return String(rest[..<end])
  }
}
