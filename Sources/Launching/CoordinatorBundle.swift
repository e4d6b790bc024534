import HostSystem

/// The coordinator as it travels to a host that is to run it: a bundle like the agent's (`AgentBundle`) with all that a
/// coordinator starts, and with the agent's own bundle, ready to go on to other hosts: what that is packed from is not
/// there.
///
///     pasha-coord, pasha-launch, pasha-agent, pasha-page    the programs, the last one where it was built
///     pasha-coord.sh, …                                     scripts that start them
///     ld-linux-x86-64.so.2, lib….so.…                       their loader and libraries
///     agent.tar.gz, agent.json                              the agent's bundle, and its description
public enum CoordinatorBundle {
  /// The bundle, made where `cache` does not hold it yet: that takes half a minute.
  ///
  /// - Parameters:
  ///   - programs: names and paths, the coordinator first.
  ///   - agent: the agent's bundle.
  public static func make(
    programs: [(name: String, path: String)], agent: AgentBundle, cache: String
  ) throws(BundleError) -> AgentBundle {
    precondition(!programs.isEmpty, "a bundle without a program")
    var read: [AgentBundleProgram] = []
    for program in programs { read.append(try AgentBundleProgram(program.path, as: program.name)) }
    if let other = read.first(where: { $0.loader != read[0].loader }) {
      throw BundleError(
        .unsuitable,
        "\(other.path) asks for the loader \(other.loader), and \(read[0].path) for \(read[0].loader): build them alike"
      )
    }
    let plan = AgentBundlePlan(
      programs: read, libraries: try libraries(of: read), strip: AgentBundleTool.find("strip"), agent: agent)
    return try AgentBundle.make(plan, kind: "coordinator", cache: cache)
  }

  private static func libraries(
    of programs: [AgentBundleProgram]
  ) throws(BundleError) -> [AgentBundleLibraries.Library] {
    var found: [String: AgentBundleLibraries.Library] = [:]
    for program in programs {
      for library in try AgentBundleLibraries.find(of: program) {
        if let other = found[library.name], other.path != library.path {
          throw BundleError(
            .library,
            "\(program.path) would have \(library.name) from \(library.path), and another program of the bundle from "
              + "\(other.path)")
        }
        found[library.name] = library
      }
    }
    return found.values.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
  }
}

/// The agent's bundle within the coordinator's.
public enum CarriedAgent {
  static let bundle = "agent.tar.gz"
  static let record = "agent.json"

  /// The bundle that lies in the folder of the coordinator's, its content checked; nil: there is none, or it is damaged.
  public static func find(in folder: String) -> AgentBundle? {
    AgentBundleStore.load("\(folder)/\(bundle)", "\(folder)/\(record)")
  }
}
