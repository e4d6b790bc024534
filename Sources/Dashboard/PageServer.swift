import Coordination
import HTTPTypes
import HostSystem
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import TuningModel

/// A failure to serve, with what to do about it.
public struct DashboardError: Error, CustomStringConvertible {
  public var message: String
  public var description: String { message }

  public init(_ message: String) { self.message = message }
}

/// Serves the page of a run until it is told to stop.
public final class PageServer: Sendable {
  public struct Options: Sendable {
    /// An address of this machine alone.
    public var address: String
    /// 0: any that is free.
    public var port: Int
    /// Whether the run may be steered from the page.
    public var takesCommands: Bool
    /// Whether reading needs the token too.
    public var guardsReading: Bool
    /// Silence after which a connection without a request under way is closed, and one whose request does not arrive.
    public var idleTimeout: Duration
    public var mostConnections: Int

    public init(
      address: String = "127.0.0.1", port: Int = 0, takesCommands: Bool = true, guardsReading: Bool = false,
      idleTimeout: Duration = .seconds(30), mostConnections: Int = 256
    ) {
      self.address = address
      self.port = port
      self.takesCommands = takesCommands
      self.guardsReading = guardsReading
      self.idleTimeout = idleTimeout
      self.mostConnections = mostConnections
    }
  }

  private let source: RunSource
  private let options: Options
  private let hub = Hub()
  private let follower: Follower
  private let archive: Archive
  private let counters = RequestCounters()
  public let token: String

  public init(_ source: RunSource, _ options: Options) throws {
    guard ["127.0.0.1", "::1", "localhost"].contains(options.address) else {
      throw DashboardError(
        "\(options.address) is not this machine alone (127.0.0.1, ::1): the page is served without encryption; from "
          + "another machine reach it through SSH: ssh -L 8700:127.0.0.1:PORT HOST")
    }
    self.source = source
    self.options = options
    archive = try Archive(specification: source.specification())
    follower = try Follower(archive: archive, source: source, hub: hub)
    token = try Self.makeToken()
  }

  /// 128 bits from the system, as hexadecimal digits.
  private static func makeToken() throws -> String {
    let bytes = try Descriptor.open("/dev/urandom", 0).read(upTo: 16)
    guard bytes.count == 16 else { throw DashboardError("/dev/urandom cannot be read") }
    let digits = Array("0123456789abcdef")
    return String(bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 0xF)]] })
  }

  /// Serves until the task is cancelled.
  /// - Parameter ready: gets the page's address once it can be reached.
  public func run(ready: @escaping @Sendable (_ url: String, _ port: Int) -> Void) async throws {
    try follower.begin()
    defer { follower.end() }
    guard let ticker = Ticker(hub: hub) else { throw DashboardError("the system has no room for one more thread") }
    defer { ticker.end() }
    var logger = Logger(label: "pasha-page")
    logger.logLevel = .critical
    // The names under which the server is known hold its port, which the system may choose.
    let responder = LateResponder()
    let address = options.address == "localhost" ? "127.0.0.1" : options.address
    let configuration = HTTP1Channel.Configuration(
      idleTimeout: TimeAmount.nanoseconds(options.idleTimeout.wholeNanoseconds),
      httpDecoderConfiguration: .init(
        maxHeaderFieldSize: 16 << 10, maxHeaderListSize: 32 << 10, maxHeaderFieldCount: 100))
    let application = Application(
      responder: responder, server: .http1(configuration: configuration),
      configuration: ApplicationConfiguration(
        address: .hostname(address, port: options.port),
        availableConnectionsDelegate: MaximumAvailableConnections(options.mostConnections, logger: logger)),
      onServerRunning: { [self] channel in
        guard let port = channel.localAddress?.port else { return }
        responder.set(makeResponder(port: port))
        ready(address.contains(":") ? "http://[\(address)]:\(port)/" : "http://\(address):\(port)/", port)
      }, logger: logger)
    do {
      try await application.run()
    } catch is CancellationError {
    } catch let error as IOError {
      throw DashboardError("cannot listen at \(address), port \(options.port): \(error)")
    }
  }

  /// Ends the streams, each with a word that it is for good.
  public func finish() { hub.finish() }

  private func makeResponder(port: Int) -> Responder {
    Responder(
      door: Doorkeeper(
        names: ["127.0.0.1", "localhost", "[::1]"], port: port, token: token, guardsReading: options.guardsReading),
      answers: Answers(
        archive: archive, source: source, follower: follower, hub: hub, counters: counters,
        takesCommands: options.takesCommands), counters: counters)
  }
}

/// Answers once the server's port is known.
private final class LateResponder: HTTPResponder {
  private let responder = Locked<Responder?>(nil)

  func set(_ responder: Responder) { self.responder.withLock { $0 = responder } }

  func respond(to request: Request, context: PageContext) async throws -> Response {
    guard let responder = responder.withLock({ $0 }) else { return Response(status: .serviceUnavailable) }
    return try await responder.respond(to: request, context: context)
  }
}
