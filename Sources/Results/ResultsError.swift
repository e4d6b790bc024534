import HostSystem
import Journal

/// Why the results were not written. What stood in their place before is as it was.
public struct ResultsError: Error, Equatable, Sendable, CustomStringConvertible {
  public enum Code: String, Sendable, CaseIterable {
    /// The journal cannot be read.
    case journal
    /// The files cannot be written.
    case output
    /// The table does not fit into a zip file.
    case tooLarge
  }

  public let code: Code
  public let message: String

  init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  init(_ error: SystemError) { self.init(.output, error.message) }
  init(_ error: JournalError) { self.init(.journal, "\(error)") }

  public var description: String { message }
}
