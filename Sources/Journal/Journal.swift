import Coordination
import HostSystem

/// The facts of a run on the disk, and the only writer of them.
///
/// Words: a *fact* is what was observed or decided; a *batch* is what one turn of the coordinator established, and is
/// committed whole or not at all; a *record* is a fact with its number and stamp.
///
/// What holds:
/// - When `append` returns, the batch is on the disk: it survives the end of the process and of the machine.
/// - After a crash the journal holds a prefix of the batches, with every one of which `append` returned.
/// - Facts are numbered from 1 without a gap and never change: a row that differs from what was written is found by its
///   checksum, and reading stops there with its place.
/// - One process writes. Readers (`JournalReader`) may look at any time and disturb nobody.
///
/// After an error of `append` nothing more can be written: what the disk holds is not known for sure any more. The
/// caller ends; opening the journal again shows what was committed.
public final class Journal: Sendable {
  private struct State: Sendable {
    var lastSequence: Int
    var failure: JournalError?
  }

  /// Where the database is.
  public var path: String { store.path }
  private let store: JournalStore
  private let state: Locked<State>

  init(store: JournalStore) throws(JournalError) {
    self.store = store
    state = Locked(State(lastSequence: try store.lastSequence()))
  }

  /// Makes an empty journal in a folder that exists, and holds it.
  ///
  /// Errors: `exists`, `inUse`, `networkFileSystem`, `diskFull`, `denied` and what the disk gives.
  public static func create(at path: String) throws(JournalError) -> Journal {
    try Journal(store: try JournalStore.create(at: path))
  }

  /// Opens a journal to go on with it, and holds it until `close` or the end of the process.
  ///
  /// Errors: `missing`, `inUse` with the holder's process, `networkFileSystem`, `foreign`, `newerVersion`,
  /// `olderVersion`, `damaged`.
  public static func open(at path: String) throws(JournalError) -> Journal {
    try Journal(store: try JournalStore.open(at: path))
  }

  /// The number of the last fact; 0 for an empty journal.
  public var lastSequence: Int { state.withLock { $0.lastSequence } }

  /// Bytes of a commit that was cut off, by a kill or by loss of power, and that opening has dropped: its facts were never
  /// acknowledged.
  public var tornBytes: Int { store.tornBytes }

  /// Commits the facts in one transaction and waits for the disk; they are numbered on from `lastSequence`. Does nothing
  /// for an empty batch. Called by one thread at a time.
  ///
  /// Errors: `diskFull`, `inputOutput` and others; the same error for every call after it.
  public func append(_ facts: [StampedFact]) throws(JournalError) {
    guard !facts.isEmpty else { return }
    try state.withLock { (state) throws(JournalError) in
      if let failure = state.failure { throw failure }
      var rows: [JournalRow] = []
      rows.reserveCapacity(facts.count)
      for fact in facts { rows.append(JournalRow(sequence: state.lastSequence + rows.count + 1, fact)) }
      do throws(JournalError) {
        try store.append(rows)
        state.lastSequence += rows.count
      } catch {
        state.failure = error
        throw error
      }
    }
  }

  /// Gives every record from number `first` on, in order, in bounded memory. At the end it is certain that none is
  /// missing.
  ///
  /// Errors: those of `body`, and `JournalError`: `damaged` with the place.
  public func replay(from first: Int = 1, _ body: (JournalRecord) throws -> Void) throws {
    let last = try store.replay(after: first - 1, body)
    let expected = lastSequence
    guard last >= expected else {
      throw JournalError(
        .damaged, path, "reading ends after fact \(last), but there are \(expected). Put the file back from a copy")
    }
  }

  /// Ends writing and lets go of the lock. The database is in one file then.
  public func close() throws(JournalError) { try store.close() }
}
