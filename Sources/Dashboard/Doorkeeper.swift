import HTTPTypes
import Hummingbird

/// Who may ask: the name under which the server was reached, the page that sent the request, and the token.
struct Doorkeeper: Sendable {
  /// `127.0.0.1:8700` and its like: a browser that was led here by another name (DNS rebinding) is turned away.
  let hosts: Set<String>
  private let origins: Set<String>
  private let token: [UInt8]
  /// Whether reading needs the token as well.
  let guardsReading: Bool

  init(hosts: Set<String>, scheme: String, token: String, guardsReading: Bool) {
    self.hosts = hosts
    origins = Set(hosts.map { "\(scheme)://\($0)" })
    self.token = Array(token.utf8)
    self.guardsReading = guardsReading
  }

  func checkHost(_ request: Request) throws(APIError) {
    guard request.headers[values: .host].isEmpty else {
      throw APIError(.badRequest, "the request names its host twice")
    }
    guard let host = request.head.authority?.lowercased(), hosts.contains(host) else {
      throw APIError(.misdirected, "this server is not that host; use \(hosts.min() ?? "")")
    }
  }

  /// A browser names the origin wherever another one could be meant; programs need not.
  func checkOrigin(_ request: Request) throws(APIError) {
    for origin in request.headers[values: .origin] where !origins.contains(origin.lowercased()) {
      throw APIError(.forbidden, "requests of other pages are not answered")
    }
  }

  enum Pass: String {
    case missing, wrong, right
  }

  /// The token that a request brings.
  func pass(_ request: Request) -> Pass {
    let given = request.headers[values: .authorization]
    guard given.count == 1, let header = given.first, header.prefix(7).lowercased() == "bearer " else {
      return .missing
    }
    return isToken(Array(header.dropFirst(7).utf8)) ? .right : .wrong
  }

  func checkToken(_ request: Request) throws(APIError) {
    switch pass(request) {
    case .right: return
    case .missing: throw APIError(.unauthorized, "this needs the token of the run's file page.token")
    case .wrong: throw APIError(.unauthorized, "the token is wrong; the right one is in the run's file page.token")
    }
  }

  /// Takes as long whatever part of it is right.
  private func isToken(_ given: [UInt8]) -> Bool {
    var difference = UInt8(given.count == token.count ? 0 : 1)
    for index in token.indices { difference |= token[index] ^ (index < given.count ? given[index] : 0) }
    return difference == 0
  }
}

extension HTTPField.Name {
  static let host = HTTPField.Name("Host")!
}
