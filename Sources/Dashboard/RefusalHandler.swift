import HTTPTypes
import HummingbirdCore
import NIOCore
import NIOHTTP1
import NIOHTTPTypes

/// Says what is wrong with bytes that are no request of HTTP/1.1, which never get as far as the responder. Hummingbird
/// answers them after the requests before them, with an empty 400, and ends the connection: here that answer gets a body.
final class RefusalHandler: ChannelDuplexHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPRequestPart
  typealias InboundOut = HTTPRequestPart
  typealias OutboundIn = HTTPResponsePart
  typealias OutboundOut = HTTPResponsePart

  static let limits = HTTP1Channel.Configuration.DecoderConfiguration(
    maxHeaderFieldSize: 16 << 10, maxHeaderListSize: 32 << 10, maxHeaderFieldCount: 100)

  /// Why what came is no request; nil while all of it was.
  private var error: HTTPParserError?

  static func reason(_ error: HTTPParserError) -> String {
    switch error {
    case .headerOverflow:
      "the address and each header field have at most \(limits.maxHeaderFieldSize >> 10) KiB, together "
        + "\(limits.maxHeaderListSize >> 10) KiB, and there are at most \(limits.maxHeaderFieldCount) fields"
    case .invalidURL, .invalidPath, .invalidQueryString:
      "the address holds a character that must be percent-encoded"
    case .invalidMethod: "the method is none of HTTP's"
    case .invalidVersion: "the version is not one of HTTP/1.0 and HTTP/1.1"
    case .invalidHeaderToken: "a header field holds a character that it must not hold"
    case .invalidContentLength, .unexpectedContentLength: "the content length is no number, or there are two"
    case .invalidChunkSize: "a chunk's size is no hexadecimal number"
    default: "this is no request of HTTP/1.1: \(error.debugDescription)"
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    if let error = error as? HTTPParserError { self.error = self.error ?? error }
    context.fireErrorCaught(error)
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    // The responder's own answers of this status have a body.
    guard let error, case .head(var head) = unwrapOutboundIn(data), head.status == .badRequest,
      head.headerFields[.contentLength] == "0"
    else { return context.write(data, promise: promise) }
    let body = APIError(.badRequest, Self.reason(error)).json
    for (name, value) in Responder.headers { head.headerFields[name] = value }
    head.headerFields[.contentType] = "application/json"
    head.headerFields[.contentLength] = String(body.count)
    context.write(wrapOutboundOut(.head(head)), promise: promise)
    context.write(wrapOutboundOut(.body(ByteBuffer(bytes: body))), promise: nil)
  }
}
