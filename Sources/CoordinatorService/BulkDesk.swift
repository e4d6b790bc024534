import CodeTree
import HostSystem
import Messaging
import TuningModel
import Wire

/// The bulk socket with a thread of its own, so that neither code nor logs nor checkpoints hold up a report: hands out
/// the code tree, asks agents for pieces of logs, and carries pieces of checkpoints from host to host. It keeps nothing
/// of those: who wants a checkpoint asks for as many pieces at once as may be under way.
final class BulkDesk: Sendable {
  struct LogQuestion: Sendable {
    var agentKey: CurvePublicKey
    var request: LogRequest
    var answer: Promise<LogChunk>
  }

  private enum Message: Sendable {
    case ask(LogQuestion)
    case know(AgentID, CurvePublicKey)
    case want(TrialID, Seal, AgentID)
    case drop(TrialID, keeping: [Int])
    case stop
  }

  private let mailbox: Mailbox<Message>
  private let thread: WorkerThread

  /// - Parameters:
  ///   - code: the run's code; nil for a run without.
  ///   - vault: the folder for copies of checkpoints.
  ///   - tell: called on the desk's own thread.
  init(
    socket: ListenerSocket, code: CodeTreeReader?, vault: String, note: @escaping @Sendable (String) -> Void,
    tell: @escaping @Sendable (CheckpointVault.Outcome) -> Void
  ) throws(ServiceError) {
    let mailbox = try Mailbox<Message>()
    let worker = Worker(
      socket: socket, code: code, mailbox: mailbox, vault: CheckpointVault(folder: vault, note: note), tell: tell)
    guard let thread = WorkerThread(name: "pasha-bulk", { worker.run() }) else {
      throw ServiceError(.software, "the system has no room for one more thread")
    }
    self.mailbox = mailbox
    self.thread = thread
  }

  /// Asks an agent for a piece of a log; the promise stays empty when the agent cannot be reached.
  func ask(_ question: LogQuestion) { mailbox.post(.ask(question)) }

  /// An agent was admitted: its connection is known by its key.
  func know(_ agent: AgentID, _ key: CurvePublicKey) { mailbox.post(.know(agent, key)) }

  /// Wants a copy of a sealed checkpoint in the vault.
  func want(_ trial: TrialID, _ seal: Seal, from agent: AgentID) { mailbox.post(.want(trial, seal, agent)) }

  func drop(_ trial: TrialID, keeping: [Int]) { mailbox.post(.drop(trial, keeping: keeping)) }

  func stop() {
    mailbox.post(.stop)
    thread.join()
  }

  private final class Worker: @unchecked Sendable {
    // Sendable in truth: handed over to the one thread that uses it from then on.
    private let socket: ListenerSocket
    private let code: CodeTreeReader?
    private let mailbox: Mailbox<Message>
    private let vault: CheckpointVault
    private let tell: (CheckpointVault.Outcome) -> Void
    private var peers: [CurvePublicKey: Peer] = [:]
    private var keys: [AgentID: CurvePublicKey] = [:]
    private var agents: [CurvePublicKey: AgentID] = [:]
    private var questions: [Int: (agent: CurvePublicKey, answer: Promise<LogChunk>)] = [:]
    private var nextQuestion = 1
    private static let questionLimit = 1_000

    init(
      socket: ListenerSocket, code: CodeTreeReader?, mailbox: Mailbox<Message>, vault: CheckpointVault,
      tell: @escaping (CheckpointVault.Outcome) -> Void
    ) {
      self.socket = socket
      self.code = code
      self.mailbox = mailbox
      self.vault = vault
      self.tell = tell
    }

