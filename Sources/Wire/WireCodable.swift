import SwiftProtobuf

/// A value that goes over a socket or into a file of the farm as bytes.
public protocol WireCodable {
  /// The bytes that `init(decoding:)` takes.
  func encoded() -> [UInt8]

  /// Reads the bytes of one value and checks everything that a peer could get wrong. Never traps.
  init(decoding bytes: some Collection<UInt8>) throws(WireError)
}

extension SwiftProtobuf.Message {
  /// The message as bytes.
  package func wireBytes() -> [UInt8] {
    do {
      return try serializedBytes()
    } catch {
      // The encoder fails only for proto2's required fields and for messages of 2 GiB, which the limits rule out.
      preconditionFailure("\(Self.self) cannot be encoded: \(error)")
    }
  }

  /// Reads a message of at most `limit` bytes. Fields that this version does not know are left out.
  package init(wireBytes bytes: some Collection<UInt8>, limit: Int) throws(WireError) {
    guard bytes.count <= limit else {
      throw WireError(.tooLarge, "\(bytes.count) bytes, where at most \(limit) are allowed")
    }
    var options = BinaryDecodingOptions()
    options.messageDepthLimit = 16
    options.discardUnknownFields = true
    do {
      try self.init(serializedBytes: Array(bytes), options: options)
    } catch {
      throw WireError(.malformed, "the bytes are not a protobuf message of the expected kind: \(error)")
    }
  }
}
