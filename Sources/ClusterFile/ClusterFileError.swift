import TuningModel

/// Something in a cluster file that is wrong, or that is worth a look.
public struct ClusterFileProblem: Hashable, Sendable, CustomStringConvertible {
  public enum Code: String, Hashable, Sendable {
    /// The file cannot be read, or is no text.
    case unreadableFile
    /// The text is not YAML.
    case syntax
    /// More than a cluster file may hold.
    case tooLarge
    case unknownKey
    case duplicateKey
    case missingKey
    /// A value of another type than the key's.
    case wrongType
    /// A value that the key cannot have.
    case invalidValue
    /// Values that do not go together.
    case contradiction
    /// What this version cannot do.
    case unsupported
  }

  public let code: Code
  public let fileName: String
  /// Counted from 1; nil: the mistake has no place, such as a file that is not there.
  public let line: Int?
  /// In Unicode scalars, counted from 1.
  public let column: Int?
  public let message: String
  /// The line with a caret under the place; for mistakes of syntax.
  public let snippet: String?

  /// `cluster.yml:14:7: experiment.mode must be min or max, not maximize`.
  public var description: String {
    var place = fileName
    if let line { place += ":\(line)" }
    if let column { place += ":\(column)" }
    // What a file says must not steer the terminal that shows it.
    return PrintableText.of("\(place): \(message)" + (snippet.map { "\n" + $0 } ?? ""), keepsNewlines: true)
  }
}

/// All that is wrong with a cluster file, in the order of the file.
public struct ClusterFileError: Error, Hashable, Sendable, CustomStringConvertible {
  public let problems: [ClusterFileProblem]
  /// What is worth a look beside the mistakes.
  public let warnings: [ClusterFileProblem]

  /// One mistake a line.
  public var description: String { problems.map(\.description).joined(separator: "\n") }
}
