import Foundation
import TestSupport
import Testing

/// The page on failures names tests: each of them is there.
struct FailureModelTests {
  private static func rows(of heading: String, _ text: String) -> [Substring] {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    guard let start = lines.firstIndex(where: { $0 == "## \(heading)" }) else { return [] }
    let section = lines[(start + 1)...].prefix { !$0.hasPrefix("## ") }
    return section.filter { $0.hasPrefix("| ") && !$0.hasPrefix("| ---") }.dropFirst().map { $0 }
  }

  /// `Suite.function`, between backquotes.
  private static func names(_ text: some StringProtocol) -> [(suite: String, function: String)] {
    String(text).matches(of: /`([A-Z]\w*Tests)\.(\w+)`/).map { (String($0.output.1), String($0.output.2)) }
  }

  /// The text of all files of a suite's name, by the name.
  private static func suites() throws -> [String: String] {
    let root = repositoryRoot().appendingPathComponent("Tests")
    var found: [String: String] = [:]
    let files = try #require(FileManager.default.enumerator(at: root, includingPropertiesForKeys: nil))
    for case let file as URL in files where file.pathExtension == "swift" {
      found[file.deletingPathExtension().lastPathComponent, default: ""] += try String(
        contentsOf: file, encoding: .utf8)
    }
    return found
  }

  @Test func everyTestThatThePageNamesExists() throws {
    let page = repositoryRoot().appendingPathComponent("Docs/failure-model.md")
    let text = try String(contentsOf: page, encoding: .utf8)
    let suites = try Self.suites()
    let names = Self.names(text)
    #expect(names.count > 80)
    for name in names {
      let source = suites[name.suite] ?? ""
      #expect(source.contains("func \(name.function)("), "\(name.suite).\(name.function)")
    }
  }

  @Test(arguments: [("What happens when", 28), ("Hostile inputs", 15)])
  func everyRowNamesATest(heading: String, count: Int) throws {
    let page = repositoryRoot().appendingPathComponent("Docs/failure-model.md")
    let rows = Self.rows(of: heading, try String(contentsOf: page, encoding: .utf8))
    #expect(rows.count >= count)
    for row in rows { #expect(!Self.names(row).isEmpty, "\(row)") }
  }
}
