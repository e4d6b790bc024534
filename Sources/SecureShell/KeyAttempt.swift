import CSSH2
import Glibc
import HostSystem
import TuningModel

/// One try to log in with one key.
final class KeyAttempt {
  private let session: SSHSession
  private let user: String
  private let secrets: any SecretSource
  private let limit: Duration
  /// Whether the user was asked for a passphrase, which may have taken long.
  private(set) var hasAsked = false

  private static let passphraseTries = 3

  init(session: SSHSession, user: String, secrets: any SecretSource, limit: Duration) {
    self.session = session
    self.user = user
    self.secrets = secrets
    self.limit = limit
  }

  func run(_ candidate: UserKeys.Candidate) throws(SecureShellError) -> Authentication.Outcome {
    switch candidate.holder {
    case .agent(let agent, let key): try run(agent, key, label: candidate.label)
    case .file(let file): try run(file)
    }
  }

  private func run(
    _ agent: AgentClient, _ key: PublicKey, label: String
  ) throws(SecureShellError) -> Authentication.Outcome {
    guard Self.isUsable(key.type) else { return .unusable("\(label): \(Self.kindProblem(key.type))") }
    let isRSA = key.type == "ssh-rsa"
    let blob = isRSA ? Self.relabelled(key) : key.blob
    guard let blob else { return .unusable("\(label): the key is broken") }
    return try offer(blob) { data throws(SystemError) in try agent.sign(data, with: key, flags: isRSA ? 4 : 0) }
  }

  private func run(_ file: KeyFile) throws(SecureShellError) -> Authentication.Outcome {
    let isRSA = file.key?.type == "ssh-rsa"
    if let key = file.key, !Self.isUsable(key.type) {
      return .unusable("\(file.path): \(Self.kindProblem(key.type))")
    }
    switch file.form {
    case .publicOnly: return .unusable("\(file.path) is a public key")
    case .openSSH(secret: nil) where isRSA:
      return .unusable(
        "\(file.path): libssh2 cannot decrypt RSA keys in OpenSSH's format: load it into the SSH agent with "
          + "`ssh-add \(file.path)`, or set ssh_client: openssh")
    case .openSSH(secret: nil):
      guard try isWelcome(file.key) else { return .refused }
      return try asking(file) { (passphrase) throws(SecureShellError) in
        try self.fromFile(file, passphrase: passphrase)
      }
    case .openSSH where isRSA:
      guard let key = file.rsaKey else { return .unusable("\(file.path) is a broken private key") }
      return try offer(key)
    case .openSSH: return try fromFile(file, passphrase: nil) ?? .unusable("\(file.path) is a broken private key")
    case .pem(isEncrypted: false):
      return try fromPEM(file, passphrase: "") ?? .unusable("\(file.path) is a broken private key")
    case .pem(isEncrypted: true):
      guard try isWelcome(file.key) else { return .refused }
      return try asking(file) { (passphrase) throws(SecureShellError) in
        try self.fromPEM(file, passphrase: passphrase)
      }
    }
  }

  /// Asks for the passphrase until the key opens; `body` gives nil when it does not.
  private func asking(
    _ file: KeyFile, _ body: (String) throws(SecureShellError) -> Authentication.Outcome?
  ) throws(SecureShellError) -> Authentication.Outcome {
    if let kept = Passphrases.of(file.path) {
      if let outcome = try body(kept) { return outcome }
      Passphrases.forget(file.path)
    }
    for attempt in 0..<Self.passphraseTries {
      hasAsked = true
      guard let passphrase = secrets.passphrase(of: file.path, isRetry: attempt > 0) else {
        return .unusable("\(file.path) has a passphrase, and none was given: load it with `ssh-add \(file.path)`")
      }
      if let outcome = try body(passphrase) {
        Passphrases.keep(passphrase, for: file.path)
        return outcome
      }
      if session.end != nil { return .unusable("\(file.path): the host did not wait for the passphrase") }
    }
    throw SecureShellError(
      .identity,
      "\(session.label): the passphrase of \(file.path) was wrong \(Self.passphraseTries) times; or the file is broken: "
        + "`ssh-keygen -y -f \(file.path)` tells")
  }

  /// Lets libssh2 read the file; nil when the passphrase does not open it.
  private func fromFile(
    _ file: KeyFile, passphrase: String?
  ) throws(SecureShellError) -> Authentication.Outcome? {
    let result = try session.drive("logging in", until: HostClock.now + limit) {
      libssh2_userauth_publickey_fromfile_ex(
        session.raw, user, UInt32(clamping: user.utf8.count), nil, file.path, passphrase ?? "")
    }
    switch result {
    case 0: return .accepted
    case LIBSSH2_ERROR_FILE: return nil
    default: return .refused
    }
  }

