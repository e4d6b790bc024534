import Foundation
import HostSystem

/// Path of `pasha-agent`: `$PASHA_AGENT`, or beside this program.
public func agentExecutable() throws -> String {
  if let path = ProcessInfo.processInfo.environment["PASHA_AGENT"], !path.isEmpty { return path }
  let own = try Files.linkTarget("/proc/self/exe")
  let path = Files.parent(of: own) + "/pasha-agent"
  guard Files.exists(path) else {
    throw ServiceError(.notFound, "there is no pasha-agent beside \(own); build it, or set PASHA_AGENT to its path")
  }
  return path
}
