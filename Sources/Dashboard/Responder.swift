import HTTPTypes
import Hummingbird
import Metrics
import NIOCore
import NIOHTTP1
import TuningModel

/// Where a request goes: who may ask first, then what is asked for, then its parameters. Everything is looked up in tables.
struct Responder: HTTPResponder {
  typealias Context = PageContext

  let door: Doorkeeper
  let answers: Answers
  private let answered: [Counter]
  private let metrics = MetricsMiddleware<PageContext>()

  init(door: Doorkeeper, answers: Answers, registry: MetricsRegistry) {
    self.door = door
    self.answers = answers
    answered = (0...5).map { digit in
      Counter(label: "pasha_page_requests", dimensions: [("class", "\(digit)xx")], factory: registry)
    }
  }

  static let bodyLimit = 64 << 10
  static let pathLimit = 8 << 10

  func respond(to request: Request, context: PageContext) async throws -> Response {
    // Hummingbird keeps a metric for each method: of those that nobody answers there are as many as one cares to send.
    guard [.get, .head, .post, .options].contains(request.method) else { return await respond(request, context) }
    return try await metrics.handle(request, context: context) { await respond($0, $1) }
  }

  private func respond(_ request: Request, _ context: PageContext) async -> Response {
    var response: Response
    do {
      response = try await answer(request, context)
    } catch let error as APIError {
      response = failure(error)
      if error.code == .tooLarge { response = closing(response, context) }
    } catch {
      response = failure(APIError(.unavailable, "it cannot be told: \(error)"))
    }
    answered[max(0, min(5, response.status.code / 100))].increment()
    for (name, value) in Self.headers where response.headers[name] == nil { response.headers[name] = value }
    return request.method == .head ? response.createHeadResponse() : response
  }

  /// What every answer has. Nothing of another place is loaded, and no other page may show this one.
  static let headers: [(HTTPField.Name, String)] = [
    (
      .contentSecurityPolicy,
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        + "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    (.xContentTypeOptions, "nosniff"), (.referrerPolicy, "no-referrer"), (.crossOriginResourcePolicy, "same-origin"),
    (.crossOriginOpenerPolicy, "same-origin"), (.xFrameOptions, "DENY"), (.cacheControl, "no-store"),
  ]

  private func failure(_ error: APIError) -> Response {
    var headers: HTTPFields = [.contentType: "application/json"]
    if error.code == .unauthorized { headers[.wwwAuthenticate] = "Bearer" }
    if error.code == .unavailable { headers[.retryAfter] = "2" }
    if let allow = error.allow { headers[.allow] = allow }
    let body = ResponseBody(byteBuffer: ByteBuffer(bytes: error.json))
    return Response(status: error.status, headers: headers, body: body)
  }

  /// What is left of a request that is too large is not read: the connection ends with the answer.
  private func closing(_ response: Response, _ context: PageContext) -> Response {
    let channel = context.channel
    let body = response.body
    var response = response
    response.headers[.connection] = "close"
    response.body = ResponseBody(contentLength: body.contentLength) { writer in
      try await body.write(writer)
      channel.close(promise: nil)
    }
    return response
  }

  // MARK: The way in

  private func answer(_ request: Request, _ context: PageContext) async throws -> Response {
    try door.checkHost(request)
    try door.checkOrigin(request)
    let target = request.head.path ?? ""
    guard target.utf8.count <= Self.pathLimit else {
      throw APIError(.badRequest, "the address has at most \(Self.pathLimit >> 10) KiB")
    }
    guard target.hasPrefix("/"), !target.utf8.contains(UInt8(ascii: "#")) else {
      throw APIError(.badRequest, "the request names no path")
    }
    let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    let path = String(parts[0])
    if let length = request.headers[.contentLength] {
      guard let length = Int(length), length <= Self.bodyLimit else {
        throw APIError(.tooLarge, "a request has at most \(Self.bodyLimit >> 10) KiB")
      }
    }
    let query = parts.count > 1 ? parts[1] : ""
    if let file = PageFiles.file(at: path) {
      context.coreContext.endpointPath.value = "files of the page"
      try allow([.get, .head], request)
      return file.response(to: request)
    }
    guard let route = Route(path) else { throw APIError(.notFound, "there is nothing at this path") }
    context.coreContext.endpointPath.value = route.template
    try allow(route == .commands ? [.post] : [.get, .head], request)
    if route == .commands || door.guardsReading && ![.health, .access].contains(route) {
      try door.checkToken(request)
    }
    var parameters = try QueryReader(query)
    if route == .access {
      try parameters.finish()
      return Answers.access(door, request)
    }
    if route == .commands {
      try parameters.finish()
      return try await answers.command(body(of: request))
    }
    if route == .stream {
      try parameters.finish()
      return try answers.stream(request, context)
    }
    return try await answers.answer(route, &parameters)
  }

  private func allow(_ methods: [HTTPRequest.Method], _ request: Request) throws(APIError) {
    guard !methods.contains(request.method) else { return }
    let names = methods.map(\.rawValue).joined(separator: ", ")
    throw APIError(.methodNotAllowed, "this path takes \(names)", allow: names)
  }

  private func body(of request: Request) async throws -> [UInt8] {
    let type = request.headers[.contentType]?.lowercased().split(separator: ";").first.map {
      $0.filter { $0 != " " }
    }
    guard type == "application/json" else {
      throw APIError(.unsupportedMediaType, "a command is of the type application/json")
    }
    do {
      let buffer = try await request.body.collect(upTo: Self.bodyLimit)
      return Array(buffer.readableBytesView)
    } catch is NIOTooManyBytesError {
      throw APIError(.tooLarge, "a request has at most \(Self.bodyLimit >> 10) KiB")
    } catch let error as HTTPParserError {
      throw APIError(.badRequest, RefusalHandler.reason(error))
    }
  }
}

/// What there is to be had.
enum Route: Equatable {
  case run, best, curves, ladder, configurations, importance, timeline, trials, hosts, events, stream, commands
  case health, metrics, access
  case trial(Int)
  case curve(Int)
  case log(Int)
  case explanation(Int)

