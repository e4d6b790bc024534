import Foundation
import Glibc
import HostSystem
import TestSupport
import Testing
import Wire

/// The agent works from its bundle as it does from its build, wherever the folder lies.
@Suite struct BundledAgentTests {
  @Test func itStartsFromAnyPlaceWithNothingInItsEnvironment() throws {
    let folder = TemporaryFolder("bundled")
    try MadeBundle.unpack(MadeBundle.get(), into: folder.file("a place/with spaces"))
    let script = folder.file("a place/with spaces/pasha-agent.sh")
    let (status, output, errors) = try runBare([script, "--version"])
    #expect(status == 0)
    #expect(output == PashaVersion.current + "\n")
    #expect(errors.isEmpty)
    try FileManager.default.createSymbolicLink(atPath: folder.file("link"), withDestinationPath: script)
    #expect(
      try runBare(["PATH=/usr/bin:/bin", folder.file("link"), "--version"]).output == PashaVersion.current + "\n")
    // By its name alone, from its own folder; preloaded libraries of the host do not get in.
    let shell = "cd '\(folder.file("a place/with spaces"))' && sh pasha-agent.sh --version"
    let preloaded = try runBare([
      "LD_PRELOAD=/nonexistent/lib.so", "LD_LIBRARY_PATH=/nonexistent", "/bin/sh", "-c", shell,
    ])
    #expect(preloaded.output == PashaVersion.current + "\n")
    #expect(try runBare([script, "--nonsense"]).status == 64, "arguments arrive")
  }

  @Test func itRunsATrialUnderASupervisorOfItsOwnBundle() throws {
    let folder = TemporaryFolder("bundled")
    let bundle = folder.file("bundle")
    try MadeBundle.unpack(MadeBundle.get(), into: bundle)
    let farm = try FarmOfOne(
      ["\(bundle)/pasha-agent.sh"], home: folder.path, workFolder: folder.file("work"), folder: folder)
    // What lists of processes show.
    #expect(try processFile(farm.agentPID, "comm") == "pasha-agent\n")
    try farm.greet(
      trial: #"""
        env >"$PASHA_CHECKPOINT_DIR/environment"
        for epoch in 1 2 3; do echo "[tune-metric]: {\"epoch\": $epoch, \"loss\": 0.5}"; done
        while [ ! -e "$PASHA_CHECKPOINT_DIR/end" ]; do sleep 0.05; done
        """#)
    let pid = try farm.start(name(0))
    let parent = try #require(ProcessTable.entry(pid)?.parent)
    let command = try processFile(parent, "cmdline")
    #expect(command.hasPrefix("\(bundle)/ld-linux"), "\(command)")
    #expect(command.contains(" \(bundle)/pasha-agent supervise "), "\(command)")
    #expect(try processFile(parent, "comm") == "pasha-agent\n")
    // Every library comes from the bundle.
    let maps = try processFile(parent, "maps").split(separator: "\n").filter { $0.contains(".so") }
    #expect(!maps.isEmpty && maps.allSatisfy { $0.contains(bundle) }, "\(maps)")
    // The trial is the host's: nothing of the bundle is named to it, or mapped in it.
    for file in ["environ", "maps"] {
      let text = try processFile(pid, file)
      #expect(!text.contains(bundle) && !text.contains("LD_LIBRARY_PATH"), "\(text)")
    }
    let checkpoints = try #require(
      try processFile(pid, "environ").split(separator: " ").first { $0.hasPrefix("PASHA_CHECKPOINT_DIR=") })
    try Files.writeAtomically("\(checkpoints.dropFirst("PASHA_CHECKPOINT_DIR=".count))/end", [])
    #expect(try farm.end(of: name(0)).cause == .exited)
    #expect(farm.reports.count == 3)
    try farm.stop()
  }

  @Test func anAgentOutsideABundleStartsSupervisorsByItsOwnFile() throws {
    let folder = TemporaryFolder("plain")
    let farm = try FarmOfOne(
      [product("pasha-agent")], home: folder.path, workFolder: folder.file("work"), folder: folder)
    try farm.greet(trial: "sleep 60")
    let parent = try #require(ProcessTable.entry(farm.start(name(0)))?.parent)
    #expect(try processFile(parent, "cmdline").hasPrefix("\(product("pasha-agent")) supervise "))
    farm.stopTrial(name(0))
    #expect(try farm.end(of: name(0)).cause == .stopped)
    try farm.stop()
  }

  @Test func namesOfHostsAreFoundWithoutTheHostsPlugins() throws {
    let folder = TemporaryFolder("bundled")
    let bundle = folder.file("bundle")
    try MadeBundle.unpack(MadeBundle.get(), into: bundle)
    let farm = try FarmOfOne(
      ["\(bundle)/pasha-agent.sh"], home: folder.path, workFolder: folder.file("work"), host: "localhost",
      folder: folder)
    let maps = try processFile(farm.agentPID, "maps")
    #expect(!maps.contains("libnss_"), "\(maps)")
    try farm.stop()
  }

  @Test func aHostWithoutProcIsToldSo() throws {
    let folder = TemporaryFolder("bundled")
    try MadeBundle.unpack(MadeBundle.get(), into: folder.file("bundle"))
    let space = getuid() == 0 ? ["--mount"] : ["--mount", "--map-root-user"]
    let command = try CommandProcess(
      "/usr/bin/unshare",
      space + [
        "/bin/sh", "-c", "mount -t tmpfs none /proc && exec '\(folder.file("bundle/pasha-agent.sh"))' --version",
      ])
    #expect(try command.wait() == 71)
    #expect(command.errors.contains("mount -t proc proc /proc"), "\(command.errors)")
  }
}
