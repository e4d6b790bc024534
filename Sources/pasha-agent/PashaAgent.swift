import AgentService
import ArgumentParser
import Glibc
import TrialSandbox
import Tunnel
import Wire

/// The agent of a farm: runs trials on this machine for a coordinator.
@main
struct PashaAgent: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pasha-agent",
    abstract: "Runs trials on this machine for a coordinator.",
    discussion: """
      By hand: `pasha-coord invite RUN` prints a token; give it to `pasha-agent --connect HOST` on standard input, in a \
      file, or at the prompt. An agent that joined before comes back without one.
      """,
    version: PashaVersion.current,
    subcommands: [Supervise.self, End.self, Inspect.self, Clean.self])

  @Option(
    help: ArgumentHelp("Where the coordinator listens; by default what the token says.", valueName: "host[:port]"))
  var connect: String?

  @Option(help: ArgumentHelp("File with the token.", valueName: "file"))
  var tokenFile: String?

  @Option(help: "Trials that may run here at once; by default what the GPUs give, or one for each processor core.")
  var slots: Int?

  @OptionGroup var devices: DeviceOptions

  @Option(help: "Name of this agent in the coordinator's output; by default the host's name.")
  var name: String?

  @Option(help: ArgumentHelp("Folder for keys, code, checkpoints and logs.", valueName: "folder"))
  var workDir: String?

  @Flag(help: "Started by a coordinator, which says on standard input where to connect.")
  var launched = false

  /// A supervisor is started for each leg of each trial: it goes without the reading of arguments.
  static func main() {
    if let failure = OwnProgram.begin() {
      complain(failure.message)
      Glibc.exit(failure.code.rawValue)
    }
    let words = CommandLine.arguments
    if words.count == 3, words[1] == "supervise", words[2].hasPrefix("/") { Glibc.exit(Supervisor.run(words[2])) }
    // By themselves: this command has options of the same names and would take them.
    switch words.dropFirst().first {
    case "end": End.main(Array(words.dropFirst(2)))
    case "clean": Clean.main(Array(words.dropFirst(2)))
    case "inspect": Inspect.main(Array(words.dropFirst(2)))
    case "relay": Glibc.exit(RelayCommand.run(Array(words.dropFirst(2))))
    default: main(nil)
    }
  }

  func run() throws {
    try check()
    let context: AgentContext
    do throws(AgentError) {
      context = try launched ? Agent.launched() : join()
    } catch {
      Self.complain(error.message)
      throw ExitCode(error.code.rawValue)
    }
    let (code, message) = Agent.run(context)
    if code == .dismissed { print("pasha-agent: \(message)") } else { Self.complain(message) }
    throw ExitCode(code.rawValue)
  }

  /// Here and not in `validate`, which runs for the subcommand too.
  private func check() throws {
    if launched {
      guard connect == nil, tokenFile == nil, slots == nil, name == nil, workDir == nil, devices.isEmpty else {
        throw ValidationError("--launched takes no other option: the launcher says everything on standard input")
      }
      return
    }
    if connect == nil, tokenFile == nil, isatty(0) == 1 {
      throw ValidationError("--connect HOST[:PORT] is missing")
    }
    if let connect, HostAndPort(connect) == nil {
      throw ValidationError("--connect takes HOST or HOST:PORT with a port of 1…65535, not '\(connect)'")
    }
    if let slots, !(1...4_096).contains(slots) { throw ValidationError("--slots must be 1…4096, not \(slots)") }
    if let name, name.isEmpty || name.utf8.count > 255 { throw ValidationError("--name must have 1…255 bytes") }
  }

  private func join() throws(AgentError) -> AgentContext {
    let place = connect.flatMap { HostAndPort($0) }
    let token = try TokenInput.read(file: tokenFile)
    return try Agent.joined(
      token: token, host: place?.host, controlPort: place?.port, devices: devices.request(slots: slots), name: name,
      workFolder: workDir)
  }

  private static func complain(_ message: String) {
    let line = Array("pasha-agent: \(message)\n".utf8)
    line.withUnsafeBytes { _ = write(2, $0.baseAddress, $0.count) }
  }
}

struct Supervise: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Supervises one attempt of a trial; started by the agent.", shouldDisplay: false)

  @Argument(help: "The attempt's plan.")
  var plan: String

  func run() throws { throw ExitCode(Supervisor.run(plan)) }
}
