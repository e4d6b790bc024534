import HostSystem
import Launching

/// This version of pasha as it goes to a host that is to run a coordinator.
enum RemotePrograms {
  /// The bundle, made where it is not yet in the folder that also holds `runs/`.
  static func bundle(state: String) throws -> AgentBundle {
    guard ProgramFile.bundleFolder == nil else {
      throw ServiceError(
        .usage, "this pasha was brought here by --on itself and cannot be passed on: use --on where it was built")
    }
    let agent = try AgentProgram.bundle(of: agentExecutable(), state: state)
    var programs = [
      ("pasha-coord", try ownExecutable()), ("pasha-launch", try launchExecutable()),
      ("pasha-agent", try agentExecutable()),
    ]
    // A run needs no page.
    if let page = try? pageExecutable() { programs.append(("pasha-page", page)) }
    do throws(BundleError) {
      return try CoordinatorBundle.make(programs: programs, agent: agent, cache: state + "/bundles")
    } catch {
      throw ServiceError(.software, "the coordinator cannot be packed: \(error.message)")
    }
  }
}
