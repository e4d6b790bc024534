import Foundation
import TestSupport
import Testing

/// The examples in the documentation are true. A line `<!-- example NAME FILE -->` before a fenced block says that the
/// block is FILE of the example NAME. An example with a `code/train.py` is run with its `cluster.yml`, or with that of the
/// example `smallest`; one with a `code/prelude.py` as the beginning of the script of `smallest`; then its `try.sh`, if it has one, with `Cluster` beside `code`.
struct DocumentationTests {
  struct Example {
    var files: [String: String] = [:]
  }

  /// The examples of a document, by name.
  static func examples(_ text: String) -> [String: Example] {
    var found: [String: Example] = [:]
    var place: (name: String, file: String)?
    var block: [Substring]?
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      if let lines = block {
        if line == "```" {
          if let place {
            found[place.name, default: Example()].files[place.file] = lines.joined(separator: "\n") + "\n"
          }
          (block, place) = (nil, nil)
        } else {
          block = lines + [line]
        }
      } else if line.hasPrefix("```") {
        block = []
      } else if line.hasPrefix("<!-- example ") {
        let words = line.split(separator: " ")
        if words.count == 5 { place = (String(words[2]), String(words[3])) }
      }
    }
    return found
  }

  static let all: [String: Example] = {
    let root = repositoryRoot()
    let folder = root.appendingPathComponent("Docs")
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    let files = [root.appendingPathComponent("README.md")] + names.sorted().map { folder.appendingPathComponent($0) }
    var found: [String: Example] = [:]
    for file in files where file.pathExtension == "md" {
      let text = (try? String(contentsOf: file, encoding: .utf8)) ?? ""
      for (name, example) in examples(text) {
        found[name, default: Example()].files.merge(example.files) { $1 }
      }
    }
    return found
  }()

  @Test func theDocumentationHasExamples() {
    #expect(
      Set(Self.all.keys).isSuperset(of: ["smallest", "pasha", "checkpoint", "syne-tune", "sigterm"]), "\(Self.all.keys)"
    )
  }

  /// A line `<!-- file PATH -->` before a block of python.md says that the block is that file of the repository.
  @Test func quotedFilesAreThoseOfTheRepository() throws {
    let text = try String(contentsOf: repositoryRoot().appendingPathComponent("Docs/python.md"), encoding: .utf8)
    var quoted: Set<String> = []
    for part in text.components(separatedBy: "<!-- file ").dropFirst() {
      let path = try #require(part.components(separatedBy: " -->").first)
      let block = try #require(part.components(separatedBy: "\n```\n").first)
      let content = block.split(separator: "\n", maxSplits: 2, omittingEmptySubsequences: false).last
      let file = try String(contentsOf: repositoryRoot().appendingPathComponent(path), encoding: .utf8)
      #expect(file == "\(try #require(content))\n", "Docs/python.md quotes \(path)")
      quoted.insert(path)
    }
    for name in ["pytorch", "lightning", "huggingface", "keras", "sklearn", "xgboost"] {
      #expect(quoted.contains("Cluster/examples/\(name)/code/train.py"))
    }
    #expect(quoted.contains("Cluster/examples/shell/code/train.sh"))
  }

  /// Each public name of the module has its place on the page.
  @Test func thePageOfTheModuleNamesEverything() throws {
    let page = try String(contentsOf: repositoryRoot().appendingPathComponent("Docs/python.md"), encoding: .utf8)
    let module = try String(
      contentsOf: repositoryRoot().appendingPathComponent("Cluster/python/pasha.py"), encoding: .utf8)
    let line = try #require(module.split(separator: "\n").first { $0.hasPrefix("__all__ = ") })
    for name in line.split(separator: "\"").enumerated().filter({ $0.offset % 2 == 1 }).map(\.element) {
      #expect(page.contains("### `\(name)("), "\(name)")
    }
  }

  @Test(arguments: all.keys.sorted()) func anExampleRuns(name: String) throws {
    var files = try #require(Self.all[name]).files
    let place = RunPlace("doc-\(name)")
    if files["cluster.yml"] == nil { files["cluster.yml"] = Self.all["smallest"]?.files["cluster.yml"] }
    if let prelude = files["code/prelude.py"], let script = Self.all["smallest"]?.files["code/train.py"] {
      files["code/train.py"] = prelude + script
    }
    if name == "syne-tune" {
      files["cluster.yml"] = try files["cluster.yml"]?
        .replacingOccurrences(of: "python3 train.py", with: "\(SyneTuneEnvironment.python()) train.py")
    }
    for (file, text) in files { try place.folder.write(file, text) }
    let run = try place.coordinator(["cluster.yml"])
    #expect(try run.wait() == 0, "\(run.output)\(run.errors)")
    let trials = try #require(try place.json(["trials"]) as? [[String: Any]])
    #expect(!trials.isEmpty)
    #expect(trials.allSatisfy { $0["status"] as? String != "failed" }, "\(run.output)\(run.errors)")
    guard files["try.sh"] != nil else { return }
    try FileManager.default.createSymbolicLink(
      atPath: place.folder.file("Cluster"), withDestinationPath: repositoryRoot().appendingPathComponent("Cluster").path
    )
    let shell = try CommandProcess("/bin/sh", ["-e", "try.sh"], directory: place.folder.path)
    #expect(try shell.wait(limit: 60) == 0, "\(shell.errors)")
    let epochs = shell.output.split(separator: "\n").compactMap { line in
      line.range(of: "\"epoch\": ").map { line[$0.upperBound...].prefix { $0.isNumber } }
    }
    #expect(epochs == ["1", "2", "3", "4"], "what the text says of the second command: \(shell.output)")
  }
}