  private func fromPEM(
    _ file: KeyFile, passphrase: String
  ) throws(SecureShellError) -> Authentication.Outcome? {
    switch RSAKey.read(pem: file.content, passphrase: passphrase) {
    case .rsa(let key): try offer(key)
    case .other: try fromFile(file, passphrase: passphrase)
    case .unreadable: nil
    }
  }

  private func offer(_ key: RSAKey) throws(SecureShellError) -> Authentication.Outcome {
    guard let blob = key.blob(named: Self.rsaSignature) else { return .unusable("the RSA key is broken") }
    return try offer(blob) { data throws(SystemError) in
      guard let signature = key.signature(of: data) else {
        throw SystemError(.other, message: "the RSA key does not sign")
      }
      return signature
    }
  }

  /// Whether the host would take the key: asked before the user is asked for its passphrase.
  private func isWelcome(_ key: PublicKey?) throws(SecureShellError) -> Bool {
    guard let key else { return true }
    let blob = key.type == "ssh-rsa" ? Self.relabelled(key) : key.blob
    guard let blob else { return false }
    let signing = Signing { _ throws(SystemError) in throw SystemError(.other, message: "only asked") }
    _ = try authenticate(blob, signing)
    return signing.wasAsked
  }

  private func offer(
    _ blob: [UInt8], _ sign: @escaping ([UInt8]) throws(SystemError) -> [UInt8]
  ) throws(SecureShellError) -> Authentication.Outcome {
    let signing = Signing(sign)
    if try authenticate(blob, signing) == 0 { return .accepted }
    return signing.failure.map { .unusable($0) } ?? .refused
  }

  private func authenticate(_ blob: [UInt8], _ signing: Signing) throws(SecureShellError) -> Int32 {
    var context: UnsafeMutableRawPointer? = Unmanaged.passUnretained(signing).toOpaque()
    let result = try withUnsafeMutablePointer(to: &context) { (pointer) throws(SecureShellError) in
      try session.drive("logging in", until: HostClock.now + limit) {
        libssh2_userauth_publickey(session.raw, user, blob, blob.count, Signing.callback, pointer)
      }
    }
    withExtendedLifetime(signing) {}
    return result
  }

  private static let rsaSignature = "rsa-sha2-512"

  private static func relabelled(_ key: PublicKey) -> [UInt8]? {
    var reader = SSHReader(key.blob)
    guard reader.string() != nil, let exponent = reader.string(), let modulus = reader.string() else { return nil }
    var writer = SSHWriter()
    writer.string(rsaSignature)
    writer.mpint(exponent)
    writer.mpint(modulus)
    return writer.bytes
  }

  private static func isUsable(_ type: String) -> Bool { SSHSession.hostKeyTypes.contains(type) || type == "ssh-rsa" }

  private static func kindProblem(_ type: String) -> String {
    if type.hasPrefix("sk-") { return "keys in hardware (\(type)) need ssh_client: openssh" }
    if type.contains("-cert-") { return "certificates (\(type)) need ssh_client: openssh" }
    return "keys of kind \(type) are not used"
  }
}

/// What libssh2 calls to have something signed.
private final class Signing {
  private let sign: ([UInt8]) throws(SystemError) -> [UInt8]
  /// Whether the host wants the signature: it would take the key.
  private(set) var wasAsked = false
  private(set) var failure: String?

  init(_ sign: @escaping ([UInt8]) throws(SystemError) -> [UInt8]) { self.sign = sign }

  typealias Callback =
    @convention(c) (
      OpaquePointer?, UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>?, UnsafeMutablePointer<Int>?,
      UnsafePointer<UInt8>?, Int, UnsafeMutablePointer<UnsafeMutableRawPointer?>?
    ) -> Int32

  static let callback: Callback = { _, signature, signatureCount, data, count, context in
    guard let signature, let signatureCount, let data, let object = context?.pointee else { return -1 }
    let signing = Unmanaged<Signing>.fromOpaque(object).takeUnretainedValue()
    signing.wasAsked = true
    do throws(SystemError) {
      let bytes = try signing.sign(Array(UnsafeBufferPointer(start: data, count: count)))
      // libssh2 frees it.
      guard !bytes.isEmpty, let memory = malloc(bytes.count) else { return -1 }
      memory.copyMemory(from: bytes, byteCount: bytes.count)
      signature.pointee = memory.assumingMemoryBound(to: UInt8.self)
      signatureCount.pointee = bytes.count
      return 0
    } catch {
      signing.failure = error.message
      return -1
    }
  }
}
