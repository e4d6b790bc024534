/// A run in formats of others: everything that its trials reported, each trial with its configuration, and the run itself.
///
/// Words: a *record* is the run, a trial or a report, as a JSON object; a *table* has a column for each value of a record.
///
/// Invariants: every report that the journal holds is exported once, at its place, with what was made of it in the end;
/// values keep their kind (whole, real, text, truth value, nested) where the format can tell them apart, and where it
/// cannot, `Docs/exports.md` says what becomes of them. Memory grows with the number of trials; reports pass through.
///
/// What is exported is what was committed when the export began: a run may go on meanwhile.
public enum Exports {
  /// The number of the records' format. Members may be added under the same number.
  public static let format = 1
}
