/// One ignore file, in the syntax of gitignore(5).
struct IgnoreFile: Equatable, Sendable {
  /// What a pattern says of the paths that it matches.
  enum Verdict: Equatable, Sendable { case leaveOut, take }

  struct Pattern: Equatable, Sendable {
    let verdict: Verdict
    /// Written with a slash at its end.
    let isForFoldersOnly: Bool
    /// Without a slash before its end it is matched with the last component at any depth, otherwise with the path from
    /// the ignore file's own folder.
    let isAnchored: Bool
    let glob: Glob

    /// nil for an empty line, a comment, and what can match nothing.
    init?(line: ArraySlice<UInt8>) {
      if line.first == UInt8(ascii: "#") { return nil }
      var text = Self.withoutTrailingSpaces(line)
      let negates = text.first == UInt8(ascii: "!")
      if negates { text = text.dropFirst() }
      isForFoldersOnly = text.last == slash
      if isForFoldersOnly { text = text.dropLast() }
      isAnchored = text.contains(slash)
      if text.first == slash { text = text.dropFirst() }
      guard !text.isEmpty, let glob = Glob(text) else { return nil }
      self.glob = glob
      verdict = negates ? .take : .leaveOut
    }

    /// Spaces at the end of a line do not count, unless a backslash stands before them.
    private static func withoutTrailingSpaces(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
      var end = line.startIndex
      var index = line.startIndex
      while index < line.endIndex {
        let width = line[index] == UInt8(ascii: "\\") ? 2 : 1
        if line[index] != UInt8(ascii: " ") { end = min(index + width, line.endIndex) }
        index += width
      }
      return line[..<end]
    }
  }

  let patterns: [Pattern]

  init(_ content: [UInt8]) {
    let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    let text = content.starts(with: mark) ? content[mark.count...] : content[...]
    patterns = text.split(separator: UInt8(ascii: "\n")).compactMap { line in
      Pattern(line: line.last == UInt8(ascii: "\r") ? line.dropLast() : line)
    }
  }

  /// What the last matching pattern says, nil when none matches.
  /// - Parameters:
  ///   - path: components from the ignore file's own folder on.
  ///   - byName: only patterns count whose last component is the name itself.
  func verdict(on path: ArraySlice<[UInt8]>, isFolder: Bool, byName: Bool = false) -> Verdict? {
    guard let name = path.last else { return nil }
    let joined = Array(path.joined(separator: [slash]))
    return patterns.last { pattern in
      if byName && !pattern.glob.ends(with: name) { return false }
      if pattern.isForFoldersOnly && !isFolder { return false }
      return pattern.isAnchored ? pattern.glob.matches(joined) : pattern.glob.matches(name)
    }?.verdict
  }
}
