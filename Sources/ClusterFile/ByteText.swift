/// Sizes as they are written: `500MB` and `500 MB` (millions of bytes), `20GiB` (of 1024 × 1024 × 1024), `4096`.
enum ByteText {
  /// More than a disk holds; keeps sums of sizes far from overflow.
  static let maximum = 1 << 53

  private static let units: [(name: String, size: Int)] = [
    ("TiB", 1 << 40), ("TB", 1_000_000_000_000), ("GiB", 1 << 30), ("GB", 1_000_000_000), ("MiB", 1 << 20),
    ("MB", 1_000_000), ("KiB", 1 << 10), ("kB", 1000), ("B", 1),
  ]

  /// Bytes; nil: not a size, negative, or larger than `maximum`. Units count without regard to case.
  static func parse(_ text: String) -> Int? {
    let rest = text.filter { $0 != " " }
    let digits = rest.prefix { ("0"..."9").contains($0) || $0 == "." }
    guard let number = Double(digits), digits.first != ".", digits.last != "." else { return nil }
    let unit = rest.dropFirst(digits.count).lowercased()
    guard let size = unit.isEmpty ? 1 : units.first(where: { $0.name.lowercased() == unit })?.size else { return nil }
    let bytes = (number * Double(size)).rounded()
    return bytes <= Double(maximum) ? Int(bytes) : nil
  }

  /// Whether the text is a number with a letter that may mean one unit or the other, as `20G`.
  static func isAmbiguous(_ text: String) -> Bool {
    guard let last = text.last, "kKmMgGtT".contains(last) else { return false }
    return parse(text + "B") != nil
  }

  /// The size in its largest unit that leaves a whole number: `20GiB`.
  static func text(_ bytes: Int) -> String {
    let fitting = units.first { bytes >= $0.size && bytes % $0.size == 0 }
    return fitting.map { "\(bytes / $0.size)\($0.name)" } ?? "\(bytes)B"
  }
}
