import HostSystem

/// Why a code folder cannot be taken, or a stored tree cannot be read: what, where, and the way out.
public struct CodeTreeError: Error, Equatable, Sendable, CustomStringConvertible {
  public enum Code: Equatable, Sendable {
    /// The code folder does not exist, or is no folder.
    case noFolder
    /// A file or folder cannot be read.
    case unreadable
    /// A symbolic link leads out of the folder.
    case linkLeavesTree
    /// Too many entries, too many bytes, a path that is too long.
    case tooLarge
    /// A file kept changing while it was copied.
    case changed
    /// The copy cannot be written.
    case unwritable
    /// The stored tree is not there, or not what was stored.
    case damaged
    /// Somebody asked for what is not in the tree: an index, an offset, a length.
    case outOfRange
  }

  public let code: Code
  public let message: String

  public init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  public var description: String { message }
}

/// The value of a call of the host, with its failure under the given code.
func attempt<Value>(
  _ code: CodeTreeError.Code, _ call: () throws(SystemError) -> Value
) throws(CodeTreeError) -> Value {
  do throws(SystemError) { return try call() } catch { throw CodeTreeError(code, error.message) }
}
