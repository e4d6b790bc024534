/// What is wrong with a table of learning curves, or with an order: where, and what would be right.
public struct CurveTableError: Error, Equatable, Sendable, CustomStringConvertible {
  public enum Code: String, Sendable {
    /// Nothing is there.
    case notFound
    /// It cannot be read, or is not what it should be.
    case unreadable
    /// More than a table may hold.
    case tooLarge
    /// The text is not CSV or JSON.
    case syntax
    /// A heading without the columns that it must have, or no heading.
    case heading
    /// A cell that must be a number and is none.
    case notANumber
    /// A configuration or seed that stands there twice.
    case duplicate
    /// Rows that do not fit each other, or another file.
    case shape
    /// A configuration that the table does not have.
    case unknownConfiguration
    /// A seed that has no order.
    case missingSeed
    /// No curve is left.
    case empty
  }

  public let code: Code
  public let file: String
  /// Counted from 1; nil: the mistake is the whole file's.
  public let line: Int?
  /// In Unicode scalars, counted from 1.
  public let column: Int?
  public let message: String

  init(_ code: Code, _ file: String, line: Int? = nil, column: Int? = nil, _ message: String) {
    self.code = code
    self.file = file
    self.line = line
    self.column = column
    self.message = message
  }

  /// `curves.csv:14:27: p3 must be a number, not "abc"`.
  public var description: String {
    var place = file
    if let line { place += ":\(line)" }
    if let column { place += ":\(column)" }
    return "\(place): \(message)"
  }
}
