import TuningModel

/// How the values of a report are looked at.
public enum ReportFields {
  /// Keys of a report that are kept.
  public static let maximumKeys = 256
  /// Bytes of a key; a longer one is left out, since a shortened one could be taken for another.
  public static let maximumKeyBytes = 256

  /// The first `maximumKeys` members with keys of a bearable length, in their order. The names in `needed` (the metric,
  /// the resource) are kept wherever they stand. `isTruncated` says whether something was left out.
  public static func limited(
    _ fields: [JSONValue.Member], needed: [String] = []
  ) -> (fields: [JSONValue.Member], isTruncated: Bool) {
    if fields.count <= maximumKeys, fields.allSatisfy({ $0.key.utf8.count <= maximumKeyBytes }) {
      return (fields, false)
    }
    var room = maximumKeys - fields.count { needed.contains($0.key) }
    let kept = fields.filter { member in
      if needed.contains(member.key) { return true }
      guard room > 0, member.key.utf8.count <= maximumKeyBytes else { return false }
      room -= 1
      return true
    }
    return (kept, kept.count < fields.count)
  }

  public static func value(_ name: String, in fields: [JSONValue.Member]) -> JSONValue? {
    fields.first { $0.key == name }?.value
  }

  /// A number, NaN and ±infinity included; nil where the value is missing, a string, a truth value or anything else.
  public static func number(_ name: String, in fields: [JSONValue.Member]) -> Double? {
    switch value(name, in: fields) {
    case .int(let value): Double(value)
    case .double(let value): value
    default: nil
    }
  }

  /// A whole number, also when written as 3.0; nil otherwise.
  public static func wholeNumber(_ name: String, in fields: [JSONValue.Member]) -> Int? {
    switch value(name, in: fields) {
    case .int(let value): value
    // Beyond this not every whole number is a number of its own; the coordinator takes none either.
    case .double(let value): abs(value) < 9e15 ? Int(exactly: value) : nil
    default: nil
    }
  }
}
