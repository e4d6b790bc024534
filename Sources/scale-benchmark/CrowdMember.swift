import HostSystem
import Messaging
import TuningModel
import Wire

/// One agent of the crowd with its connection: joins with its token's key, comes back with its own, and reports.
struct CrowdMember {
  private let context: MessagingContext
  private let keys: CurveKeyPair
  private let token: CurveKeyPair
  private let address: CoordinatorAddress
  private var connection: AgentConnection?
  private var isJoined = false
  private var agent: StandInAgent
  private var nextHeartbeat = Instant.zero
  /// Reports a second, and since when; nil: none.
  private var pace: (rate: Double, from: Instant)?
  private var due = 0
  /// What was sent and is not acknowledged: the last number of each message, how many reports, and when.
  private var unanswered: [(attempt: TrialAttempt, sequence: Int, count: Int, sentAt: Instant)] = []
  private var waits: [Double] = []
  private var reports = 0
  private var acknowledged = 0
  private var lastAcknowledged = Instant.zero
  private var connectionsLost = 0
  private var steps = 0

  /// Reports that a trial may be behind before it prints no faster than the clock.
  private static let burst = 100

  init(number: Int, token: JoinToken, context: MessagingContext) throws {
    guard let server = CurvePublicKey(token.serverKey) else { throw CrowdProblem(description: "no key: \(token)") }
    self.context = context
    keys = try CurveKeyPair.generate()
    self.token = try CurveKeyPair(secretText: token.joinSecretKey)
    address = CoordinatorAddress(
      host: token.host, controlPort: Int(token.controlPort), bulkPort: Int(token.bulkPort), key: server)
    agent = StandInAgent(name: "crowd-\(number)")
  }

  var isWelcome: Bool { agent.isWelcome }
  var isDismissed: Bool { agent.isDismissed }
  /// Messages with reports that are not acknowledged.
  var waiting: Int { unanswered.count }

  mutating func begin() { connect() }

  /// A context may have no socket left for a moment: those that were closed go one by one.
  private mutating func connect() {
    connection = try? AgentConnection(context, to: address, keys: isJoined ? keys : token)
  }

  mutating func report(rate: Double, from now: Instant) { pace = (rate, now) }
  mutating func reportNoMore() { pace = nil }

  mutating func close() {
    connection?.close()
    connection = nil
  }

  mutating func step(at now: Moment) {
    if connection == nil { connect() }
    while let event = connection?.control.receive() { take(event, at: now.monotonic) }
    // Nothing is said there; what libzmq tells of it is only taken.
    steps += 1
    if steps % 64 == 0 { while connection?.bulk.receive() != nil {} }
    _ = try? connection?.reopen(at: now.monotonic)
    guard isJoined, agent.isWelcome else { return flush() }
    if now.monotonic >= nextHeartbeat {
      agent.outbox.append(.heartbeat(sentAt: now.monotonic))
      nextHeartbeat = now.monotonic + agent.heartbeat
    }
    if let pace {
      let wanted = Int(pace.rate * (now.monotonic - pace.from).inSeconds)
      due = max(due, wanted - Self.burst)
      let printed = agent.report(wanted - due, at: now.wall)
      if printed.count > 0, let attempt = agent.work?.attempt {
        due += printed.count
        reports += printed.count
        unanswered.append((attempt, printed.sequence, printed.count, now.monotonic))
      }
    }
    flush()
  }

  private mutating func flush() {
    guard isJoined, let control = connection?.control, control.isConnected else { return }
    for message in agent.outbox { _ = control.send(message.encoded()) }
    agent.outbox.removeAll(keepingCapacity: true)
  }

  private mutating func take(_ event: AgentChannel.Event, at now: Instant) {
    switch event {
    case .connected:
      if isJoined {
        agent.greet()
      } else {
        _ = connection?.control.send(
          AgentMessage.join(publicKey: keys.publicKey.text, name: agent.name).encoded())
      }
    case .message(let bytes):
      guard let message = try? CoordinatorMessage(decoding: bytes) else { return }
      if message == .joined {
        connection?.close()
        isJoined = true
        connect()
        return
      }
      if case .acknowledgeReports(let attempt, let sequence) = message { acknowledge(attempt, sequence, at: now) }
      agent.receive(message)
    case .disconnected: connectionsLost += 1
    case .refused, .wrongServer, .malformed: break
    }
  }

  private mutating func acknowledge(_ attempt: TrialAttempt, _ sequence: Int, at now: Instant) {
    unanswered.removeAll { sent in
      guard sent.attempt == attempt, sent.sequence <= sequence else { return false }
      waits.append((now - sent.sentAt).inSeconds)
      acknowledged += sent.count
      return true
    }
    lastAcknowledged = now
  }

  func add(to result: inout CrowdLot.Result) {
    result.welcome += agent.isWelcome ? 1 : 0
    result.lastAcknowledged = max(result.lastAcknowledged, lastAcknowledged)
    result.reports += reports
    result.acknowledged += acknowledged
    result.waits += waits
    result.repeatedHellos += agent.repeatedHellos
    result.connectionsLost += connectionsLost
  }
}
