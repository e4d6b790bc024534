import ArgumentParser
import CoordinatorService

struct Hosts: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show the hosts of a run, or change which there are.",
    subcommands: [ListHosts.self, AddHost.self, DrainHost.self, RemoveHost.self, LostHost.self],
    defaultSubcommand: ListHosts.self)
}

struct ListHosts: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List the hosts with their slots and states.")

  @OptionGroup var name: RunArgument
  @OptionGroup var output: JSONFlag

  func run() throws { try perform { try Commands.hosts(run: name.run, json: output.json) } }
}

/// RUN HOST; with one word it is the host, and the run is the one begun last.
struct RunAndHost: ParsableArguments {
  @Argument(
    help: ArgumentHelp("The run, then the host; without a run it is the one begun last.", valueName: "host"))
  var words: [String]

  func validate() throws {
    guard (1...2).contains(words.count) else { throw ValidationError("give [RUN] HOST") }
  }

  var runName: String? { words.count == 2 ? words[0] : nil }
  var host: String { words[words.count - 1] }
}

struct AddHost: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "add",
    abstract: "Bring a host into a run, or try one again.",
    discussion: """
      HOST is what may stand in `cluster.hosts`: an alias of your SSH configuration, `bob@gpu4:2222`, `box[17-20]` or \
      `{host: gpu5, slots: 2}`.
      """)

  @OptionGroup var names: RunAndHost
  @OptionGroup var output: JSONFlag

  func run() throws {
    try perform { try Commands.addHost(run: names.runName, host: names.host, json: output.json) }
  }
}

struct DrainHost: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "drain", abstract: "Give a host no new trials; those that run there go on to their milestones.")

  @OptionGroup var names: RunAndHost
  @OptionGroup var output: JSONFlag

  func run() throws {
    try perform { try Commands.change(.drain, run: names.runName, host: names.host, json: output.json) }
  }
}

struct RemoveHost: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "remove",
    abstract: "Pause a host's trials, bring its checkpoints to the coordinator, and let it go.")

  @OptionGroup var names: RunAndHost
  @OptionGroup var output: JSONFlag

  func run() throws {
    try perform { try Commands.change(.remove, run: names.runName, host: names.host, json: output.json) }
  }
}

struct LostHost: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lost",
    abstract: "Say that a host is dead for certain: its trials start again elsewhere at once.",
    discussion: "Only you can know: while its trials may still run, two of a kind would.")

  @OptionGroup var names: RunAndHost
  @OptionGroup var output: JSONFlag

  func run() throws {
    try perform { try Commands.change(.lost, run: names.runName, host: names.host, json: output.json) }
  }
}

struct Reload: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Take over a changed cluster file in a running run: hosts, limits, and what else may change.")

  @Argument(
    help: ArgumentHelp(
      "The run, then the changed cluster file; without a run it is the one begun last.", valueName: "file"))
  var words: [String]
  @OptionGroup var output: JSONFlag

  func validate() throws {
    guard (1...2).contains(words.count) else { throw ValidationError("give [RUN] FILE") }
  }

  func run() throws {
    try perform {
      try Commands.reload(
        run: words.count == 2 ? words[0] : nil, file: words[words.count - 1], json: output.json)
    }
  }
}
