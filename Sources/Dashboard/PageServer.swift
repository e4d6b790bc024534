import Coordination
import Glibc
import HTTPTypes
import HostSystem
import Hummingbird
import HummingbirdCore
import HummingbirdTLS
import Logging
import Metrics
import NIOCore
import TuningModel

/// A failure to serve, with what to do about it.
public struct DashboardError: Error, CustomStringConvertible {
  public var message: String
  /// Whether what it was asked to do cannot be done, rather than that it could not.
  public var isUsage: Bool
  public var description: String { message }

  public init(_ message: String, isUsage: Bool = false) {
    self.message = message
    self.isUsage = isUsage
  }
}

/// Serves the page of a run until it is told to stop.
public final class PageServer: Sendable {
  public struct Options: Sendable {
    /// An address of this machine, in numbers; one that other machines reach takes `encryption`.
    public var address: String
    /// 0: any that is free.
    public var port: Int
    /// Whether any that is free is taken where `port` is in use.
    public var takesAnotherPort = false
    public var encryption: Encryption?
    /// Names under which browsers may ask, beside the address.
    public var hostNames: [String] = []
    /// The token of commands, as hexadecimal digits; nil: one is made.
    public var token: String?
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
  public let token: String

  private let names: ServerNames
  private let builder: HTTPServerBuilder
  private let registry: MetricsRegistry

  public init(_ source: RunSource, _ options: Options) throws {
    names = try ServerNames(
      address: options.address, hostNames: options.hostNames, isEncrypted: options.encryption != nil)
    self.source = source
    self.options = options
    let plain = HTTPServerBuilder.http1(
      configuration: HTTP1Channel.Configuration(
        additionalChannelHandlers: [RefusalHandler()],
        idleTimeout: TimeAmount.nanoseconds(options.idleTimeout.wholeNanoseconds),
        httpDecoderConfiguration: RefusalHandler.limits))
    builder = try options.encryption.map { try .tls(plain, tlsConfiguration: $0.configuration()) } ?? plain
    archive = try Archive(specification: source.specification())
    follower = try Follower(archive: archive, source: source, hub: hub)
    // Errors are answers here, none is thrown on to Hummingbird.
    registry = MetricsRegistry(
      label: ("run", source.name), help: RunMeters.help, ignored: ["hb.request.errors"])
    token = try options.token ?? Self.makeToken()
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
    do {
      try await serve(port: options.port, ready)
    } catch let error as IOError where error.errnoCode == EADDRINUSE && options.takesAnotherPort {
      try await serve(port: 0, ready)
    }
  }

  private func serve(
    port: Int, _ ready: @escaping @Sendable (_ url: String, _ port: Int) -> Void
  ) async throws {
    var logger = Logger(label: "pasha-page")
    logger.logLevel = .critical
    // The names under which the server is known hold its port, which the system may choose.
    let responder = LateResponder()
    let application = Application(
      responder: responder, server: builder,
      configuration: ApplicationConfiguration(
        address: .hostname(names.bindAddress, port: port),
        availableConnectionsDelegate: MaximumAvailableConnections(options.mostConnections, logger: logger)),
      onServerRunning: { [self] channel in
        guard let port = channel.localAddress?.port else { return }
        responder.set(makeResponder(port: port))
        ready(names.url(port: port), port)
      }, logger: logger)
    do {
      // What Hummingbird counts goes where the run's numbers are.
      try await withMetricsFactory(registry) { try await application.run() }
    } catch is CancellationError {
    } catch let error as IOError where error.errnoCode != EADDRINUSE || !options.takesAnotherPort || port == 0 {
      throw DashboardError("cannot listen at \(names.bindAddress), port \(port): \(error)")
    }
  }

  /// Ends the streams, each with a word that it is for good.
  public func finish() { hub.finish() }

  private func makeResponder(port: Int) -> Responder {
    Responder(
      door: Doorkeeper(
        hosts: names.hosts(port: port), scheme: names.scheme, token: token,
        guardsReading: options.guardsReading || !names.isLoopback),
      answers: Answers(
        archive: archive, source: source, follower: follower, hub: hub, meters: RunMeters(registry),
        takesCommands: options.takesCommands), registry: registry)
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
