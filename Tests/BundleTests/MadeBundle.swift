import Foundation
import HostSystem
import Launching
import TestSupport

/// A bundle of `pasha-agent`, made once for all tests.
enum MadeBundle {
  /// The agent as hosts get it, where the caller of the tests has built that; else the agent of this build.
  static let releaseAgent = ProcessInfo.processInfo.environment["PASHA_RELEASE_AGENT"]
  static let executable = releaseAgent ?? product("pasha-agent")

  /// The cache that it lies in, removed when the tests end.
  private static let cache = TemporaryFolder("bundles")
  private static let made: Result<AgentBundle, BundleError> = Result { () throws(BundleError) in
    atexit { try? FileManager.default.removeItem(atPath: MadeBundle.cache.path) }
    return try AgentBundle.make(executable: executable, cache: cache.path)
  }

  static func get() throws -> AgentBundle { try made.get() }

  /// Unpacks a bundle as hosts do, into a folder that is made.
  static func unpack(_ bundle: AgentBundle, into folder: String) throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let tar = try CommandProcess("/bin/tar", ["-xzf", bundle.path, "-C", folder])
    guard try tar.wait() == 0 else { throw WaitedInVain(description: "tar: \(tar.errors)") }
  }
}

/// Runs a command with nothing in its environment.
func runBare(_ words: [String], limit: Double = 60) throws -> (status: Int32, output: String, errors: String) {
  let command = try CommandProcess("/usr/bin/env", ["-i"] + words)
  let status = try command.wait(limit: limit)
  return (status, command.output, command.errors)
}

/// What the kernel has of a process in a file of /proc, NULs shown as spaces.
func processFile(_ pid: Int, _ name: String) throws -> String {
  let bytes = try Files.read("/proc/\(pid)/\(name)", limit: 1 << 20)
  return String(decoding: bytes.map { $0 == 0 ? 32 : $0 }, as: UTF8.self)
}
