import TuningModel

/// What a report line is made of, and its bounds.
///
/// A trial reports by a line on standard output in Syne Tune's form, `[tune-metric]: {"epoch": 3, "val_loss": 0.41}`:
/// the marker anywhere in the line, one space, one JSON object. What stands before and behind it is not looked at.
///
/// Where this differs from Syne Tune's own reader (0.13, `syne_tune.report.retrieve`):
/// - Only a line that ends in a newline is used; a line cut by a kill or between two writes is no report yet.
/// - Every report of a line counts, also when two were glued together or one was cut off and the next one follows it.
/// - A broken report costs itself alone.
/// - Reports have bounds, and text without reports has none: it is passed over, never stored.
public struct ReportLineLimits: Sendable {
  /// Bytes of one report's object. Syne Tune's reporter refuses 50,000.
  public var objectBytes: Int
  /// What the reports of one line may take together before the rest of the line is passed over.
  public var lineBytes: Int

  public init(objectBytes: Int = 64 << 10, lineBytes: Int = 1 << 20) {
    self.objectBytes = objectBytes
    self.lineBytes = lineBytes
  }
}

/// What was found in a trial's standard output, in the order of the bytes.
public enum ReportLineEvent: Equatable, Sendable {
  /// A report; `sequence` counts from 1 within the attempt, `endOffset` is the byte behind its object. Reading may go on
  /// there with the next sequence, but for one case: of a line beyond its bound more would be found so. The reader's
  /// `position` is right always.
  case report(sequence: Int, fields: [JSONValue.Member], endOffset: Int)
  /// A marker that no whole object follows. It takes no sequence. The excerpt is the beginning of the text from the
  /// marker on, without control characters.
  case malformed(reason: String, excerpt: String)
  /// An object beyond its bound, or a line with more reports than its bound: so many bytes of the line, from the marker
  /// to the newline, were not used.
  case overlong(bytes: Int)
}
