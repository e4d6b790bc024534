import Foundation
import HostSystem
import Messaging
import TestSupport
import TuningModel
import Wire

/// A coordinator in the test's own hands with one agent, which is started by the test's command: real sockets with real
/// keys. Trials are shell commands.
final class FarmOfOne {
  let run = "bundle-\(UUID().uuidString.prefix(8).lowercased())"
  private let keys: CurveKeyPair
  private let list = AdmissionList()
  private let listener: Listener
  private let agent: CommandProcess
  private let answers: FileHandle
  private var inbox: [AgentMessage] = []
  private(set) var reports: [TrialReport] = []
  private var peer: Peer?
  private(set) var agentPID = 0

  /// - Parameters:
  ///   - words: what runs `pasha-agent`, without arguments; nothing is in its environment but HOME.
  ///   - workFolder: as the agent sees it.
  ///   - host: how the agent is told to reach this machine.
  ///   - answers: a file for what the agent says, as this process sees it.
  init(_ words: [String], home: String, workFolder: String, host: String = "127.0.0.1", folder: TemporaryFolder) throws
  {
    keys = try .generate()
    let authenticator = try Authenticator(MessagingContext(), list: list)
    listener = try Listener(authenticator, keys: keys, options: ListenerOptions(address: "127.0.0.1"))
    let fifo = folder.file("orders")
    let output = folder.file("answers")
    guard mkfifo(fifo, 0o600) == 0 else { throw WaitedInVain(description: "no FIFO: \(errno)") }
    let command = (["/usr/bin/env", "-i", "HOME=\(home)"] + words + ["--launched"]).map { "'\($0)'" }
    agent = try CommandProcess(
      "/bin/sh", ["-c", "exec \(command.joined(separator: " ")) <'\(fifo)' >'\(output)'"])
    // Opens once the other side has opened it too.
    let orders = try FileHandle(forWritingTo: URL(fileURLWithPath: fifo))
    answers = try eventually("the agent's output") { FileHandle(forReadingAtPath: output) }
    try say(
      [
        .init("run", .string(run)), .init("slots", .int(2)), .init("name", .string("bundled")),
        .init("work_dir", .string(workFolder)),
      ], on: orders)
    let announcement = try answer()
    guard let text = announcement.text("public_key"), let key = CurvePublicKey(text) else {
      throw WaitedInVain(description: "the agent said \(announcement.jsonText()): \(agent.errors)")
    }
    agentPID = announcement.whole("pid") ?? 0
    list.admit(key, as: .agent)
    try say(
      [
        .init("server_key", .string(keys.publicKey.text)), .init("host", .string(host)),
        .init("control", .int(listener.control.port)), .init("bulk", .int(listener.bulk.port)),
      ], on: orders)
    guard try answer().member("ok") == .bool(true) else {
      throw WaitedInVain(description: "the agent did not start: \(agent.errors)")
    }
    try orders.close()
    _ = try hear("a hello") { if case .hello(let hello) = $0 { hello } else { nil } }
  }

  deinit {
    agent.send(SIGKILL)
    listener.close()
  }

  /// Greets the agent: its trials run the shell command.
  func greet(trial command: String) throws {
    let program = Program(
      entryPoint: ["/bin/sh", "-c", command, "trial"], codeHash: nil, setup: nil, environment: [],
      resourceAttribute: "epoch", metric: "loss", holdsAtMilestone: false, holdLimit: .seconds(60),
      settle: .milliseconds(100), grace: .seconds(2))
    send(
      .welcome(
        Welcome(
          run: run, agent: AgentID(0), heartbeat: .milliseconds(200), lease: .seconds(600), program: program,
          verdicts: [])))
    let preparation = try hear("a preparation") { if case .prepared(let preparation) = $0 { preparation } else { nil } }
    if let failure = preparation.failure { throw WaitedInVain(description: "the host is not prepared: \(failure)") }
  }

  /// Starts the attempt; the trial's pid.
  func start(_ name: TrialAttempt) throws -> Int {
    send(
      .start(
        StartAttempt(
          attempt: name, slot: 0, configuration: Configuration([]), milestone: 3, maximum: 3, resumeFrom: nil)))
    return try hear("the start of \(name)") { message in
      switch message {
      case .started(name, let pid): pid
      default: nil
      }
    }
  }

  func stopTrial(_ name: TrialAttempt) { send(.stop(name)) }

  func end(of name: TrialAttempt) throws -> AttemptEnd {
    let end = try hear("the end of \(name)") { if case .ended(name, let end) = $0 { end } else { nil } }
    send(.acknowledgeEnd(name))
    return end
  }

  /// Ends the agent.
  func stop() throws {
    agent.send(SIGTERM)
    try agent.wait()
  }

  private func send(_ message: CoordinatorMessage) {
    if let peer { _ = listener.control.send(message.encoded(), to: peer) }
  }

  private func say(_ members: [JSONValue.Member], on orders: FileHandle) throws {
    try orders.write(contentsOf: Data((JSONValue.object(members).jsonText() + "\n").utf8))
  }

  private func answer() throws -> JSONValue {
    var line = Data()
    return try eventually("an answer of the agent (\(agent.errors))", within: .seconds(60)) {
      if agent.hasEnded {
        try agent.wait()
        line += (try? answers.readToEnd()) ?? Data()
        throw WaitedInVain(description: "the agent ended: \(String(decoding: line, as: UTF8.self)) \(agent.errors)")
      }
      while let byte = try answers.read(upToCount: 1), let value = byte.first {
        if value == 10 { return try JSONValue(parsing: Array(line)) }
        line.append(value)
      }
      return nil
    }
  }

  private func hear<Value>(_ what: String, _ body: (AgentMessage) -> Value?) throws -> Value {
    try eventually("\(what); said: \(inbox); \(agent.errors)", within: .seconds(60)) {
      while let event = listener.control.receive() {
        guard case .message(let from, let bytes) = event, let message = try? AgentMessage(decoding: bytes) else {
          continue
        }
        take(message, from: from)
      }
      for (index, message) in inbox.enumerated() {
        if let value = body(message) {
          inbox.remove(at: index)
          return value
        }
      }
      return nil
    }
  }

  private func take(_ message: AgentMessage, from: Peer) {
    switch message {
    case .hello:
      peer = from
      inbox.append(message)
    case .heartbeat(let sentAt):
      _ = listener.control.send(CoordinatorMessage.heartbeatEcho(sentAt: sentAt).encoded(), to: from)
    case .reports(let name, let new):
      reports += new
      if let last = new.last { send(.acknowledgeReports(name, through: last.sequence)) }
    default: inbox.append(message)
    }
  }
}

func name(_ trial: Int, _ attempt: Int = 1) -> TrialAttempt { TrialAttempt(TrialID(trial), Attempt(attempt)) }
