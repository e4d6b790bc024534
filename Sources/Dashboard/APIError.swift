import HTTPTypes

/// Why a request gets no answer, as the API's file has it.
struct APIError: Error, Equatable {
  enum Code: String {
    case badRequest = "bad_request"
    case unauthorized
    case forbidden
    case notFound = "not_found"
    case methodNotAllowed = "method_not_allowed"
    case conflict
    case tooLarge = "too_large"
    case unsupportedMediaType = "unsupported_media_type"
    case misdirected
    case unavailable
  }

  var code: Code
  /// A sentence for people.
  var message: String
  /// For `methodNotAllowed`.
  var allow: String?

  init(_ code: Code, _ message: String, allow: String? = nil) {
    self.code = code
    self.message = message
    self.allow = allow
  }

  var status: HTTPResponse.Status {
    switch code {
    case .badRequest: .badRequest
    case .unauthorized: .unauthorized
    case .forbidden: .forbidden
    case .notFound: .notFound
    case .methodNotAllowed: .methodNotAllowed
    case .conflict: .conflict
    case .tooLarge: .contentTooLarge
    case .unsupportedMediaType: .unsupportedMediaType
    case .misdirected: .misdirectedRequest
    case .unavailable: .serviceUnavailable
    }
  }

  var json: [UInt8] {
    var writer = JSONWriter()
    writer.object { writer in
      writer.object("error") { writer in
        writer.member("code", code.rawValue)
        writer.member("message", message)
      }
    }
    return writer.bytes
  }
}