    func run() {
      var poller = Poller()
      while true {
        poller.removeAll()
        for source in socket.pollSources { poller.add(source) }
        poller.add(.descriptor(mailbox.wakeup.descriptor))
        let timeout = vault.deadline.map { max($0 - HostClock.now, .zero) }
        guard (try? poller.wait(for: timeout)) != nil else { return }
        for message in mailbox.take() {
          switch message {
          case .ask(let question): ask(question)
          case .know(let agent, let key):
            keys[agent] = key
            agents[key] = agent
          case .want(let trial, let seal, let agent): vault.want(trial, seal, from: agent)
          case .drop(let trial, let keeping): vault.drop(trial, keeping: keeping)
          case .stop: return
          }
        }
        while let event = socket.receive() { take(event) }
        vault.step(at: HostClock.now)
        for (agent, request) in vault.takeOutgoing() { _ = pass(request, to: agent, from: nil) }
        for outcome in vault.takeOutcomes() { tell(outcome) }
      }
    }

    private func take(_ event: ListenerSocket.Event) {
      switch event {
      case .violation(let peer, _): socket.cutOff(peer)
      case .message(let peer, let bytes):
        guard peer.admission == .agent else { return }
        do throws(WireError) {
          take(try AgentBulkMessage(decoding: bytes), from: peer)
        } catch {
          socket.countMalformed()
          socket.cutOff(peer)
        }
      }
    }

    private func take(_ message: AgentBulkMessage, from peer: Peer) {
      peers[peer.key] = peer
      switch message {
      case .hello: break
      case .manifestRequest(let tree):
        guard let code, code.hash == tree else { return send(.noSuchTree(tree: tree), to: peer) }
        send(.manifest(tree: tree, code.manifest), to: peer)
      case .chunkRequest(let tree, let file, let offset, let length):
        guard let code, code.hash == tree, let bytes = try? code.chunk(file: file, offset: offset, length: length)
        else { return send(.noSuchTree(tree: tree), to: peer) }
        send(.chunk(tree: tree, file: file, offset: offset, bytes: bytes), to: peer)
      case .logChunk(let number, let chunk):
        guard let question = questions[number], question.agent == peer.key else { return }
        questions[number] = nil
        question.answer.fulfil(chunk)
      case .checkpointRequest(let request): take(request, from: peer)
      case .checkpointAnswer(let answer): take(answer, from: peer)
      }
    }

    // MARK: Checkpoints

    private func take(_ request: CheckpointRequest, from peer: Peer) {
      guard let asker = agents[peer.key] else { return }
      guard let holder = request.agent else {
        return send(.checkpointAnswer(vault.answer(request)), to: peer)
      }
      guard !pass(request, to: holder, from: asker) else { return }
      let words = "the agent of the host that has it cannot be reached"
      send(
        .checkpointAnswer(CheckpointAnswer(agent: holder, name: request.name, content: .unreachable(words))), to: peer)
    }

    /// Asks who has it; `asker` is who gets the answer, nil this coordinator.
    private func pass(_ request: CheckpointRequest, to holder: AgentID, from asker: AgentID?) -> Bool {
      guard let peer = keys[holder].flatMap({ peers[$0] }) else { return false }
      var request = request
      request.agent = asker
      return socket.send(CoordinatorBulkMessage.checkpointRequest(request).encoded(), to: peer) != .unreachable
    }

    private func take(_ answer: CheckpointAnswer, from peer: Peer) {
      guard let holder = agents[peer.key] else { return }
      guard let asker = answer.agent else { return vault.take(answer, from: holder) }
      guard let goal = keys[asker].flatMap({ peers[$0] }) else { return }
      var answer = answer
      answer.agent = holder
      send(.checkpointAnswer(answer), to: goal)
    }

    private func ask(_ question: LogQuestion) {
      guard let peer = peers[question.agentKey] else { return }
      // Nobody waits any more for an answer as old as that.
      questions[nextQuestion - Self.questionLimit] = nil
      questions[nextQuestion] = (question.agentKey, question.answer)
      send(.logRequest(request: nextQuestion, question.request), to: peer)
      nextQuestion += 1
    }

    private func send(_ message: CoordinatorBulkMessage, to peer: Peer) {
      // What cannot be sent is asked for again by who waits for it.
      _ = socket.send(message.encoded(), to: peer)
    }
  }
}
