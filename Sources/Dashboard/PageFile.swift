import HTTPTypes
import Hummingbird
import NIOCore

/// A file of the page, which is part of the program.
struct PageFile: Sendable {
  let type: String
  /// A name of its content.
  let tag: String
  let bytes: [UInt8]

  init(type: String, tag: String, text: StaticString) {
    self.type = type
    self.tag = tag
    bytes = text.withUTF8Buffer { Array($0) }
  }

  func response(to request: Request) -> Response {
    let quoted = "\"\(tag)\""
    var headers: HTTPFields = [.contentType: type, .eTag: quoted, .cacheControl: "no-cache"]
    if request.headers[.ifNoneMatch] == quoted { return Response(status: .notModified, headers: headers) }
    headers[.contentLength] = String(bytes.count)
    return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
  }
}

extension PageFiles {
  /// A fixed table: no path leads anywhere else.
  static func file(at path: String) -> PageFile? { all[path == "/" ? "/index.html" : path] }
}
