import HostSystem
import Messaging
import TestSupport
import TuningModel
import Wire

/// A coordinator's sockets on loopback, without a coordinator.
final class TestCoordinator {
  let keys: CurveKeyPair
  let listener: Listener
  private let list = AdmissionList()
  private let authenticator: Authenticator

  init() throws {
    keys = try .generate()
    authenticator = try Authenticator(MessagingContext(), list: list)
    listener = try Listener(authenticator, keys: keys, options: ListenerOptions(address: "127.0.0.1"))
  }

  deinit { listener.close() }

  func admit(_ key: String) {
    if let key = CurvePublicKey(key) { list.admit(key, as: .agent) }
  }

  /// Waits for the hello of an agent of that name.
  func hearHello(from name: String) throws {
    var poller = Poller()
    try eventually("the hello of \(name)") {
      while let event = listener.control.receive() {
        guard case .message(_, let bytes) = event, let message = try? AgentMessage(decoding: bytes) else { continue }
        if case .hello(let hello) = message, hello.name == name { return true }
      }
      poller.removeAll()
      for source in listener.control.pollSources { poller.add(source) }
      try poller.wait(for: .milliseconds(50))
      return false
    }
  }
}
