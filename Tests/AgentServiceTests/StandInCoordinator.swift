import CodeTree
import Foundation
import HostSystem
import Messaging
import TestSupport
import TuningModel
import Wire

/// A coordinator in the test's own hands: real sockets with real keys, every word by hand but the echoes of heartbeats,
/// the acknowledgements of reports and the code.
final class StandInCoordinator {
  /// Of this test alone: what is left of an attempt is found by the name of its run, on the whole machine.
  let run = "test-\(UUID().uuidString.prefix(8).lowercased())"
  let work = TemporaryFolder("agent")
  let keys: CurveKeyPair
  let list = AdmissionList()
  private(set) var listener: Listener
  private let authenticator: Authenticator
  var code: CodeTreeReader?
  var program: Program
  /// Whether reports are acknowledged as they come.
  var acknowledges = true
  var lease = Duration.seconds(600)

  /// What agents said, heartbeats left out, not taken by a test yet.
  private(set) var inbox: [AgentMessage] = []
  /// Every report that came, in order.
  private(set) var reports: [TrialAttempt: [TrialReport]] = [:]
  private(set) var logChunks: [Int: LogChunk] = [:]
  var peer: Peer?
  var bulkPeer: Peer?
  private(set) var joins: [(peer: Peer, publicKey: String)] = []
  private(set) var heartbeats = 0

  init(entryPoint: [String] = ["/bin/sh", "train.sh"]) throws {
    keys = try .generate()
    authenticator = try Authenticator(MessagingContext(), list: list)
    listener = try Listener(authenticator, keys: keys, options: ListenerOptions(address: "127.0.0.1"))
    program = Program(
      entryPoint: entryPoint, codeHash: nil, setup: nil, environment: [], resourceAttribute: "epoch", metric: "loss",
      holdsAtMilestone: true, holdLimit: .seconds(60), settle: .milliseconds(100), grace: .seconds(2))
  }

  deinit { listener.close() }

  /// Is gone for a while and comes back at the same ports with the same key, knowing no connection.
  func restart(after absence: Duration) throws {
    let options = ListenerOptions(
      address: "127.0.0.1", controlPort: listener.control.port, bulkPort: listener.bulk.port)
    listener.close()
    (peer, bulkPeer) = (nil, nil)
    Thread.sleep(forTimeInterval: absence.inSeconds)
    listener = try Listener(authenticator, keys: keys, options: options)
  }

  /// The agent's folder for the run.
  var home: String {
    get throws {
      let machines = try FileManager.default.contentsOfDirectory(atPath: work.file("farm"))
      return work.file("farm/\(machines[0])/\(run)")
    }
  }

  // MARK: Code

  /// Makes a code tree of these files the run's code.
  func serve(_ files: [String: String]) throws {
    let folder = "code-\(UUID().uuidString.prefix(8))"
    for (name, text) in files { try work.write("\(folder)/\(name)", text, mode: 0o755) }
    let tree = try CodeTree.scan(folder: work.file(folder))
    code = try tree.snapshot(into: work.file("snapshots"))
    program.codeHash = tree.hash
  }

  // MARK: Talking

  func say(_ message: CoordinatorMessage) {
    guard let peer else { return }
    _ = listener.control.send(message.encoded(), to: peer)
  }

  func ask(_ number: Int, _ request: LogRequest) {
    guard let bulkPeer else { return }
    _ = listener.bulk.send(CoordinatorBulkMessage.logRequest(request: number, request).encoded(), to: bulkPeer)
  }

  func welcome(_ verdicts: [Verdict] = []) {
    say(
      .welcome(
        Welcome(
          run: run, agent: AgentID(0), heartbeat: .milliseconds(200), lease: lease, program: program,
          verdicts: verdicts)))
  }

  /// Takes in what came until `body` gives a value.
  @discardableResult
  func wait<Value>(
    _ what: String, within limit: Duration = .seconds(30), _ body: () throws -> Value?
  ) throws -> Value {
    let deadline = ContinuousClock.now + limit
    var poller = Poller()
    while true {
      takeIn()
      if let value = try body() { return value }
      guard ContinuousClock.now < deadline else {
        throw WaitedInVain(description: "waited in vain for \(what); said: \(inbox)")
      }
      poller.removeAll()
      for source in listener.control.pollSources + listener.bulk.pollSources { poller.add(source) }
      try poller.wait(for: .milliseconds(10))
    }
  }

