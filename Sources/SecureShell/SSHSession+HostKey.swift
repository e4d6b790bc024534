import CSSH2
import HostSystem
import TuningModel

extension SSHSession {
  /// Kinds of host key that libssh2 1.10 can check safely: its RSA signs SHA-1.
  static let hostKeyTypes = ["ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521"]

  /// The connection ended before the host had said who it is: a full host does that (MaxStartups).
  struct EndedEarly { let reason: String }

  /// Agrees on keys with the host. Nothing is known of who it is yet.
  /// - Parameter known: kinds of key that are known for it, which are asked for first.
  func handshake(preferring known: [String], limit: Duration) throws(SecureShellError) -> EndedEarly? {
    let ordered = known.filter { Self.hostKeyTypes.contains($0) } + Self.hostKeyTypes.filter { !known.contains($0) }
    libssh2_session_method_pref(raw, LIBSSH2_METHOD_HOSTKEY, ordered.joined(separator: ","))
    let result = try drive("the handshake", until: HostClock.now + limit) {
      libssh2_session_handshake(raw, transport.socket.number)
    }
    switch result {
    case 0: return nil
    case _ where end != nil, LIBSSH2_ERROR_SOCKET_RECV, LIBSSH2_ERROR_SOCKET_DISCONNECT:
      return EndedEarly(reason: end ?? lastError)
    case LIBSSH2_ERROR_BANNER_RECV:
      throw SecureShellError(.handshake, "\(label): what answers there does not speak SSH; is the port right?")
    case LIBSSH2_ERROR_KEX_FAILURE:
      throw SecureShellError(
        .handshake,
        "\(label): the host and libssh2 have no algorithm in common; that is so with a host that has an RSA host key "
          + "alone: set ssh_client: openssh for it, or let its administrator make an ed25519 key (ssh-keygen -A)")
    default:
      throw SecureShellError(
        .handshake, "\(label): the handshake failed: \(lastError); ssh_client: openssh may get further")
    }
  }

  /// The key that the host proved to have.
  func hostKey() throws(SecureShellError) -> PublicKey {
    var count = 0
    var type: Int32 = 0
    guard let bytes = libssh2_session_hostkey(raw, &count, &type), count > 0,
      let key = PublicKey(Array(UnsafeRawBufferPointer(start: bytes, count: count)))
    else { throw SecureShellError(.handshake, "\(label): the host showed no key") }
    return key
  }
}

/// Whether a host is the one that it should be.
struct HostKeyCheck {
  let label: String
  let login: HostLogin
  let configuration: SSHConfiguration
  let settings: ShellSettings
  let known: KnownHosts
  private let files: [String]

  init(login: HostLogin, configuration: SSHConfiguration, settings: ShellSettings) {
    label = login.host
    self.login = login
    self.configuration = configuration
    self.settings = settings
    files = configuration.knownHostsFiles + [settings.ownKnownHosts].compactMap { $0 }
    known = KnownHosts(files: files)
  }

  /// Kinds of key to ask for first.
  var keyTypes: [String] {
    known.keyTypes(host: configuration.keyName.host, port: configuration.keyName.port)
  }

  /// Throws unless the key is known, or may be taken as new and has been noted.
  func check(_ key: PublicKey) throws(SecureShellError) {
    let (host, port) = configuration.keyName
    switch known.verdict(host: host, port: port, key: key.blob) {
    case .known: return
    case .unknown where settings.hostKeys == .acceptNew: try acceptNew(key)
    case let verdict: throw refusal(verdict, key)
    }
  }

  private func acceptNew(_ key: PublicKey) throws(SecureShellError) {
    guard let file = settings.ownKnownHosts else {
      throw SecureShellError(.configuration, "\(label): host_keys: accept-new needs a known_hosts file of pasha's own")
    }
    let (host, port) = configuration.keyName
    let verdict: KnownHosts.Verdict
    do throws(SystemError) {
      verdict = try KnownHosts.add(to: file, host: host, port: port, key: key.blob)
    } catch {
      throw SecureShellError(.system, "\(label): cannot note the host's key: \(error.message)")
    }
    if verdict != .known { throw refusal(verdict, key) }
  }

  private func refusal(_ verdict: KnownHosts.Verdict, _ key: PublicKey) -> SecureShellError {
    let name = KnownHosts.name(configuration.keyName.host, configuration.keyName.port)
    let shown = "\(key.fingerprint) (\(key.type))"
    switch verdict {
    case .changed(let place, let type, let fingerprint) where type == key.type:
      let file = place.split(separator: ":").dropLast().joined(separator: ":")
      return SecureShellError(
        .hostKeyChanged,
        "\(label): the host shows the key \(shown), but \(place) knows it by \(fingerprint): somebody may stand between, "
          + "or the host was installed anew; if so: ssh-keygen -f \(file) -R '\(name)'")
    case .changed(let place, let type, let fingerprint):
      return SecureShellError(
        .hostKeyChanged,
        "\(label): the host shows the key \(shown), and is known by another kind of key alone (\(type) \(fingerprint), "
          + "\(place)): compare with `ssh-keyscan -t \(key.shortType) \(scanWords)` and add that line to the file"
          + (type == "ssh-rsa" ? ", or set ssh_client: openssh, which can check RSA keys" : ""))
    case .revoked(let place):
      return SecureShellError(
        .hostKeyRevoked,
        "\(label): the host shows the key \(shown), which \(place) marks as revoked: the host needs a new key")
    case .unknown, .known:
      return SecureShellError(
        .hostKeyUnknown,
        "\(label): the host's key \(shown) is in no known_hosts file under the name \(name) (read: "
          + "\(files.joined(separator: ", "))): log in once by hand with `ssh \(sshWords)` and compare the fingerprint, "
          + "or add what `ssh-keyscan \(scanWords)` prints, or set host_keys: accept-new")
    }
  }

  private var scanWords: String {
    (configuration.port == 22 ? "" : "-p \(configuration.port) ") + configuration.hostName
  }

  private var sshWords: String {
    [
      settings.configurationFile.map { "-F \($0)" }, login.port.map { "-p \($0)" },
      login.user.map { "\($0)@\(login.host)" } ?? login.host,
    ].compactMap { $0 }.joined(separator: " ")
  }
}

extension PublicKey {
  /// As `ssh-keyscan -t` names the kind.
  var shortType: String {
    type.hasPrefix("ecdsa") ? "ecdsa" : type.hasPrefix("ssh-") ? String(type.dropFirst(4)) : type
  }
}
