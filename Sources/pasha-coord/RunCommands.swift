import ArgumentParser
import CoordinatorService
import Glibc
import HostSystem

struct Run: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Start a run of a cluster file and show it (the default command).",
    discussion: """
      On a terminal the coordinator is a process of its own, which the view shows: q leaves the view and the run goes on, as \
      it does when the terminal is closed; Ctrl-C pauses it. Otherwise, and with --plain, lines are printed.
      """)

  @Argument(help: "The cluster file.", completion: .file(extensions: ["yml", "yaml"]))
  var file: String
  @Flag(help: "Start the run in the background and print its name.")
  var detach = false
  @OptionGroup var showing: ShowingOptions
  @Option(help: "Start the run on [USER@]HOST[:PORT], where its coordinator stays, and show it here.")
  var on: String?
  @OptionGroup var output: JSONFlag

  func validate() throws {
    // A word that is no command is taken for a file.
    guard Files.exists(file) || file.contains("/") || file.contains(".") else {
      throw ValidationError("there is no command and no file '\(file)'; `pasha-coord --help` lists the commands")
    }
    guard on == nil || !showing.quiet else {
      throw ValidationError("--quiet does not go with --on; --detach shows nothing")
    }
  }

  func run() throws {
    try perform {
      if let on {
        return try RemoteCommands.run(on: on, file: file, showing: .init(detaches: detach, json: output.json))
      }
      let options = try showing.service(json: output.json)
      if detach { return try DetachedRun.begin(file: file, servesPage: !showing.noPage, json: output.json) }
      if showing.isViewed(json: output.json) { return try ViewedRun.begin(file: file, servesPage: !showing.noPage) }
      return try RunService.begin(file: file, options: options).run()
    }
  }
}

struct Resume: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Go on with a run that was paused or whose coordinator died, or with one trial that was paused by hand.")

  @OptionGroup var name: RunArgument
  @Option(help: "Only this trial, which `pause --trial` has paused, in a run that goes on.")
  var trial: Int?
  @Flag(help: "Go on in the background.")
  var detach = false
  @OptionGroup var showing: ShowingOptions
  @OptionGroup var output: JSONFlag

  func run() throws {
    try perform {
      if let trial { return try Commands.resumeTrial(run: name.run, trial: trial, json: output.json) }
      let options = try showing.service(json: output.json)
      if detach { return try DetachedRun.resume(run: name.run, servesPage: !showing.noPage, json: output.json) }
      if showing.isViewed(json: output.json) { return try ViewedRun.resume(run: name.run, servesPage: !showing.noPage) }
      return try RunService.resume(run: name.run, options: options).run()
    }
  }
}

struct Check: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Check a cluster file: every mistake at once, with line and column; then try every host that it names.")

  @Argument(help: "The cluster file.", completion: .file(extensions: ["yml", "yaml"]))
  var file: String
  @Flag(help: "Check the file alone; leave the hosts alone.")
  var fileOnly = false

  @Flag(help: "Send a message to each target of notifications.")
  var notify = false
  @OptionGroup var output: JSONFlag

  func run() throws {
    try perform { try Commands.check(file: file, json: output.json, skipsHosts: fileOnly, notifies: notify) }
  }
}

struct Doctor: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Look at what commonly goes wrong before a run, each with its way out.",
    discussion: """
      Without a file it looks at this machine alone; with one also at the file, its code and each of its hosts: the login, \
      host keys, disk, clock, programs, GPUs, and whether the host reaches this machine. The exit code is 1 with a failure.
      """)

  @Argument(help: "The cluster file.", completion: .file(extensions: ["yml", "yaml"]))
  var file: String?
  @OptionGroup var output: JSONFlag

  func run() throws { try perform { try Commands.doctor(file: file, json: output.json) } }
}