  /// The next message that `body` takes; others stay.
  @discardableResult
  func hear<Value>(_ what: String, _ body: (AgentMessage) -> Value?) throws -> Value {
    try wait(what) {
      for (index, message) in inbox.enumerated() {
        if let value = body(message) {
          inbox.remove(at: index)
          return value
        }
      }
      return nil
    }
  }

  func hearHello() throws -> AgentHello {
    try hear("a hello") { if case .hello(let hello) = $0 { hello } else { nil } }
  }

  /// Greets an agent and waits until it is ready.
  @discardableResult
  func greet(_ verdicts: [Verdict] = []) throws -> AgentHello {
    let hello = try hearHello()
    welcome(verdicts)
    let preparation = try hearPreparation()
    if let failure = preparation.failure { throw WaitedInVain(description: "the host is not prepared: \(failure)") }
    return hello
  }

  func hearPreparation() throws -> Preparation {
    try hear("a preparation") { if case .prepared(let preparation) = $0 { preparation } else { nil } }
  }

  func hearStarted(_ name: TrialAttempt) throws -> Int {
    try hear("the start of \(name)") { if case .started(name, let pid) = $0 { pid } else { nil } }
  }

  func hearEnd(of name: TrialAttempt) throws -> AttemptEnd {
    try hear("the end of \(name)") { if case .ended(name, let end) = $0 { end } else { nil } }
  }

  func hearRefusal(of name: TrialAttempt) throws -> StartRefusal {
    try hear("a refusal of \(name)") { if case .refused(name, let refusal) = $0 { refusal } else { nil } }
  }

  func start(
    _ name: TrialAttempt, slot: Int = 0, configuration: [Configuration.Entry] = [], milestone: Int = 81,
    maximum: Int = 81, resumeFrom: Int? = nil
  ) {
    say(
      .start(
        StartAttempt(
          attempt: name, slot: slot, configuration: Configuration(configuration), milestone: milestone,
          maximum: maximum, resumeFrom: resumeFrom)))
  }

  /// The resources that an attempt reported.
  func epochs(_ name: TrialAttempt) -> [Int] {
    (reports[name] ?? []).compactMap { ReportFields.wholeNumber("epoch", in: $0.fields) }
  }

  // MARK: Taking in

  private func takeIn() {
    while let event = listener.control.receive() {
      guard case .message(let from, let bytes) = event, let message = try? AgentMessage(decoding: bytes) else {
        continue
      }
      take(message, from: from)
    }
    while let event = listener.bulk.receive() {
      guard case .message(let from, let bytes) = event, let message = try? AgentBulkMessage(decoding: bytes) else {
        continue
      }
      take(message, from: from)
    }
  }

  private func take(_ message: AgentMessage, from: Peer) {
    switch message {
    case .hello:
      peer = from
      inbox.append(message)
    case .heartbeat(let sentAt):
      heartbeats += 1
      _ = listener.control.send(CoordinatorMessage.heartbeatEcho(sentAt: sentAt).encoded(), to: from)
    case .reports(let name, let new):
      reports[name, default: []] += new
      if acknowledges, let last = new.last { say(.acknowledgeReports(name, through: last.sequence)) }
    case .join(let publicKey, _): joins.append((from, publicKey))
    default: inbox.append(message)
    }
  }

  private func take(_ message: AgentBulkMessage, from: Peer) {
    bulkPeer = from
    switch message {
    case .hello: break
    case .logChunk(let number, let chunk): logChunks[number] = chunk
    case .checkpointRequest, .checkpointAnswer: break
    case .manifestRequest(let tree):
      let answer = code.map { CoordinatorBulkMessage.manifest(tree: tree, $0.manifest) } ?? .noSuchTree(tree: tree)
      _ = listener.bulk.send(answer.encoded(), to: from)
    case .chunkRequest(let tree, let file, let offset, let length):
      guard let bytes = try? code?.chunk(file: file, offset: offset, length: length) else { return }
      let answer = CoordinatorBulkMessage.chunk(tree: tree, file: file, offset: offset, bytes: bytes)
      _ = listener.bulk.send(answer.encoded(), to: from)
    }
  }
}

func name(_ trial: Int, _ attempt: Int = 1) -> TrialAttempt { TrialAttempt(TrialID(trial), Attempt(attempt)) }
