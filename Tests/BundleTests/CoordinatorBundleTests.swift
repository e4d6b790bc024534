import Foundation
import HostSystem
import Launching
import TestSupport
import Testing
import Wire

/// The coordinator works from its bundle wherever the folder lies, and starts the programs that lie beside it.
@Suite(.serialized) struct CoordinatorBundleTests {
  private static let cache = TemporaryFolder("coordinator-bundles")
  private static let made: Result<AgentBundle, BundleError> = Result { () throws(BundleError) in
    atexit { try? FileManager.default.removeItem(atPath: CoordinatorBundleTests.cache.path) }
    let names = ["pasha-coord", "pasha-launch", "pasha-agent"]
    return try CoordinatorBundle.make(
      programs: names.map { ($0, product($0)) },
      agent: AgentBundle.make(executable: product("pasha-agent"), cache: cache.path), cache: cache.path)
  }

  private static let file = """
    experiment:
      name: bundled
      entry_point: sh train.sh
      code: code
      config_space:
        lr: {type: uniform, lower: 0.0, upper: 1.0}
        epochs: 3
      metric: loss
    scheduler: {name: asha, max_t: 3, random_seed: 1}
    stop_criterion: {max_num_trials_started: 2}
    cluster: {slots: 1}

    """
  private static let script = #"""
    for epoch in 1 2 3; do echo "[tune-metric]: {\"epoch\": $epoch, \"loss\": 0.5}"; done

    """#

  @Test func itHoldsItsProgramsAndTheAgentReadyMade() throws {
    let bundle = try Self.made.get()
    let folder = TemporaryFolder("coordinator")
    try MadeBundle.unpack(bundle, into: folder.path)
    let names = try Folders.list(folder.path).map(\.name)
    for name in [
      "pasha-coord", "pasha-coord.sh", "pasha-launch.sh", "pasha-agent.sh", "libsqlite3.so.0", "libssh2.so.1",
    ] {
      #expect(names.contains(name), "\(names)")
    }
    let carried = try #require(CarriedAgent.find(in: folder.path))
    #expect(try carried.hash == MadeBundle.get().hash || MadeBundle.releaseAgent != nil)
    try MadeBundle.unpack(carried, into: folder.file("agent"))
    #expect(try runBare([folder.file("agent/pasha-agent.sh"), "--version"]).output == PashaVersion.current + "\n")
    // One that is damaged is none.
    try Files.writeAtomically(folder.file("agent.tar.gz"), [1, 2, 3])
    #expect(CarriedAgent.find(in: folder.path) == nil)
  }

  @Test func withNothingInItsEnvironmentItRunsTrialsInTheBackground() throws {
    let folder = TemporaryFolder("coordinator")
    let bundle = folder.file("a bundle")
    try MadeBundle.unpack(Self.made.get(), into: bundle)
    let file = try folder.write("cluster.yml", Self.file)
    try folder.write("code/train.sh", Self.script)
    let home = ["HOME=\(folder.path)", "PASHA_STATE=\(folder.file("state"))", "PATH=/usr/bin:/bin"]
    let coordinator = "\(bundle)/pasha-coord.sh"
    #expect(try runBare([coordinator, "--version"]).output == PashaVersion.current + "\n")
    let (status, output, errors) = try runBare(home + [coordinator, "run", "--detach", file])
    #expect(status == 0, "\(errors)")
    let run = output.trimmingCharacters(in: .whitespacesAndNewlines)
    let attached = try runBare(home + [coordinator, "attach", run])
    #expect(attached.status == 0, "\(attached)")
    #expect(attached.output.contains("0.5"), "\(attached.output)")
  }

  @Test(
    .enabled(if: OldRoot.isEnabled, "the long lane, as root: debootstrap makes whole systems"),
    arguments: ["bullseye", "bookworm"])
  func itTunesInASystemWithNothingElseInIt(suite: String) throws {
    let root = try OldRoot.folder(suite)
    let folder = TemporaryFolder("coordinator")
    try MadeBundle.unpack(Self.made.get(), into: folder.file("shared/bundle"))
    try folder.write("shared/cluster.yml", Self.file)
    try folder.write("shared/code/train.sh", Self.script)
    let entry = try folder.write("enter.sh", OldRoot.entry, mode: 0o755)
    let words = [
      "HOME=/tmp", "PASHA_STATE=/tmp/state", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "/usr/bin/unshare", "--mount", entry,
      root,
      folder.file("shared"), "bundle/pasha-coord.sh",
    ]
    #expect(try runBare(words + ["--version"]).output == PashaVersion.current + "\n")
    let (status, output, errors) = try runBare(words + ["/mnt/cluster.yml"])
    #expect(status == 0, "\(output)\(errors)")
    #expect(output.contains("best"), "\(output)")
  }
}
