import HostSystem
import Launching
import SecureShell
import TuningModel

/// Carries out a task: connects, looks at the host, brings the agent's program there, and does what is asked.
struct TaskRun {
  let task: HostTask
  let owner: Owner

  init(_ task: HostTask, owner: Owner) {
    self.task = task
    self.owner = owner
  }

  func run() throws(HostFailure) {
    let shell = try Connecting(task: task, owner: owner).connect()
    defer { shell.close() }
    let facts = shell.connection
    for warning in facts.warnings { owner.say(.note("\(task.name): \(warning)")) }
    owner.say(.connected(hostKey: facts.hostKey, took: facts.duration))
    let program = try prepare(shell)
    switch task.operation {
    case .agent: try AgentStart(task: task, owner: owner, shell: shell, program: program).run()
    case .inspect, .clean: try Inspection(task: task, owner: owner, shell: shell, program: program).run()
    case .end: try RunEnd(task: task, owner: owner, shell: shell, program: program).run()
    case .tunnel: try TunnelRun(task: task, owner: owner, shell: shell, program: program).run()
    }
  }

  /// The words that run `pasha-agent` on the host, once it is there.
  private func prepare(_ shell: any RemoteShell) throws(HostFailure) -> RemoteProgram {
    let probe = Probe(host: task.name, owner: owner, shell: shell, patience: task.ssh.answerLimit)
    switch task.program {
    case .installed(let path):
      let (facts, waiting) = try probe.run(workDirectory: task.workDirectory, bundle: nil)
      owner.say(.probed(facts))
      return RemoteProgram(words: [path], facts: facts, waiting: waiting)
    case .bundle(let path, let hash, let bytes):
      let (facts, waiting) = try probe.run(workDirectory: task.workDirectory, bundle: hash)
      owner.say(.probed(facts))
      if !facts.hasBundle {
        waiting.run.closeInput()
        try Upload(
          host: task.name, owner: owner, shell: shell, path: path, hash: hash, bytes: bytes,
          patience: task.ssh.answerLimit
        ).run(facts)
      }
      let folder = "\(facts.workDirectory)/bundles/\(hash)"
      // The host's own loader and C library may be older than the agent's, or missing.
      let loader = "\(folder)/\(Self.loader(facts.machine))"
      return RemoteProgram(
        words: [loader, "--library-path", folder, "\(folder)/pasha-agent"], facts: facts,
        waiting: facts.hasBundle ? waiting : nil)
    }
  }

  /// The loader's name is a part of the processor's binary interface.
  private static func loader(_ machine: String) -> String {
    machine == "aarch64" ? "ld-linux-aarch64.so.1" : "ld-linux-x86-64.so.2"
  }
}

/// `pasha-agent` on the host.
struct RemoteProgram {
  let words: [String]
  let facts: HostFacts
  /// A script there that waits to become it; nil: a new one is needed.
  let waiting: MarkedAnswers?
}

/// What the operations have in common: `pasha-agent` runs on the host with these words.
struct RemoteAgent {
  let answers: MarkedAnswers
  private let host: String
  private let patience: Duration

  init(
    _ arguments: [String], task: HostTask, owner: Owner, shell: any RemoteShell, program: RemoteProgram
  ) throws(HostFailure) {
    let words = program.words + arguments
    host = task.name
    patience = task.ssh.answerLimit
    let lines = ["\(words.count)"] + words
    if let waiting = program.waiting {
      answers = waiting
      try waiting.say(lines)
    } else {
      answers = try MarkedAnswers(Scripts.start, lines: lines, on: shell, host: task.name, owner: owner)
    }
  }

  var run: RemoteRun { answers.run }

  /// Waits until the shell is about to become the program.
  func expectStart() throws(HostFailure) {
    _ = try answers.expect(within: patience, doing: "starting the agent")
  }

  /// The last line of its output that is an object of JSON, once it has ended with status 0.
  func result(within patience: Duration, doing what: String) throws(HostFailure) -> JSONValue {
    let deadline = HostClock.now + patience
    var last: JSONValue?
    while let line = try run.line(within: max(.zero, deadline - HostClock.now), doing: what) {
      if let value = try? JSONValue(parsing: line), case .object = value { last = value }
    }
    guard let exit = try run.exit(within: max(.seconds(1), deadline - HostClock.now)) else {
      throw run.timeout(patience, what)
    }
    guard exit == .exited(0), let last else { throw failure(exit, what) }
    return last
  }

  func failure(_ exit: RemoteExit?, _ what: String) -> HostFailure {
    switch exit {
    case .lost(let text)?:
      HostFailure(
        SecureShellError.Code.broken.rawValue, "\(host): the connection broke while \(what): \(text)", isRetryable: true
      )
    case .exited(let code)?:
      HostFailure(
        HostFailure.agent, run.withErrors("\(host): the agent ended with status \(code) while \(what)"),
        isRetryable: true)
    case .signalled(let name)?:
      HostFailure(
        HostFailure.agent, run.withErrors("\(host): the agent was ended by signal \(name) while \(what)"),
        isRetryable: true)
    case nil:
      HostFailure(HostFailure.agent, run.withErrors("\(host): the agent went silent while \(what)"), isRetryable: true)
    }
  }
}
