import Foundation
import TestSupport
import TuningModel

/// Syne Tune itself, in a virtual environment of its own that is kept between runs of the tests.
enum SyneTune {
  struct Failure: Error, CustomStringConvertible { let description: String }

  /// What the real package finds in a folder, as `Tests/Fixtures/syne-tune/load.py` prints it.
  static func load(root: String, name: String) throws -> JSONValue {
    let (status, output) = try run(try python(), [fixtures + "/load.py", root, name])
    guard status == 0 else { throw Failure(description: "Syne Tune cannot load the folder: exit status \(status)") }
    let text = [UInt8](output)
    // Syne Tune prints lines about packages that are not there before.
    guard let start = text.lastIndex(of: UInt8(ascii: "\n")).map({ $0 + 1 }) ?? text.indices.first else {
      throw Failure(description: "Syne Tune printed nothing")
    }
    return try JSONValue(parsing: text[start...])
  }

  private static let fixtures = repositoryRoot().appendingPathComponent("Tests/Fixtures/syne-tune").path

  /// The interpreter of the environment, which is made where it is missing: Python 3 and PyPI must be there.
  private static func python() throws -> String {
    let requirements = try Data(contentsOf: URL(fileURLWithPath: fixtures + "/requirements.txt"))
    // FNV-1a: names the environment after what is in it.
    let hash = requirements.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    let folder = repositoryRoot().appendingPathComponent(".build/test-venvs/\(String(hash, radix: 16))").path
    let interpreter = folder + "/bin/python"
    if FileManager.default.fileExists(atPath: folder + "/ready") { return interpreter }
    try? FileManager.default.removeItem(atPath: folder)
    for command in [
      ["python3", "-m", "venv", folder],
      [
        interpreter, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "-r",
        fixtures + "/requirements.txt",
      ],
    ] {
      guard try run(command[0], Array(command.dropFirst())).status == 0 else {
        throw Failure(
          description: "cannot make the virtual environment for Syne Tune: \(command.joined(separator: " "))")
      }
    }
    try Data().write(to: URL(fileURLWithPath: folder + "/ready"))
    return interpreter
  }
}

extension JSONValue {
  subscript(key: String) -> JSONValue? {
    guard case .object(let members) = self else { return nil }
    return members.first { $0.key == key }?.value
  }

  subscript(index: Int) -> JSONValue? {
    guard case .array(let elements) = self, elements.indices.contains(index) else { return nil }
    return elements[index]
  }

  var count: Int {
    switch self {
    case .array(let elements): elements.count
    case .object(let members): members.count
    default: 0
    }
  }

  var text: String? {
    guard case .string(let text) = self else { return nil }
    return text
  }
}
