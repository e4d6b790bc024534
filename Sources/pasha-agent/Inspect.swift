import AgentService
import ArgumentParser

struct Inspect: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Prints what this machine has for trials, as one JSON object.")

  @Option(help: ArgumentHelp("Folder that an agent would use.", valueName: "folder"))
  var workDir: String?

  func run() { print(Inspection.json(workFolder: workDir)) }
}
