import CSSH2
import Glibc

/// How libssh2 hands over what belongs to a session.
private typealias Abstract = UnsafeMutablePointer<UnsafeMutableRawPointer?>

private typealias SendCallback = @convention(c) (Int32, UnsafeRawPointer?, Int, Int32, Abstract?) -> Int
private typealias ReceiveCallback = @convention(c) (Int32, UnsafeMutableRawPointer?, Int, Int32, Abstract?) -> Int
private typealias DisconnectCallback =
  @convention(c) (
    OpaquePointer?, Int32, UnsafePointer<CChar>?, Int32, UnsafePointer<CChar>?, Int32, Abstract?
  ) -> Void

extension Transport {
  private static let library = libssh2_init(0)

  /// Makes a libssh2 session that goes through this transport, which must outlive it. nil when there is no memory.
  func makeSession() -> OpaquePointer? {
    _ = Self.library
    let session = libssh2_session_init_ex(nil, nil, nil, Unmanaged.passUnretained(self).toOpaque())
    guard let session else { return nil }
    let send: SendCallback = { _, bytes, count, _, abstract in
      guard let transport = Transport.of(abstract), let bytes else { return Int(-EBADF) }
      return transport.take(UnsafeRawBufferPointer(start: bytes, count: count))
    }
    let receive: ReceiveCallback = { _, buffer, size, _, abstract in
      guard let transport = Transport.of(abstract), let buffer else { return Int(-EBADF) }
      return transport.give(buffer, size)
    }
    let disconnect: DisconnectCallback = { _, _, text, count, _, _, abstract in
      let bytes = UnsafeBufferPointer(start: text, count: text == nil ? 0 : Int(max(0, min(count, 200))))
      let words = bytes.filter { $0 >= 32 && $0 < 127 }.map { UInt8(bitPattern: $0) }
      Transport.of(abstract)?.end(String(decoding: words, as: UTF8.self))
    }
    for (kind, function) in [
      (LIBSSH2_CALLBACK_SEND, unsafeBitCast(send, to: UnsafeMutableRawPointer.self)),
      (LIBSSH2_CALLBACK_RECV, unsafeBitCast(receive, to: UnsafeMutableRawPointer.self)),
      (LIBSSH2_CALLBACK_DISCONNECT, unsafeBitCast(disconnect, to: UnsafeMutableRawPointer.self)),
    ] { libssh2_session_callback_set(session, kind, function) }
    libssh2_session_set_blocking(session, 0)
    return session
  }

  private static func of(_ abstract: Abstract?) -> Transport? {
    abstract?.pointee.map { Unmanaged<Transport>.fromOpaque($0).takeUnretainedValue() }
  }
}
