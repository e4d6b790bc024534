import GRDB
import HostSystem

extension JournalError {
  init(system error: SystemError, _ path: String) {
    let code: Code =
      switch error.code {
      case .notFound: .missing
      case .denied: .denied
      case .noSpace: .diskFull
      default: .inputOutput
      }
    self.init(code, path, error.message)
  }

  /// What SQLite says, in our words. `action` completes "cannot …".
  init(database error: any Error, _ path: String, _ action: String) {
    if let error = error as? JournalError {
      self = error
      return
    }
    guard let error = error as? DatabaseError else {
      self.init(.failed, path, "cannot \(action): \(error)")
      return
    }
    let said = "\(error.message ?? "no reason given") (SQLite's code \(error.extendedResultCode.rawValue))"
    switch error.resultCode {
    case .SQLITE_FULL:
      self.init(
        .diskFull, path, "cannot \(action): the disk is full. Make room there, then `pasha-coord resume` the run")
    case .SQLITE_IOERR:
      self.init(
        .inputOutput, path,
        "cannot \(action): the disk failed: \(said). See the kernel's log for the disk's own words; when it works again, "
          + "`pasha-coord resume` goes on with the run")
    case .SQLITE_CORRUPT, .SQLITE_NOTADB:
      self.init(
        .damaged, path, "cannot \(action): the file is damaged: \(said). Put it back from a copy, or start a new run")
    case .SQLITE_PERM, .SQLITE_AUTH, .SQLITE_READONLY, .SQLITE_CANTOPEN:
      self.init(.denied, path, "cannot \(action): \(said)")
    case .SQLITE_BUSY, .SQLITE_LOCKED:
      self.init(.inUse, path, "cannot \(action): another program holds the file: \(said)")
    case .SQLITE_ERROR, .SQLITE_SCHEMA, .SQLITE_MISMATCH, .SQLITE_TOOBIG, .SQLITE_CONSTRAINT:
      self.init(.damaged, path, "cannot \(action): the content is not a journal's: \(said)")
    default:
      self.init(.failed, path, "cannot \(action): \(said)")
    }
  }
}
