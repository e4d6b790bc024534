import Foundation
import Glibc

/// A Python that has Syne Tune, in a virtual environment of its own that is kept between runs of the tests.
public enum SyneTuneEnvironment {
  public struct Failure: Error, CustomStringConvertible {
    public let description: String

    public init(description: String) { self.description = description }
  }

  public static let fixtures = repositoryRoot().appendingPathComponent("Tests/Fixtures/syne-tune").path

  /// The interpreter of the environment, which is made where it is missing: Python 3 and PyPI must be there.
  public static func python() throws -> String {
    let requirements = try Data(contentsOf: URL(fileURLWithPath: fixtures + "/requirements.txt"))
    // FNV-1a: names the environment after what is in it.
    let hash = requirements.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    let parent = repositoryRoot().appendingPathComponent(".build/test-venvs").path
    try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
    let folder = "\(parent)/\(String(hash, radix: 16))"
    let interpreter = folder + "/bin/python"
    // Tests run side by side, and so may test processes: one makes it, the others wait.
    let lock = open("\(folder).lock", O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
    guard lock >= 0, flock(lock, LOCK_EX) == 0 else { throw Failure(description: "cannot lock \(folder).lock") }
    defer { close(lock) }
    if FileManager.default.fileExists(atPath: folder + "/ready") { return interpreter }
    try? FileManager.default.removeItem(atPath: folder)
    for command in [
      ["python3", "-m", "venv", folder],
      [
        interpreter, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "-r",
        fixtures + "/requirements.txt",
      ],
    ] {
      let process = try CommandProcess("/usr/bin/env", command)
      guard try process.wait(limit: 300) == 0 else {
        throw Failure(
          description: "cannot make the virtual environment for Syne Tune: \(command.joined(separator: " ")): "
            + process.errors)
      }
    }
    try Data().write(to: URL(fileURLWithPath: folder + "/ready"))
    return interpreter
  }
}
