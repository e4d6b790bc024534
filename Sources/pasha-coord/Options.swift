import ArgumentParser
import CoordinatorService
import Glibc

struct RunArgument: ParsableArguments {
  @Argument(help: "The run: its name, a unique prefix of it, or its folder. Default: the run begun last.")
  var run: String?
}

struct JSONFlag: ParsableArguments {
  @Flag(help: "Print JSON.")
  var json = false
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
