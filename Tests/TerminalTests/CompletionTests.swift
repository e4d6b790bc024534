import Foundation
import TestSupport
import Testing

/// What shells are given to complete words with.
@Suite struct CompletionTests {
  static let commands = [
    "run", "check", "resume", "attach", "list", "status", "trials", "show", "best", "compare", "page", "explain",
    "logs",
    "pause", "stop", "enqueue", "extend", "invite", "hosts", "reload", "simulate", "plan", "benchmark",
  ]

  @Test(
    "the scripts for bash, zsh and fish name every command that the help names", arguments: ["bash", "zsh", "fish"])
  func commands(shell: String) throws {
    let place = RunPlace("completion")
    let script = try place.coordinator(["--generate-completion-script", shell])
    #expect(try script.wait() == 0)
    let help = try place.coordinator(["--help"])
    #expect(try help.wait() == 0)
    let named = help.output.components(separatedBy: "SUBCOMMANDS:").last?.split(separator: "\n").compactMap { line in
      line.hasPrefix("  ") && !line.hasPrefix("   ") ? line.split(separator: " ").first.map(String.init) : nil
    }
    .filter { $0.first?.isLowercase == true }
    #expect(Set(named ?? []).isSuperset(of: Self.commands))
    let words = Set(script.output.split { !($0.isLetter || $0.isNumber || $0 == "-") }.map(String.init))
    for command in named ?? [] { #expect(words.contains(command), "\(command)") }
    #expect(words.contains("--plain") || words.contains("plain"))
    #expect(!script.output.contains("console"), "what is pasha's own is not offered")
  }

  @Test("bash completes commands, and names of runs")
  func runs() throws {
    let place = RunPlace("completion")
    for name in ["digits-2026-11-30-10-20-00-123", "digits-2026-11-30-10-21-00-456", "other-2026-11-30-10-22-00-789"] {
      try place.folder.write("state/runs/\(name)/journal.sqlite", "")
    }
    let script = try place.coordinator(["--generate-completion-script", "bash"])
    #expect(try script.wait() == 0)
    try place.folder.write("pasha.bash", script.output)
    func complete(_ words: [String]) throws -> [String] {
      let line = words.joined(separator: " ")
      let shell = try CommandProcess(
        "/bin/bash",
        [
          "--norc", "-c",
          """
          source ./pasha.bash
          COMP_WORDS=(\(words.map { "'\($0)'" }.joined(separator: " "))); COMP_CWORD=\(words.count - 1)
          COMP_LINE='\(line)'; COMP_POINT=\(line.utf8.count)
          _pasha-coord '\(words[0])' '\(words[words.count - 1])' '\(words[words.count - 2])'; printf '%s\\n' "${COMPREPLY[@]}"
          """,
        ],
        environment: place.environment.merging(["PATH": "\(productsDirectory.path):/usr/bin:/bin"]) { $1 },
        directory: place.folder.path)
      #expect(try shell.wait() == 0, "\(shell.errors)")
      return shell.output.split(separator: "\n").map(String.init)
    }
    #expect(
      try complete(["pasha-coord", "attach", "dig"]) == [
        "digits-2026-11-30-10-21-00-456", "digits-2026-11-30-10-20-00-123",
      ])
    #expect(try complete(["pasha-coord", "show", "3", "--run", "o"]) == ["other-2026-11-30-10-22-00-789"])
    #expect(try complete(["pasha-coord", "att"]) == ["attach"])
  }

  @Test("--version prints the version alone")
  func version() throws {
    let command = try RunPlace("version").coordinator(["--version"])
    #expect(try command.wait() == 0)
    #expect(command.output.split(separator: ".").count == 3 && command.output.hasSuffix("\n"))
  }
}
