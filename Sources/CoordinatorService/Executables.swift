import Foundation
import HostSystem

/// Path of `pasha-agent`: `$PASHA_AGENT`, or beside this program.
public func agentExecutable() throws -> String { try executable("pasha-agent", variable: "PASHA_AGENT") }

/// Path of `pasha-launch`: `$PASHA_LAUNCH`, or beside this program.
func launchExecutable() throws -> String { try executable("pasha-launch", variable: "PASHA_LAUNCH") }

/// Path of `pasha-page`: `$PASHA_PAGE`, or beside this program.
func pageExecutable() throws -> String { try executable("pasha-page", variable: "PASHA_PAGE") }

/// The path that starts this program again.
func ownExecutable() throws -> String { try ProgramFile.own("pasha-coord") }

private func executable(_ name: String, variable: String) throws -> String {
  if let path = ProcessInfo.processInfo.environment[variable], !path.isEmpty {
    guard Files.exists(path) else { throw ServiceError(.notFound, "\(variable) names \(path), which does not exist") }
    return path
  }
  let path = try ProgramFile.sibling(name)
  guard Files.exists(path) else {
    throw ServiceError(
      .notFound,
      "there is no \(Files.name(of: path)) in \(Files.parent(of: path)); build it, or set \(variable) to its path")
  }
  return path
}
