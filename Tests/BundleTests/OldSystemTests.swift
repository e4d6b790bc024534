import Foundation
import HostSystem
import TestSupport
import Testing
import Wire

/// The bundle runs on systems that are older than the one it was made on, with nothing installed there.
@Suite(.serialized, .enabled(if: OldRoot.isEnabled, "the long lane, as root: debootstrap makes whole systems"))
struct OldSystemTests {
  @Test(arguments: ["bullseye", "bookworm"])
  func theBundleTunesInASystemWithNothingElseInIt(suite: String) throws {
    let root = try OldRoot.folder(suite)
    #expect(!Files.exists("\(root)/usr/lib/x86_64-linux-gnu/libzmq.so.5"))
    let folder = TemporaryFolder("old")
    try MadeBundle.unpack(MadeBundle.get(), into: folder.file("shared/bundle"))
    let entry = try folder.write("enter.sh", OldRoot.entry, mode: 0o755)
    let words = [
      "/usr/bin/unshare", "--mount", entry, root, folder.file("shared"), "bundle/pasha-agent.sh",
    ]
    let version = try runBare(words + ["--version"])
    #expect(version.output == PashaVersion.current + "\n", "\(version.errors)")

    let farm = try FarmOfOne(
      words, home: "/mnt", workFolder: "/mnt/work", host: OldRoot.coordinatorName, folder: folder)
    #expect(try processFile(farm.agentPID, "comm") == "pasha-agent\n")
    let libraries = try processFile(farm.agentPID, "maps").split(separator: "\n").filter { $0.contains(".so") }
    #expect(!libraries.isEmpty && libraries.allSatisfy { $0.contains("/bundle/") }, "\(libraries)")
    try farm.greet(
      trial: #"""
        for epoch in 1 2 3; do echo "[tune-metric]: {\"epoch\": $epoch, \"loss\": 0.5}"; done
        cat /etc/debian_version >"$PASHA_CHECKPOINT_DIR/version"
        """#)
    _ = try farm.start(name(0))
    #expect(try farm.end(of: name(0)).cause == .exited)
    #expect(farm.reports.count == 3)
    try farm.stop()
  }
}
