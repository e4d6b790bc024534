import ArgumentParser
import CoordinatorService
import Glibc

struct RunArgument: ParsableArguments {
  @Argument(
    help: "The run: its name, a unique prefix of it, or its folder. Default: the run begun last.",
    completion: .runNames)
  var run: String?
}

extension CompletionKind {
  /// Names of runs, the newest first.
  static var runNames: CompletionKind { .custom { _, _, _ in RunFolder.newestNames() } }
}

struct JSONFlag: ParsableArguments {
  @Flag(help: "Print JSON.")
  var json = false
}

/// How a run that begins or goes on is shown.
struct ShowingOptions: ParsableArguments {
  @Flag(name: .shortAndLong, help: "Print only the summary.")
  var quiet = false
  @Flag(help: "Print lines on a terminal too, in place of the live view.")
  var plain = false
  @Flag(help: "Serve no page of the run (else pasha-page does, on this machine alone).")
  var noPage = false
  /// The view has started this coordinator, and is at the other end of standard input.
  @Flag(help: .hidden)
  var console = false

  func isViewed(json: Bool) -> Bool { !quiet && !plain && !console && !json && ViewedRun.isPossible }

  func service(json: Bool) throws -> RunService.Options {
    RunService.Options(
      agentExecutable: try agentExecutable(), isQuiet: quiet || json, json: json, hasConsole: console,
      servesPage: !noPage)
  }
}

/// Carries out a command and ends the process with its documented exit code.
func perform(_ body: () throws -> CoordinatorService.ExitCode) throws {
  let code: CoordinatorService.ExitCode
  do {
    code = try body()
  } catch {
    complain(describe(error))
    throw ArgumentParser.ExitCode(exitCode(of: error).rawValue)
  }
  if code != .success { throw ArgumentParser.ExitCode(code.rawValue) }
}

private func describe(_ error: any Error) -> String { "\(error)" }
