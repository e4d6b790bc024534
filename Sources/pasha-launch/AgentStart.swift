import HostSystem
import Launching
import SecureShell
import TuningModel

/// Starts the agent and carries the lines of the launch protocol between it and the owner, until it goes on by itself.
struct AgentStart {
  let task: HostTask
  let owner: Owner
  let shell: any RemoteShell
  let program: RemoteProgram

  /// For the owner, which admits the key first and may open a tunnel.
  private static let ownerPatience = Duration.seconds(300)
  private static let what = "starting the agent"

  func run() throws(HostFailure) {
    let agent = try RemoteAgent(["--launched"], task: task, owner: owner, shell: shell, program: program)
    try agent.expectStart()
    try say((task.request ?? .null).jsonText() + "\n", to: agent)
    let first = try line(of: agent)
    if let pid = first.whole("alive") { return owner.say(.alive(pid: pid)) }
    guard let key = first.text("public_key"), let pid = first.whole("pid"), let machine = first.text("machine_id")
    else {
      throw HostFailure(HostFailure.agent, "\(task.name): the agent said something odd at its start", isRetryable: true)
    }
    owner.say(.announced(publicKey: key, pid: pid, machineID: machine))
    while true {
      guard case .address(let address)? = try owner.answer(within: Self.ownerPatience) else {
        // Without its address the agent ends, as its input does.
        throw HostFailure(HostFailure.agent, "\(task.name): the start of the agent was given up", isRetryable: true)
      }
      try say(address.line, to: agent)
      let answer = try line(of: agent)
      if let text = answer.text("unreachable") {
        owner.say(.unreachable("\(task.name): the agent cannot reach the coordinator at \(text)"))
      } else {
        return owner.say(.running)
      }
    }
  }

  private func say(_ line: String, to agent: RemoteAgent) throws(HostFailure) {
    guard try agent.run.write(line.utf8) else {
      throw agent.failure(try agent.run.exit(within: .seconds(5)), Self.what)
    }
  }

  /// The agent's next line.
  private func line(of agent: RemoteAgent) throws(HostFailure) -> JSONValue {
    let deadline = HostClock.now + task.ssh.answerLimit
    while let line = try agent.run.line(within: max(.zero, deadline - HostClock.now), doing: Self.what) {
      guard let value = try? JSONValue(parsing: line), case .object = value else { continue }
      if let message = value.text("error") {
        throw HostFailure(HostFailure.agent, "\(task.name): the agent cannot start: \(message)", isRetryable: false)
      }
      return value
    }
    throw agent.failure(try agent.run.exit(within: .seconds(5)), Self.what)
  }
}
