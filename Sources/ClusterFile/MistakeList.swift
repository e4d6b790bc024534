/// Collects what the decoders find. A class, so that all decoders of one file add to the same list; it never leaves the
/// call that decodes.
final class MistakeList {
  private(set) var mistakes: [ClusterFileProblem] = []
  private(set) var warnings: [ClusterFileProblem] = []
  private let fileName: String
  private var missing: [(path: String, place: Place, message: String)] = []
  private var advised: Set<String> = []

  init(fileName: String) { self.fileName = fileName }

  func add(_ code: ClusterFileProblem.Code, _ place: Place?, _ message: String, snippet: String? = nil) {
    mistakes.append(mistake(code, place, message, snippet))
  }

  func warn(_ code: ClusterFileProblem.Code, _ place: Place?, _ message: String) {
    warnings.append(mistake(code, place, message, nil))
  }

  /// Tells at the end that a key is missing, unless an unknown key was explained by it.
  func addMissing(_ path: String, _ place: Place, _ message: String) { missing.append((path, place, message)) }

  /// Notes that an unknown key was explained as another spelling of the key at `path`.
  func noteAdvice(_ path: String) { advised.insert(path) }

  private func mistake(
    _ code: ClusterFileProblem.Code, _ place: Place?, _ message: String, _ snippet: String?
  ) -> ClusterFileProblem {
    ClusterFileProblem(
      code: code, fileName: fileName, line: place?.line, column: place?.column, message: message, snippet: snippet)
  }

  /// Everything found; nil when there is no mistake.
  func finish() -> ClusterFileError? {
    for key in missing where !advised.contains(key.path) { add(.missingKey, key.place, key.message) }
    missing = []
    return mistakes.isEmpty ? nil : ClusterFileError(problems: Self.sorted(mistakes), warnings: sortedWarnings)
  }

  var sortedWarnings: [ClusterFileProblem] { Self.sorted(warnings) }

  /// In the order of the file; those at one place in the order in which they were found.
  private static func sorted(_ list: [ClusterFileProblem]) -> [ClusterFileProblem] {
    list.enumerated().sorted { a, b in
      (a.element.line ?? 0, a.element.column ?? 0, a.offset) < (b.element.line ?? 0, b.element.column ?? 0, b.offset)
    }.map(\.element)
  }
}
