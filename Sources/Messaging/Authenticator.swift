import CZeroMQ
import Glibc
import HostSystem

/// Answers libzmq's question in each handshake whether a key may connect (ZAP, rfc.zeromq.org/spec/27), on a thread of
/// its own. One per context, made before the listener binds; while it is not there nobody comes in.
public final class Authenticator: Sendable {
  public struct Counters: Equatable, Sendable {
    public var admitted = 0
    public var refused = 0
  }

  /// Who is let in; shared with those who change it.
  public let list: AdmissionList
  let context: MessagingContext

  private let state: Locked<Counters>
  private let end: Wakeup
  private let thread: WorkerThread

  public var counters: Counters { state.withLock { $0 } }

  public convenience init(_ context: MessagingContext, list: AdmissionList) throws(MessagingError) {
    try self.init(context, list: list) { list.admission(of: $0) }
  }

  /// For the test of the self-test: an authenticator with another judgement than its list's.
  init(
    _ context: MessagingContext, list: AdmissionList, judgement: @escaping @Sendable (CurvePublicKey) -> Admission?
  ) throws(MessagingError) {
    let socket = try ZMQSocket(context, type: ZMQ_REP)
    let failure = socket.bind("inproc://zeromq.zap.01")
    guard failure == 0 else {
      guard failure == EADDRINUSE else { throw .number(failure, "binding the authenticator") }
      throw MessagingError(code: .authenticatorExists, message: "this context has an authenticator already")
    }
    guard let end = Wakeup() else {
      throw MessagingError(
        code: .tooManyOpenFiles,
        message: "opening an eventfd: no descriptor is left; raise the limit on open files (ulimit -n)")
    }
    let state = Locked(Counters())
    let desk = AuthenticatorDesk(socket: socket, end: end, counters: state, judgement: judgement)
    guard let thread = WorkerThread(name: "pasha-zap", { desk.run() }) else {
      throw MessagingError(code: .system, message: "the system has no room for the authenticator's thread")
    }
    self.list = list
    self.context = context
    self.state = state
    self.end = end
    self.thread = thread
  }

  deinit { stop() }

  /// Ends the thread; from then on every handshake stands still until its time is over.
  public func stop() {
    end.signal()
    thread.join()
  }
}

/// The thread's side of the authenticator.
private final class AuthenticatorDesk: @unchecked Sendable {
  // Sendable in truth: handed over to the one thread that uses it from then on.
  private let socket: ZMQSocket
  private let end: Wakeup
  private let counters: Locked<Authenticator.Counters>
  private let judgement: @Sendable (CurvePublicKey) -> Admission?

  init(
    socket: ZMQSocket, end: Wakeup, counters: Locked<Authenticator.Counters>,
    judgement: @escaping @Sendable (CurvePublicKey) -> Admission?
  ) {
    self.socket = socket
    self.end = end
    self.counters = counters
    self.judgement = judgement
  }

  func run() {
    var poller = Poller()
    while true {
      poller.removeAll()
      poller.add(.socket(SocketHandle(pointer: socket.handle)))
      let ending = poller.add(.descriptor(end.descriptor))
      guard (try? poller.wait(for: nil)) != nil, poller.events(at: ending).isEmpty else { break }
      while let request = nextRequest() { answer(request) }
    }
    socket.close()
  }

  /// One question: version, request, domain, address, routing id, mechanism, key.
  private func nextRequest() -> [[UInt8]]? {
    guard var frame = socket.receive() else { return nil }
    var frames = [frame.bytes()]
    while frame.hasMore, let next = socket.receive() {
      frame = next
      if frames.count < 8 { frames.append(frame.bytes()) }
    }
    return frames
  }

  private func answer(_ request: [[UInt8]]) {
    var userID: String?
    if request.count == 7, request[5].elementsEqual("CURVE".utf8), let key = CurvePublicKey(bytes: request[6]),
      let admission = judgement(key)
    {
      userID = UserID.text(key, admission)
    }
    counters.withLock { counters in
      if userID == nil { counters.refused += 1 } else { counters.admitted += 1 }
    }
    let reply = [
      Array("1.0".utf8), request.count > 1 ? request[1] : [], Array((userID == nil ? "400" : "200").utf8),
      Array((userID == nil ? "key not admitted" : "OK").utf8), Array((userID ?? "").utf8), [],
    ]
    for (index, frame) in reply.enumerated() { _ = socket.send(frame, more: index < reply.count - 1) }
  }
}

/// The text by which libzmq names a connection's key on each message (its `User-Id` property).
enum UserID {
  static func text(_ key: CurvePublicKey, _ admission: Admission) -> String { "\(admission.rawValue):\(key)" }

  static func parse(_ text: String) -> (key: CurvePublicKey, admission: Admission)? {
    guard let colon = text.firstIndex(of: ":"), let admission = Admission(rawValue: String(text[..<colon])),
      let key = CurvePublicKey(String(text[text.index(after: colon)...]))
    else { return nil }
    return (key, admission)
  }
}
