import HostSystem
import Launching
import SecureShell
import Tunnel

/// Keeps a tunnel: the relay runs on the host, its other end here, until the connection breaks or the owner goes.
struct TunnelRun {
  let task: HostTask
  let owner: Owner
  let shell: any RemoteShell
  let program: RemoteProgram

  func run() throws(HostFailure) {
    guard let ends = task.tunnel, let control = LocalAddress(ends.control), let bulk = LocalAddress(ends.bulk) else {
      throw HostFailure(
        HostFailure.internal, "\(task.name): the task names no addresses for the tunnel's end", isRetryable: false)
    }
    // With the host's name: two names may mean one machine, and each has a tunnel of its own.
    let agent = try RemoteAgent(
      ["relay", "--run", "\(task.run) \(task.name)"], task: task, owner: owner, shell: shell, program: program)
    let command = agent.run.command
    guard let input = command.input else {
      throw HostFailure(HostFailure.internal, "\(task.name): the relay has no input", isRetryable: true)
    }
    // What the login prints, and the script's own words, are passed over at the tunnel's end too.
    let outcome = TunnelEnd.run(
      command: TunnelCommand(input: input, output: command.output, errors: command.errors, ended: command.ended),
      control: control, bulk: bulk, stop: owner.endDescriptor
    ) { [owner] folder in
      owner.say(.listening(host: "unix:\(folder)"))
    }
    switch outcome.code {
    case .stopped: throw Owner.gone
    case .closed, .silent:
      throw HostFailure(
        SecureShellError.Code.broken.rawValue, "\(task.name): the tunnel broke: \(outcome.message)", isRetryable: true)
    default:
      throw HostFailure(HostFailure.agent, "\(task.name): the tunnel: \(outcome.message)", isRetryable: true)
    }
  }
}
