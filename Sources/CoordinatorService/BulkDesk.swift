import CodeTree
import HostSystem
import Messaging
import TuningModel
import Wire

/// The bulk socket with a thread of its own, so that neither code nor logs hold up a report: hands out the code tree,
/// and asks agents for pieces of logs.
final class BulkDesk: Sendable {
  struct LogQuestion: Sendable {
    var agentKey: CurvePublicKey
    var request: LogRequest
    var answer: Promise<LogChunk>
  }

  private enum Message: Sendable {
    case ask(LogQuestion)
    case stop
  }

  private let mailbox: Mailbox<Message>
  private let thread: WorkerThread

  /// - Parameter code: the run's code; nil for a run without.
  init(socket: ListenerSocket, code: CodeTreeReader?) throws(ServiceError) {
    let mailbox = try Mailbox<Message>()
    let worker = Worker(socket: socket, code: code, mailbox: mailbox)
    guard let thread = WorkerThread(name: "pasha-bulk", { worker.run() }) else {
      throw ServiceError(.software, "the system has no room for one more thread")
    }
    self.mailbox = mailbox
    self.thread = thread
  }

  /// Asks an agent for a piece of a log; the promise stays empty when the agent cannot be reached.
  func ask(_ question: LogQuestion) { mailbox.post(.ask(question)) }

  func stop() {
    mailbox.post(.stop)
    thread.join()
  }

  private final class Worker: @unchecked Sendable {
    // Sendable in truth: handed over to the one thread that uses it from then on.
    private let socket: ListenerSocket
    private let code: CodeTreeReader?
    private let mailbox: Mailbox<Message>
    private var peers: [CurvePublicKey: Peer] = [:]
    private var questions: [Int: (agent: CurvePublicKey, answer: Promise<LogChunk>)] = [:]
    private var nextQuestion = 1
    private static let questionLimit = 1_000

    init(socket: ListenerSocket, code: CodeTreeReader?, mailbox: Mailbox<Message>) {
      self.socket = socket
      self.code = code
      self.mailbox = mailbox
    }

    func run() {
      var poller = Poller()
      while true {
        poller.removeAll()
        for source in socket.pollSources { poller.add(source) }
        poller.add(.descriptor(mailbox.wakeup.descriptor))
        guard (try? poller.wait(for: nil)) != nil else { return }
        for message in mailbox.take() {
          switch message {
          case .ask(let question): ask(question)
          case .stop: return
          }
        }
        while let event = socket.receive() { take(event) }
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
      }
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
