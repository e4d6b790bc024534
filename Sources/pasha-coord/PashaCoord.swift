import ArgumentParser
import CoordinatorService
import Glibc
import HostSystem
import Wire

@main
struct PashaCoord: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pasha-coord",
    abstract: "Tunes hyperparameters with PASHA on a lab's own machines.",
    discussion: """
      `pasha-coord cluster.yml` starts a run and shows it until it ends; Ctrl-C pauses it, `resume` goes on. The other \
      commands look at a run or steer it: RUN is its name, a unique prefix of it, or its folder; without RUN it is the \
      run begun last. Runs are kept in $PASHA_STATE/runs, by default ~/.local/state/pasha/runs.

      `--on [USER@]HOST` with any command that looks at a run or steers it means the runs there, through ssh.
      """,
    version: PashaVersion.current,
    subcommands: [
      Run.self, Check.self, Doctor.self, Resume.self, Attach.self, List.self, Status.self, Trials.self, Show.self,
      Best.self, Compare.self, Page.self, Report.self, Export.self, Explain.self, Logs.self,
      Pause.self, Stop.self, Enqueue.self, Extend.self, Invite.self, Hosts.self, Reload.self, Simulate.self, Plan.self,
      Benchmark.self, Clean.self,
    ],
    defaultSubcommand: Run.self)

  static func main() {
    ProgramFile.begin("pasha-coord")
    let words = Array(CommandLine.arguments.dropFirst())
    guard let elsewhere = Elsewhere(words, commands: Set(configuration.subcommands.map { $0._commandName })) else {
      return main(words)
    }
    do {
      try perform { try RemoteCommands.pass(elsewhere.words, on: elsewhere.host) }
    } catch {
      exit(withError: error)
    }
  }
}

/// A command for another host: `--on HOST` among the words of a command other than `run`, which reads it itself.
struct Elsewhere {
  let host: String
  let words: [String]

  init?(_ all: [String], commands: Set<String>) {
    let (options, rest) = (all.prefix { $0 != "--" }, all.drop { $0 != "--" })
    var words: [String] = []
    var host: String?
    var index = options.startIndex
    while index < options.endIndex {
      let word = options[index]
      if word == "--on", index + 1 < options.endIndex {
        host = options[index + 1]
        index += 1
      } else if word.hasPrefix("--on=") {
        host = String(word.dropFirst("--on=".count))
      } else {
        words.append(word)
      }
      index += 1
    }
    guard let host, let name = words.first, name != "run", commands.contains(name) else { return nil }
    self.host = host
    self.words = words + rest
  }
}
