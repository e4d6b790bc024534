import Foundation
import TestSupport
import TuningModel

/// Syne Tune itself.
enum SyneTune {
  /// What the real package finds in a folder, as `Tests/Fixtures/syne-tune/load.py` prints it.
  static func load(root: String, name: String) throws -> JSONValue {
    let (status, output) = try run(
      SyneTuneEnvironment.python(), [SyneTuneEnvironment.fixtures + "/load.py", root, name])
    guard status == 0 else {
      throw SyneTuneEnvironment.Failure(description: "Syne Tune cannot load the folder: exit status \(status)")
    }
    let text = [UInt8](output)
    // Syne Tune prints lines about packages that are not there before.
    guard let start = text.lastIndex(of: UInt8(ascii: "\n")).map({ $0 + 1 }) ?? text.indices.first else {
      throw SyneTuneEnvironment.Failure(description: "Syne Tune printed nothing")
    }
    return try JSONValue(parsing: text[start...])
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
