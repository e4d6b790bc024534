import HostSystem
import Messaging
import TuningModel
import Wire

/// Becoming a member of a run by hand: the one-time key of a token may do nothing but name the agent's own key.
struct Joining {
  enum Answer: Equatable {
    case admitted
    case refused(String)
    case unreachable
    case wrongServer
  }

  let messaging: MessagingContext
  let address: CoordinatorAddress
  /// How long the coordinator may take to be reached and to answer.
  var patience = Duration.seconds(60)

  /// Joins with a token's key; the agent's own key is admitted afterwards.
  func join(with token: CurveKeyPair, publicKey: CurvePublicKey, name: String) throws(MessagingError) -> Answer {
    let message = AgentMessage.join(publicKey: publicKey.text, name: name).encoded()
    return try ask(with: token, patience: patience) { channel, event in
      switch event {
      case .connected:
        _ = channel.send(message)
        return nil
      case .message(let bytes):
        switch try? CoordinatorMessage(decoding: bytes) {
        case .joined: return .admitted
        case .rejected(_, let text): return .refused(text)
        default: return nil
        }
      case .disconnected, .malformed, .refused, .wrongServer: return nil
      }
    }
  }

  /// Whether the agent's own key is admitted already.
  func isAdmitted(_ keys: CurveKeyPair) throws(MessagingError) -> Bool {
    let answer = try ask(with: keys, patience: .seconds(5)) { _, event in
      event == .connected ? .admitted : nil
    }
    return answer == .admitted
  }

  private func ask(
    with keys: CurveKeyPair, patience: Duration,
    _ body: (AgentChannel, AgentChannel.Event) -> Answer?
  ) throws(MessagingError) -> Answer {
    let connection = try AgentConnection(messaging, to: address, keys: keys)
    defer { connection.close() }
    let deadline = HostClock.now + patience
    var sawWrongServer = false
    var poller = Poller()
    while HostClock.now < deadline {
      poller.removeAll()
      for source in connection.control.pollSources { poller.add(source) }
      try poller.wait(for: deadline - HostClock.now)
      while let event = connection.control.receive() {
        if let answer = body(connection.control, event) { return answer }
        switch event {
        case .refused: return .refused("the token was used already, or the run ended and another took its place")
        case .wrongServer: sawWrongServer = true
        case .connected, .disconnected, .message, .malformed: break
        }
      }
    }
    return sawWrongServer ? .wrongServer : .unreachable
  }
}
