/// A table or settings of which no run can be made, or a run that did not end.
public struct SimulationError: Error, Equatable, Sendable, CustomStringConvertible {
  public enum Code: String, Sendable {
    /// The table cannot be used; the message names the row.
    case badTable
    /// A setting is out of range, alone or with the others.
    case badSetting
    /// The order names a row twice, or one that is not there.
    case badOrder
    /// The machines came to a stand before the run's end: a bug.
    case stuck
  }

  public var code: Code
  public var message: String

  public init(code: Code, message: String) {
    self.code = code
    self.message = message
  }

  public var description: String { message }
}
