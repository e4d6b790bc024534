import HostSystem

/// This program as a process. On hosts it comes as a bundle with its own loader and C library, and is started through
/// that loader: then the loader is what the kernel takes for the program.
public enum OwnProgram {
  private static let name = "pasha-agent"
  private static let link = "/proc/self/exe"

  /// To be called before anything else is done; the process hides its memory. Why the program cannot run here, if it cannot.
  public static func begin() -> AgentError? {
    let file: String
    do throws(SystemError) {
      file = try Files.linkTarget(link)
    } catch {
      return AgentError(
        .systemFailure,
        "\(link) cannot be read (\(error.message)): pasha-agent needs /proc. In a container or chroot, mount it: "
          + "mount -t proc proc /proc")
    }
    OwnProcess.hideMemory()
    guard ProgramFile.isLoader(file) else { return nil }
    OwnProcess.setName(name)
    OwnProcess.lookUpNamesAlone()
    return nil
  }

  /// The words of a command that starts this program again, without arguments. The libraries of a bundle are named to
  /// the loader and not in the environment, so that nothing that the new process starts ever sees them.
  static func words() throws(AgentError) -> [String] {
    let file: String
    do throws(SystemError) {
      file = try Files.linkTarget(link)
    } catch {
      throw AgentError(.systemFailure, "this program's own file cannot be found: \(error.message)")
    }
    guard ProgramFile.isLoader(file) else { return [file] }
    let folder = Files.parent(of: file)
    let program = "\(folder)/\(name)"
    guard Files.exists(program) else {
      throw AgentError(
        .systemFailure,
        "pasha-agent was started through \(file), and there is no pasha-agent in \(folder) to start supervisors with: "
          + "start it by itself, or through the pasha-agent.sh of its bundle")
    }
    return [file, "--library-path", folder, program]
  }
}