  private static let fixed: [String: Route] = [
    "/api/v1/run": .run, "/api/v1/best": .best, "/api/v1/curves": .curves, "/api/v1/ladder": .ladder,
    "/api/v1/configurations": .configurations, "/api/v1/importance": .importance, "/api/v1/timeline": .timeline,
    "/api/v1/trials": .trials, "/api/v1/hosts": .hosts, "/api/v1/events": .events, "/api/v1/stream": .stream,
    "/api/v1/commands": .commands, "/api/v1/access": .access, "/healthz": .health, "/metrics": .metrics,
  ]

  /// Its path, without the trial's number.
  var template: String {
    switch self {
    case .trial: "/api/v1/trials/{trial}"
    case .curve: "/api/v1/trials/{trial}/curve"
    case .log: "/api/v1/trials/{trial}/log"
    case .explanation: "/api/v1/trials/{trial}/explanation"
    default: Self.fixed.first { $0.value == self }?.key ?? ""
    }
  }

  init?(_ path: String) {
    if let route = Self.fixed[path] {
      self = route
      return
    }
    let parts = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
    guard parts.starts(with: ["api", "v1", "trials"]), (4...5).contains(parts.count) else { return nil }
    let id = parts[parts.startIndex + 3]
    guard id.utf8.count <= 10, id.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let trial = Int(id),
      trial <= Int(Int32.max)
    else { return nil }
    switch parts.count == 5 ? parts.last : nil {
    case nil: self = .trial(trial)
    case "curve"?: self = .curve(trial)
    case "log"?: self = .log(trial)
    case "explanation"?: self = .explanation(trial)
    default: return nil
    }
  }
}

/// A request's own: its connection.
struct PageContext: RequestContext {
  var coreContext: CoreRequestContextStorage
  let channel: any Channel

  init(source: ApplicationRequestContextSource) {
    coreContext = CoreRequestContextStorage(source: source)
    channel = source.channel
  }
}

extension HTTPField.Name {
  static let referrerPolicy = HTTPField.Name("Referrer-Policy")!
  static let xFrameOptions = HTTPField.Name("X-Frame-Options")!
  static let crossOriginOpenerPolicy = HTTPField.Name("Cross-Origin-Opener-Policy")!
  static let lastEventID = HTTPField.Name("Last-Event-ID")!
}
