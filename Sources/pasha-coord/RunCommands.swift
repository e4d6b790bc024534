import ArgumentParser
import CoordinatorService
import Glibc

struct Run: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Start a run of a cluster file and show it (the default command).")

  @Argument(help: "The cluster file.", completion: .file(extensions: ["yml", "yaml"]))
  var file: String
  @Flag(help: "Start the run in the background and print its name.")
  var detach = false
  @Option(help: "Start the run on [USER@]HOST[:PORT], where its coordinator stays, and show it here.")
  var on: String?
  @Flag(name: .shortAndLong, help: "Print only the summary.")
  var quiet = false
  @OptionGroup var output: JSONFlag

  func validate() throws {
    guard on == nil || !quiet else { throw ValidationError("--quiet does not go with --on; --detach shows nothing") }
  }

  func run() throws {
    try perform {
      if let on {
        return try RemoteCommands.run(on: on, file: file, showing: .init(detaches: detach, json: output.json))
      }
      let options = RunService.Options(
        agentExecutable: try agentExecutable(), isQuiet: quiet || output.json, json: output.json)
      if detach { return try DetachedRun.begin(file: file, json: output.json) }
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
  @Flag(name: .shortAndLong, help: "Print only the summary.")
  var quiet = false
  @OptionGroup var output: JSONFlag

  func run() throws {
    try perform {
      if let trial { return try Commands.resumeTrial(run: name.run, trial: trial, json: output.json) }
      let options = RunService.Options(
        agentExecutable: try agentExecutable(), isQuiet: quiet || output.json, json: output.json)
      if detach { return try DetachedRun.resume(run: name.run, json: output.json) }
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
