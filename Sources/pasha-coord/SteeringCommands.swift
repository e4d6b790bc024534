import ArgumentParser
import CoordinatorService

struct Pause: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Pause a run: all trials are paused and sealed, the coordinator ends, `resume` goes on.")

  @OptionGroup var name: RunArgument
  @OptionGroup var output: JSONFlag

  func run() throws { try perform { try Commands.pause(run: name.run, json: output.json) } }
}

struct Stop: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "End a run, or one trial of it, for good.")

  @OptionGroup var name: RunArgument
  @Option(help: "Only this trial.")
  var trial: Int?
  @OptionGroup var output: JSONFlag

  func run() throws { try perform { try Commands.stop(run: name.run, trial: trial, json: output.json) } }
}

struct Invite: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Print a token with which one more agent may join: `pasha-agent --connect HOST` asks for it.")

  @OptionGroup var name: RunArgument
  @OptionGroup var output: JSONFlag

  func run() throws { try perform { try Commands.invite(run: name.run, json: output.json) } }
}
