/// Why a journal cannot be used. The message names the file, what is wrong and the way out.
public struct JournalError: Error, Equatable, Sendable, CustomStringConvertible {
  public enum Code: String, Sendable, CaseIterable {
    /// There is no journal at the path.
    case missing
    /// There is a file at the path where a new journal was to be made.
    case exists
    /// Another coordinator holds the journal.
    case inUse
    /// The folder lies on a network file system.
    case networkFileSystem
    /// The file is no journal of pasha.
    case foreign
    /// A newer pasha wrote it.
    case newerVersion
    /// An older pasha wrote it, in a form that is no longer read.
    case olderVersion
    /// Something in the file changed after it was written.
    case damaged
    /// The file system is full: nothing of the batch was committed.
    case diskFull
    /// Reading, writing or syncing failed: nothing of the batch was committed, as far as the disk can be believed.
    case inputOutput
    /// The user may not read or write the file.
    case denied
    /// Any other failure of the database.
    case failed
  }

  public let code: Code
  public let path: String
  public let message: String

  init(_ code: Code, _ path: String, _ message: String) {
    self.code = code
    self.path = path
    self.message = message
  }

  public var description: String { "\(path): \(message)" }
}
