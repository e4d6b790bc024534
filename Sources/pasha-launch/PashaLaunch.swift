import Glibc
import HostSystem
import Launching
import SecureShell
import TuningModel

// # pasha-launch
//
// Carries out one task on one host over SSH for its owner, a coordinator: brings the agent there and starts it, looks at
// the host, ends a run there, or carries the bytes of a tunnel. A process of its own for each host and task, so that
// nothing a server sends, and no library that hangs, reaches the coordinator.
//
// Lines of JSON: the first one in is the task (`HostTask`), further ones are answers (`HostAnswer`); out come events
// (`HostEvent`), the last of which says how it ended. The exit status is 1 after `failed`. Standard error is for the log.
//
// ## What holds
// - At the end of standard input, and at a signal to end, the process ends at once: its owner is gone, or wants nothing
//   more.
// - Every step has a time limit.
// - A word of the user (a path, a name) never goes through a shell: commands on the host are constant texts, and what
//   they work on goes in on their standard input (`Scripts`).
// - Whatever a login prints around the answers is passed over; what the host says is shown in messages, bounded.
@main
enum PashaLaunch {
  static func main() {
    ProgramFile.begin("pasha-launch")
    signal(SIGPIPE, SIG_IGN)
    if CommandLine.arguments.dropFirst() == ["--version"] {
      print("libssh2 \(SecureShellLibrary.version)")
      exit(0)
    }
    guard CommandLine.arguments.count == 1 else {
      let usage = "pasha-launch takes no arguments: pasha-coord starts it and says on standard input what to do\n"
      usage.withCString { _ = write(2, $0, strlen($0)) }
      exit(64)
    }
    guard let owner = Owner() else { exit(71) }
    var status: Int32 = 0
    do throws(HostFailure) {
      let task = try task(from: owner)
      try TaskRun(task, owner: owner).run()
    } catch {
      owner.say(.failed(error))
      status = 1
    }
    // Threads of the libraries may still run: nothing of theirs is taken down under them.
    _exit(status)
  }

  private static func task(from owner: Owner) throws(HostFailure) -> HostTask {
    guard let line = try owner.line(within: .seconds(60)) else {
      throw HostFailure(HostFailure.internal, "pasha-launch was given no task", isRetryable: true)
    }
    do {
      return try HostTask(json: JSONValue(parsing: line))
    } catch {
      throw HostFailure(HostFailure.internal, "pasha-launch was given no task: \(error)", isRetryable: false)
    }
  }
}
