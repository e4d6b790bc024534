import ArgumentParser
import CoordinatorService

struct Pause: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Pause a run: all trials are paused and sealed, the coordinator ends, `resume` goes on.")

  @OptionGroup var name: RunArgument
  @Option(help: "Only this trial: it is paused and sealed, and gets no slot until it is resumed.")
  var trial: Int?
  @OptionGroup var output: JSONFlag

  func run() throws { try perform { try Commands.pause(run: name.run, trial: trial, json: output.json) } }
}

struct Stop: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "End a run, or one trial of it, for good.",
    discussion: "A run that is paused, or whose coordinator died, is taken up for that, and its trials are ended.")

  @OptionGroup var name: RunArgument
  @Option(help: "Only this trial.")
  var trial: Int?
  @OptionGroup var output: JSONFlag

  func run() throws {
    try perform {
      try Commands.stop(
        run: name.run, trial: trial, json: output.json,
        options: RunService.Options(
          agentExecutable: try agentExecutable(), isQuiet: output.json, json: output.json))
    }
  }
}

struct Invite: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Print a token with which one more agent may join: `pasha-agent --connect HOST` asks for it.")

  @OptionGroup var name: RunArgument
  @OptionGroup var output: JSONFlag

  func run() throws { try perform { try Commands.invite(run: name.run, json: output.json) } }
}

struct Enqueue: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Have a configuration tried: the next free slot gets it, before anything else.",
    discussion: "Hyperparameters that are not given have their domain's default.")

  @Argument(help: "NAME=VALUE for each hyperparameter, or all of them as one {lr: 0.01, layers: 3}.")
  var configuration: [String]
  @Option(
    name: .customLong("run"),
    help: "The run: its name, a unique prefix of it, or its folder. Default: the run begun last.",
    completion: .runNames)
  var runName: String?
  @OptionGroup var output: JSONFlag

  func run() throws {
    try perform { try Commands.enqueue(run: runName, configuration: configuration, json: output.json) }
  }
}

struct Extend: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Give a run more trials or time; one that is over goes on with them.")

  @OptionGroup var name: RunArgument
  @Option(help: "Trials more than max_num_trials_started, or than were started without it.")
  var trials: Int?
  @Option(help: "Time more than max_wallclock_time, or than the run has been up: 90m, 2h.")
  var time: String?
  @Flag(help: "Go on in the background.")
  var detach = false
  @OptionGroup var showing: ShowingOptions
  @OptionGroup var output: JSONFlag

  func validate() throws {
    if trials == nil, time == nil { throw ValidationError("say by what: --trials N, --time T") }
  }

  func run() throws {
    try perform {
      let (folder, needsCoordinator) = try Commands.extend(
        run: name.run, by: Commands.Extension(trials: trials, time: time), json: output.json)
      guard needsCoordinator else { return .success }
      if detach { return try DetachedRun.resume(run: folder.path, servesPage: !showing.noPage, json: output.json) }
      let options = try showing.service(json: output.json)
      if showing.isViewed(json: output.json) {
        return try ViewedRun.resume(run: folder.path, servesPage: !showing.noPage)
      }
      return try RunService.resume(run: folder.path, options: options).run()
    }
  }
}

struct Clean: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract:
      "Free disk here and on the hosts: runs that are over, checkpoints, old agents. Asks first, or takes --yes.",
    discussion: """
      With runs, by name or with --older-than: they go whole, here and on their hosts; with --keep-best only the checkpoints \
      of their other trials. Without: agents of other versions of pasha and what broken transfers left, here and on the \
      hosts of all runs. A run that goes on is left alone.
      """)

  @Argument(help: "Runs: their names, unique prefixes of them, or their folders.")
  var runs: [String] = []
  @Option(help: "Remove checkpoints alone, but for those of the best N trials of each run.")
  var keepBest: Int?
  @Option(help: "All runs that ended so long ago: 30d, 12h.")
  var olderThan: String?
  @Flag(help: "Remove a run's folder here although a host of it could not be reached.")
  var forget = false
  @Flag(name: .shortAndLong, help: "Do not ask.")
  var yes = false
  @OptionGroup var output: JSONFlag

  func run() throws {
    try perform {
      try Commands.clean(
        CleanOptions(
          runs: runs, keepBest: keepBest, olderThan: olderThan, forgets: forget, isAgreed: yes, json: output.json))
    }
  }
}
