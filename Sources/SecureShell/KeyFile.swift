import Glibc
import HostSystem

/// A file with a private key of the user's, as far as it can be read without its passphrase.
struct KeyFile {
  enum Form {
    /// OpenSSH's own format; the secret part is nil when it is encrypted.
    case openSSH(secret: [UInt8]?)
    case pem(isEncrypted: Bool)
    /// Only a public key: it stands for a key of the SSH agent.
    case publicOnly
  }

  let path: String
  let form: Form
  /// nil for PEM without a `.pub` file beside it.
  let key: PublicKey?
  let content: [UInt8]

  /// Why a file cannot be used.
  struct Unusable: Error {
    let isMissing: Bool
    let reason: String
  }

  private static let sizeLimit = 64 << 10

  init(_ path: String) throws(Unusable) {
    self.path = path
    do throws(SystemError) {
      guard let status = try Files.status(path, followingLinks: true) else {
        throw SystemError(.notFound, message: "\(path) does not exist")
      }
      content = try Files.read(path, limit: Self.sizeLimit)
      let text = String(decoding: content, as: UTF8.self)
      if let key = Self.publicKey(text) {
        form = .publicOnly
        self.key = key
        return
      }
      // As with OpenSSH: a key that others can read is no secret.
      if status.user == geteuid(), status.mode & 0o077 != 0 {
        throw SystemError(.denied, message: "others can read \(path): chmod 600 \(path)")
      }
      if text.contains("-----BEGIN OPENSSH PRIVATE KEY-----") {
        guard let (key, secret) = Self.openSSH(text) else {
          throw SystemError(.unsuitable, message: "\(path) is a broken private key")
        }
        self.key = key
        form = .openSSH(secret: secret)
      } else if text.contains("-----BEGIN"), text.contains("PRIVATE KEY-----") {
        form = .pem(isEncrypted: text.contains("ENCRYPTED"))
        key = (try? Files.readText(path + ".pub", limit: Self.sizeLimit)).flatMap { Self.publicKey($0) }
      } else {
        throw SystemError(.unsuitable, message: "\(path) is no private key that is known here")
      }
    } catch {
      throw Unusable(isMissing: error.code == .notFound, reason: error.message)
    }
  }

  /// The RSA key in an OpenSSH file that is not encrypted.
  var rsaKey: RSAKey? {
    guard case .openSSH(let secret?) = form else { return nil }
    var reader = SSHReader(secret)
    guard let check = reader.number(), reader.number() == check, reader.text() == "ssh-rsa",
      let modulus = reader.string(), let exponent = reader.string(), let secretExponent = reader.string()
    else { return nil }
    return RSAKey(modulus: modulus, exponent: exponent, secret: secretExponent)
  }

  /// A line of a `.pub` file: kind of key, key, comment.
  private static func publicKey(_ text: String) -> PublicKey? {
    let words = text.split(whereSeparator: \.isNewline).first?.split(separator: " ") ?? []
    guard words.count >= 2, let blob = Base64.decode(words[1]), let key = PublicKey(blob), key.type == words[0] else {
      return nil
    }
    return key
  }

  /// The format is in OpenSSH's PROTOCOL.key.
  private static func openSSH(_ text: String) -> (PublicKey, secret: [UInt8]?)? {
    let lines = text.split(whereSeparator: \.isNewline).map { $0.filter { !$0.isWhitespace } }
    guard let start = lines.firstIndex(where: { $0.hasPrefix("-----BEGIN") }) else { return nil }
    let body = lines[(start + 1)...].prefix { !$0.hasPrefix("-----END") }
    guard let bytes = Base64.decode(body.joined()) else { return nil }
    var reader = SSHReader(bytes)
    guard reader.skip(Array("openssh-key-v1\0".utf8)), let cipher = reader.text(), reader.string() != nil,
      reader.string() != nil, reader.number() == 1, let blob = reader.string(), let key = PublicKey(blob),
      let secret = reader.string()
    else { return nil }
    return (key, cipher == "none" ? secret : nil)
  }
}

/// Passphrases that opened a key, for as long as this process lives.
enum Passphrases {
  private static let known = Locked<[String: String]>([:])

  static func of(_ path: String) -> String? { known.withLock { $0[path] } }
  static func keep(_ passphrase: String, for path: String) { known.withLock { $0[path] = passphrase } }
  static func forget(_ path: String) { known.withLock { $0[path] = nil } }
}
