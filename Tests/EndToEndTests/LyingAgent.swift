import Foundation
import Glibc
import Messaging
import TestSupport
import Testing
import TuningModel
import Wire

/// An admitted agent in the test's own hands, which says to the real coordinator whatever it likes.
final class LyingAgent {
  let folder: String
  private let address: CoordinatorAddress
  private let keys: CurveKeyPair
  private(set) var connection: AgentConnection
  /// What came and was not taken by a test yet.
  private var inbox: [CoordinatorMessage] = []

  /// Joins the run as any agent does.
  init(_ run: WatchedRun) throws {
    let text = try #require(try run.object(["invite"])["token"] as? String)
    let token = try JoinToken(parsing: text)
    address = CoordinatorAddress(
      host: "127.0.0.1", controlPort: Int(token.controlPort), bulkPort: Int(token.bulkPort),
      key: try #require(CurvePublicKey(token.serverKey)))
    keys = try .generate()
    folder = run.place.folder.file("liar")
    let joining = try AgentConnection(
      MessagingContext(), to: address, keys: try CurveKeyPair(secretText: token.joinSecretKey))
    let join = AgentMessage.join(publicKey: keys.publicKey.text, name: "liar").encoded()
    try eventually("the answer to the token") {
      let event = joining.control.receive()
      if case .connected = event { _ = joining.control.send(join) }
      guard case .message(let bytes) = event else { return false }
      return try CoordinatorMessage(decoding: bytes) == .joined
    }
    joining.close()
    connection = try AgentConnection(MessagingContext(), to: address, keys: keys)
    try awaitConnection()
  }

  /// A new connection with the same key.
  func reconnect() throws {
    connection.close()
    connection = try AgentConnection(MessagingContext(), to: address, keys: keys)
    try awaitConnection()
  }

  private func awaitConnection() throws {
    try eventually("the connection", within: .seconds(30)) { connection.control.receive() == .connected }
  }

  func say(_ message: AgentMessage) { say(bytes: message.encoded()) }
  func say(bytes: [UInt8]) { #expect(connection.control.send(bytes) == .sent) }

  func hello(slots: Int, inventory: [AttemptInventory] = []) {
    say(
      .hello(
        AgentHello(
          hostname: "liar", machineID: "liar", bootID: "b", name: "liar", pid: 1, slots: slots, home: folder,
          inventory: inventory, place: "liar")))
    say(.prepared(Preparation(codeHash: "", failure: nil)))
  }

  /// The next message that `body` takes; others stay.
  @discardableResult
  func hear<Value>(_ what: String, _ body: (CoordinatorMessage) -> Value?) throws -> Value {
    try eventually(what, within: .seconds(30)) {
      while let event = connection.control.receive() {
        if case .message(let bytes) = event { inbox.append(try CoordinatorMessage(decoding: bytes)) }
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

  /// The attempts that it was told to start, and is told to within this time.
  func starts(within limit: Duration) throws -> [TrialAttempt] {
    let deadline = ContinuousClock.now + limit
    while ContinuousClock.now < deadline {
      while let event = connection.control.receive() {
        if case .message(let bytes) = event { inbox.append(try CoordinatorMessage(decoding: bytes)) }
      }
      usleep(5_000)
    }
    return inbox.compactMap { if case .start(let start) = $0 { start.attempt } else { nil } }
  }

  /// Notes what an attempt has really printed, where the run's check looks for it.
  func note(_ attempt: TrialAttempt, epoch: Int, loss: Double) throws {
    let place = "\(folder)/trials/\(attempt.trial)/attempts/\(attempt.attempt)"
    try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
    let line = "[tune-metric]: {\"epoch\": \(epoch), \"loss\": \(loss)}\n"
    try Data(line.utf8).write(to: URL(fileURLWithPath: place + "/std.out"))
  }
}
