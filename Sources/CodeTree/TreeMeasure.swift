/// Where a code folder's entries and bytes are, to name the largest parts when they are too many.
struct TreeMeasure {
  /// Counting ends here, so that a code folder of `/` by mistake is told within a bounded time.
  static let mostEntries = 1_000_000
  /// Parts are folders and files up to this many components deep.
  private static let deepest = 3

  private struct Part {
    var entries = 0
    var bytes = 0
    var isFolder = false
  }

  private(set) var entries = 0
  private(set) var bytes = 0
  private var parts: [[String]: Part] = [:]

  mutating func add(_ path: [String], bytes size: Int) {
    entries += 1
    bytes += size
    for depth in 1...Self.deepest where depth <= path.count {
      let isFolder = depth < path.count
      parts[Array(path[..<depth]), default: Part()].entries += 1
      parts[Array(path[..<depth]), default: Part()].bytes += size
      if isFolder { parts[Array(path[..<depth]), default: Part()].isFolder = true }
    }
  }

  func exceeds(_ limits: CodeTree.Limits) -> Bool { entries > limits.entries || bytes > limits.bytes }

  func tooLarge(_ folder: String, _ limits: CodeTree.Limits) -> CodeTreeError {
    let byEntries = entries > limits.entries
    let what =
      byEntries
      ? "\(entries >= Self.mostEntries ? "at least " : "")\(entries) files and folders, at most \(limits.entries) can travel"
      : "\(Self.shown(bytes)), at most \(Self.shown(limits.bytes)) can travel"
    let culprits = largest { byEntries ? $0.entries : $0.bytes }.map { path, part in
      let amount = byEntries ? "\(part.entries) entries" : Self.shown(part.bytes)
      return "\(path.joined(separator: "/"))\(part.isFolder ? "/" : "") (\(amount))"
    }
    return CodeTreeError(
      .tooLarge,
      "the code folder \(folder) holds \(what); the largest parts: \(culprits.joined(separator: ", ")). "
        + "Name what training does not need in \(folder)/.pashaignore, or point `code:` at a smaller folder")
  }

  /// The three largest parts that do not overlap. A folder gives way to a part of it that holds nearly all of it.
  private func largest(_ amount: (Part) -> Int) -> [(path: [String], part: Part)] {
    let sorted = parts.map { (path: $0.key, part: $0.value) }.sorted { a, b in
      (amount(b.part), a.path.joined(separator: "/")) < (amount(a.part), b.path.joined(separator: "/"))
    }
    var chosen: [(path: [String], part: Part)] = []
    for candidate in sorted where candidate.path.count == 1 && chosen.count < 3 {
      var best = candidate
      while let inner = sorted.first(where: { $0.path.count == best.path.count + 1 && $0.path.starts(with: best.path) }
      ),
        amount(inner.part) * 10 >= amount(best.part) * 9
      {
        best = inner
      }
      chosen.append(best)
    }
    return chosen
  }

  /// Bytes in the largest unit that leaves at least one: "4.0 GiB".
  static func shown(_ bytes: Int) -> String {
    var tenths = bytes * 10
    var unit = 0
    let units = ["B", "KiB", "MiB", "GiB", "TiB"]
    while tenths >= 10_240, unit < units.count - 1 {
      tenths = (tenths + 512) / 1024
      unit += 1
    }
    return unit == 0 ? "\(bytes) B" : "\(tenths / 10).\(tenths % 10) \(units[unit])"
  }
}
