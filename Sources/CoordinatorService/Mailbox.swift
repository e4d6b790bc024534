import HostSystem
import TuningModel

/// Messages from other threads to a loop that polls `wakeup`.
final class Mailbox<Message: Sendable>: Sendable {
  let wakeup: Wakeup
  private let messages = Locked<[Message]>([])

  init() throws(ServiceError) {
    guard let wakeup = Wakeup() else { throw ServiceError(.software, "no file descriptor is left (ulimit -n)") }
    self.wakeup = wakeup
  }

  func post(_ message: Message) {
    messages.withLock { $0.append(message) }
    wakeup.signal()
  }

  /// Everything that was posted, in order.
  func take() -> [Message] {
    wakeup.clear()
    return messages.withLock { messages in
      defer { messages = [] }
      return messages
    }
  }
}

/// An answer that one thread waits for and another gives.
final class Promise<Value: Sendable>: Sendable {
  private let value = Locked<Value?>(nil)
  private let wakeup: Wakeup?

  init() { wakeup = Wakeup() }

  func fulfil(_ value: Value) {
    self.value.withLock { $0 = $0 ?? value }
    wakeup?.signal()
  }

  /// The value, or nil when the time has passed.
  func wait(for timeout: Duration) -> Value? {
    guard let wakeup else { return value.withLock { $0 } }
    let deadline = HostClock.now + timeout
    while true {
      if let value = value.withLock({ $0 }) { return value }
      let left = deadline - HostClock.now
      guard left > .zero else { return nil }
      waitReadable(wakeup.descriptor, for: left)
      wakeup.clear()
    }
  }
}
