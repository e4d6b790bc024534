import AgentService
import ArgumentParser

struct Inspect: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Prints what this machine has for trials, as one JSON object.")

  @Option(help: ArgumentHelp("Folder that an agent would use.", valueName: "folder"))
  var workDir: String?

  @Option(help: ArgumentHelp("A program to look for; may be given several times.", valueName: "name"))
  var program: [String] = []

  @Option(
    help: ArgumentHelp("A TCP port to try, without a host of the one that SSH came from.", valueName: "[host:]port"))
  var reach: String?

  func run() { print(Inspection.json(workFolder: workDir, programs: program, reach: reach)) }
}
