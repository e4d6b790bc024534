import Launching
import SecureShell
import TuningModel

/// Asks the agent's program what the host has, or has it free disk there. The task's request may hold `arguments`: further
/// words for it.
struct Inspection {
  let task: HostTask
  let owner: Owner
  let shell: any RemoteShell
  let program: RemoteProgram

  func run() throws(HostFailure) {
    let cleans = task.operation == .clean
    var arguments = [cleans ? "clean" : "inspect", "--work-dir", program.facts.workDirectory]
    if case .array(let more)? = task.request?.member("arguments") {
      for case .string(let word) in more { arguments.append(word) }
    }
    let agent = try RemoteAgent(arguments, task: task, owner: owner, shell: shell, program: program)
    try agent.expectStart()
    agent.run.closeInput()
    // Drivers of GPUs that sleep take their time, and so do trees of many files.
    let report = try agent.result(
      within: task.ssh.answerLimit * (cleans ? 8 : 3), doing: cleans ? "cleaning up" : "looking at the host")
    owner.say(.inspected(report))
  }
}

/// Ends everything of the run on the host. The task's request may hold `files`: true, and then its files go too.
struct RunEnd {
  let task: HostTask
  let owner: Owner
  let shell: any RemoteShell
  let program: RemoteProgram

  func run() throws(HostFailure) {
    var arguments = ["end", "--run", task.run, "--work-dir", program.facts.workDirectory]
    if task.request?.member("files") == .bool(true) { arguments.append("--files") }
    let agent = try RemoteAgent(arguments, task: task, owner: owner, shell: shell, program: program)
    try agent.expectStart()
    agent.run.closeInput()
    // Each attempt may take its time: processes in uninterruptible sleep.
    let counts = try agent.result(within: task.ssh.answerLimit * 6, doing: "ending the run there")
    guard let agents = counts.whole("agents"), let attempts = counts.whole("attempts") else {
      throw HostFailure(
        HostFailure.agent, "\(task.name): the host did not say what was ended there", isRetryable: true)
    }
    owner.say(.ended(agents: agents, attempts: attempts))
  }
}
