import AgentService
import ArgumentParser
import TuningModel

struct Clean: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Frees disk in the work folder: what `pasha-coord clean` asks for.", shouldDisplay: false)

  @Option(help: ArgumentHelp("The work folder; by default ~/.pasha.", valueName: "folder"))
  var workDir: String?

  @Option(help: "What is to be removed, or told of: an object of JSON.")
  var request: String

  func run() throws {
    guard let value = try? JSONValue(parsing: request), let request = Cleaning.Request(json: value) else {
      throw ValidationError("--request is no request to clean")
    }
    do throws(AgentError) {
      print(try Cleaning.run(request, workFolder: workDir).jsonText(.strict))
    } catch {
      throw ValidationError(error.message)
    }
  }
}
