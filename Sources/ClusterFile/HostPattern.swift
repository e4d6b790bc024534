/// Ranges in host names, as pdsh and Slurm write them: `box[01-16]`, `gpu[1,3,5-8]`, `rack[1-2]n[01-40]`. Each number is
/// padded with zeros to as many digits as the first of its range has; the last bracket counts fastest.
enum HostPattern {
  struct Failure: Error, Equatable {
    let reason: String

    init(_ reason: String) { self.reason = reason }
  }

  /// Bytes of a name with its ranges: bounds what many brackets cost.
  private static let lengthLimit = 512
  /// Numbers of a range have at most this many digits.
  private static let digits = 9

  /// The names that the text stands for, at most `limit` of them.
  static func expand(_ text: String, limit: Int) throws(Failure) -> [String] {
    guard text.utf8.count <= lengthLimit else { throw Failure("must be at most \(lengthLimit) letters long") }
    var names = [""]
    var rest = text[...]
    while let open = rest.firstIndex(where: { $0 == "[" || $0 == "]" }) {
      guard rest[open] == "[" else { throw Failure("must open each bracket, and a ] closes none") }
      guard let close = rest[open...].firstIndex(of: "]") else {
        throw Failure("must close each bracket, and a [ is left open")
      }
      let numbers = try numbers(rest[rest.index(after: open)..<close], limit: limit)
      let (count, overflow) = names.count.multipliedReportingOverflow(by: numbers.count)
      guard !overflow, count <= limit else { throw tooMany(limit) }
      let literal = rest[..<open]
      names = names.flatMap { name in numbers.map { name + literal + $0 } }
      rest = rest[rest.index(after: close)...]
    }
    return names.map { $0 + rest }
  }

  private static func tooMany(_ limit: Int) -> Failure {
    Failure("stands for more hosts than a cluster may have here, which is \(limit)")
  }

  /// The numbers of one bracket, padded.
  private static func numbers(_ text: Substring, limit: Int) throws(Failure) -> [String] {
    guard !text.isEmpty else { throw Failure("must have numbers within its brackets, as in box[01-16]") }
    var result: [String] = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let ends = part.split(separator: "-", omittingEmptySubsequences: false)
      guard (1...2).contains(ends.count), ends.allSatisfy(isNumber), let first = Int(ends[0]),
        let last = Int(ends[ends.count - 1])
      else {
        throw Failure(
          "must have numbers of at most \(digits) digits within its brackets, as in box[01-16] or gpu[1,3,5-8], not "
            + YAMLScalar(text: String(text), isPlain: false).shown)
      }
      guard first <= last else { throw Failure("must count up within its brackets; write \(last)-\(first)") }
      guard result.count + (last - first) < limit else { throw tooMany(limit) }
      let width = ends[0].count
      for number in first...last {
        let plain = String(number)
        result.append(String(repeating: "0", count: max(0, width - plain.count)) + plain)
      }
    }
    return result
  }

  private static func isNumber(_ text: Substring) -> Bool {
    !text.isEmpty && text.count <= digits && text.allSatisfy { ("0"..."9").contains($0) }
  }
}
