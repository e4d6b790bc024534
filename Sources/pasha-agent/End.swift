import AgentService
import ArgumentParser
import Glibc

struct End: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Ends everything of a run on this machine: agents, supervisors, trials. Without --files, files stay.",
    discussion: """
      Prints {"agents": n, "attempts": n}: how many were ended. The exit status is 0 only when nothing of the run is left.
      """)

  @Option(name: .customLong("run"), help: ArgumentHelp("The run.", valueName: "name"))
  var runName: String

  @Option(help: ArgumentHelp("The folder that its agents were given; by default ~/.pasha.", valueName: "folder"))
  var workDir: String?

  @Flag(help: "Remove the run's files as well: code, logs and checkpoints.")
  var files = false

  func run() throws {
    let counts: Ending.Counts
    do throws(AgentError) {
      counts = try Ending.end(run: runName, workFolder: workDir, removesFiles: files)
    } catch {
      complain(error.message)
      throw ExitCode(error.code.rawValue)
    }
    print(counts.line)
    guard counts.problems.isEmpty else {
      for problem in counts.problems { complain("cannot be ended: \(problem)") }
      throw ExitCode(AgentExitCode.systemFailure.rawValue)
    }
  }

  private func complain(_ message: String) {
    let line = Array("pasha-agent end: \(message)\n".utf8)
    line.withUnsafeBytes { _ = write(2, $0.baseAddress, $0.count) }
  }
}
