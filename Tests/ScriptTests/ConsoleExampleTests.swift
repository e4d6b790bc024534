import Foundation
import TestSupport
import Testing

/// The console examples in the documentation are true: what stands after a line `$ COMMAND` in a block ```` ```console ````
/// is what the command prints, errors included. A line `<!-- file NAME -->` before a block says that the block is a file,
/// which the commands after it find; `Cluster` is there too. PASHA_REWRITE_DOCS=1 writes the output into the page.
struct ConsoleExampleTests {
  private struct Page {
    var lines: [String]
    var commands = 0
    private let folder: TemporaryFolder

    init(_ text: String) throws {
      lines = text.components(separatedBy: "\n")
      folder = TemporaryFolder("console")
      try FileManager.default.createSymbolicLink(
        atPath: folder.file("Cluster"), withDestinationPath: repositoryRoot().appendingPathComponent("Cluster").path)
    }

    /// The page with the output that its commands have here.
    mutating func run() throws -> String {
      var result: [String] = []
      var file: String?
      var index = 0
      while index < lines.count {
        let line = lines[index]
        result.append(line)
        index += 1
        if line.hasPrefix("<!-- file "), line.hasSuffix(" -->") {
          file = String(line.dropFirst(10).dropLast(4))
        }
        guard line.hasPrefix("```") else { continue }
        let end = lines[index...].firstIndex(of: "```") ?? lines.count
        let block = lines[index..<end]
        if line == "```console" {
          for command in block where command.hasPrefix("$ ") { result += [command] + (try output(of: command)) }
        } else {
          if let name = file { try folder.write(name, block.joined(separator: "\n") + "\n") }
          result += block
        }
        result.append("```")
        (file, index) = (nil, end + 1)
      }
      return result.joined(separator: "\n")
    }

    private mutating func output(of command: String) throws -> [String] {
      commands += 1
      let path = "\(productsDirectory.path):\(ProcessInfo.processInfo.environment["PATH"] ?? "")"
      let process = try CommandProcess(
        "/bin/sh", ["-c", "{ \(command.dropFirst(2)); } 2>&1"],
        environment: ["PATH": path, "PASHA_STATE": folder.file("state"), "HOME": folder.path], directory: folder.path)
      try process.wait()
      return process.output.split(separator: "\n").map(String.init)
    }
  }

  @Test(
    "what the page says that a command prints is what it prints", arguments: [("simulate.md", 5), ("exports.md", 4)])
  func commands(_ name: String, _ least: Int) throws {
    let file = repositoryRoot().appendingPathComponent("Docs/\(name)")
    let text = try String(contentsOf: file, encoding: .utf8)
    var page = try Page(text)
    let now = try page.run()
    #expect(page.commands >= least)
    if ProcessInfo.processInfo.environment["PASHA_REWRITE_DOCS"] == "1" {
      try now.write(to: file, atomically: true, encoding: .utf8)
    } else {
      #expect(now == text)
    }
  }
}
