import CZeroMQ

/// A CURVE public key: who a peer is.
public struct CurvePublicKey: Hashable, Comparable, Sendable, CustomStringConvertible {
  /// The key in Z85, 40 characters. Each key has one text.
  public let text: String

  /// nil unless the text is a key in Z85.
  public init?(_ text: String) {
    guard Z85.decode(text.utf8)?.count == 32 else { return nil }
    self.text = text
  }

  /// nil unless there are 32 bytes.
  public init?(bytes: [UInt8]) {
    guard bytes.count == 32, let text = Z85.encode(bytes) else { return nil }
    self.text = text
  }

  /// The key's 32 bytes.
  public var bytes: [UInt8] { Z85.decode(text.utf8) ?? [] }

  public static func < (a: CurvePublicKey, b: CurvePublicKey) -> Bool { a.text < b.text }
  public var description: String { text }
}

/// A CURVE key pair. Descriptions, errors and mirrors show the public half alone.
public struct CurveKeyPair: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  public let publicKey: CurvePublicKey
  /// The secret half in Z85: for a file of mode 0600 or a pipe, never for arguments, the environment or a log.
  public let secretText: String

  /// A new pair from the system's random source.
  public static func generate() throws(MessagingError) -> CurveKeyPair {
    var publicText = [CChar](repeating: 0, count: 41)
    var secretText = [CChar](repeating: 0, count: 41)
    guard zmq_curve_keypair(&publicText, &secretText) == 0 else {
      throw .current("making a CURVE key pair")
    }
    guard let publicKey = CurvePublicKey(string(publicText)) else {
      throw MessagingError(code: .system, message: "libzmq made a key that cannot be one")
    }
    return CurveKeyPair(publicKey: publicKey, secretText: string(secretText))
  }

  /// The pair of a secret half that was kept.
  /// - Throws: `invalidArgument`; the text is not part of the message.
  public init(secretText: String) throws(MessagingError) {
    var publicText = [CChar](repeating: 0, count: 41)
    guard Z85.decode(secretText.utf8)?.count == 32, zmq_curve_public(&publicText, secretText) == 0,
      let publicKey = CurvePublicKey(Self.string(publicText))
    else {
      throw MessagingError(
        code: .invalidArgument, message: "not a CURVE secret key: 40 characters of Z85 are one")
    }
    self.publicKey = publicKey
    self.secretText = secretText
  }

  private init(publicKey: CurvePublicKey, secretText: String) {
    self.publicKey = publicKey
    self.secretText = secretText
  }

  private static func string(_ text: [CChar]) -> String {
    String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  public var description: String { "CurveKeyPair(\(publicKey))" }
  public var debugDescription: String { description }
  public var customMirror: Mirror { Mirror(self, children: ["publicKey": publicKey]) }
}
