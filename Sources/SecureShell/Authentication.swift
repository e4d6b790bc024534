import CSSH2
import HostSystem
import TuningModel

/// Logging in at a host whose key was checked: keys of the SSH agent and of files, in OpenSSH's order.
struct Authentication {
  let session: SSHSession
  let login: HostLogin
  let configuration: SSHConfiguration
  let secrets: any SecretSource
  let limit: Duration

  enum Outcome: Equatable {
    case accepted
    case refused
    /// Not tried at the host; the reason names the key.
    case unusable(String)
  }

  /// A passphrase was asked for, and the host did not wait.
  struct Overdue { let reason: String }

  /// Logs in. Throws when no key is accepted.
  func run() throws(SecureShellError) -> Overdue? {
    let methods = try offeredMethods()
    guard let methods else { return nil }
    guard methods.contains("publickey") else {
      throw SecureShellError(
        .authentication,
        "\(session.label): the host takes no keys from \(configuration.user), only \(methods.joined(separator: ", ")): "
          + "allow PubkeyAuthentication in its sshd_config")
    }
    let keys = UserKeys(login: login, configuration: configuration, limit: limit)
    var tried: [String] = []
    var problems = keys.problems
    for key in keys.candidates {
      let attempt = KeyAttempt(session: session, user: configuration.user, secrets: secrets, limit: limit)
      switch try attempt.run(key) {
      case .accepted: return nil
      case .refused: tried.append(key.label)
      case .unusable(let reason): problems.append(reason)
      }
      if let end = session.end {
        if attempt.hasAsked { return Overdue(reason: end) }
        throw gone(end, tried: tried + (tried.last == key.label ? [] : [key.label]))
      }
    }
    throw refusal(methods, tried: tried, problems: problems)
  }

  /// The methods that the host offers; nil when it lets everybody in.
  private func offeredMethods() throws(SecureShellError) -> [String]? {
    var methods: String?
    let user = configuration.user
    _ = try session.drive("logging in", until: HostClock.now + limit) {
      guard let text = libssh2_userauth_list(session.raw, user, UInt32(clamping: user.utf8.count)) else {
        return libssh2_session_last_errno(session.raw)
      }
      methods = String(cString: text)
      return 0
    }
    if let methods { return methods.split(separator: ",").map(String.init) }
    if libssh2_userauth_authenticated(session.raw) == 1 { return nil }
    throw SecureShellError(
      .broken, "\(session.label): the host ended the connection before logging in: \(session.end ?? session.lastError)")
  }

  private func gone(_ end: String, tried: [String]) -> SecureShellError {
    SecureShellError(
      tried.count > 1 ? .authentication : .broken,
      "\(session.label): \(end) while logging in as \(configuration.user)"
        + (tried.count > 1
          ? " after \(tried.count) keys: it allows few tries; name the right key by identity_file, or IdentityFile and "
            + "IdentitiesOnly in the SSH configuration (tried: \(Self.list(tried)))" : ""))
  }

  private func refusal(_ methods: [String], tried: [String], problems: [String]) -> SecureShellError {
    let place = "\(session.label): logging in as \(configuration.user)"
    let offers = "the host takes \(methods.joined(separator: ", "))"
    let reasons = problems.isEmpty ? "" : "; not used: \(problems.joined(separator: "; "))"
    if tried.isEmpty {
      let isIdentity = !problems.isEmpty
      return SecureShellError(
        isIdentity ? .identity : .authentication,
        "\(place): there is no key to try\(reasons): make one with ssh-keygen and put it there with `ssh-copy-id "
          + "\(login.host)`, or load one into the SSH agent (\(offers))")
    }
    return SecureShellError(
      .authentication,
      "\(place): the host accepts none of the keys (tried: \(Self.list(tried))\(reasons)): put a public key there with "
        + "`ssh-copy-id \(login.host)`, or see whether the user is right (\(offers))")
  }

  private static func list(_ keys: [String]) -> String {
    keys.count <= 8 ? keys.joined(separator: ", ") : keys.prefix(8).joined(separator: ", ") + ", …"
  }
}

/// The keys that may be tried, in order.
struct UserKeys {
  enum Holder {
    case agent(AgentClient, PublicKey)
    case file(KeyFile)
  }

  struct Candidate {
    let label: String
    let holder: Holder
  }

  private(set) var candidates: [Candidate] = []
  /// Why some are left out.
  private(set) var problems: [String] = []

  init(login: HostLogin, configuration: SSHConfiguration, limit: Duration) {
    var held: [AgentClient.Identity] = []
    var agent: AgentClient?
    if let path = configuration.identityAgent {
      let client = AgentClient(socketPath: path, limit: limit)
      agent = client
      do throws(SystemError) {
        held = try client.identities()
      } catch {
        problems.append(error.message)
      }
    }
    var files: [KeyFile] = []
    let named = login.identityFile.map { UserPaths.expandTilde($0) }
    for path in configuration.identityFiles where !files.contains(where: { $0.path == path }) {
      do throws(KeyFile.Unusable) {
        files.append(try KeyFile(path))
      } catch {
        // Files that are looked for by default need not be there.
        if !error.isMissing || path == named { problems.append(error.reason) }
      }
    }
    func add(_ identity: AgentClient.Identity) {
      guard let agent else { return }
      let label = "\(identity.comment) \(identity.key.fingerprint) of the SSH agent"
      candidates.append(Candidate(label: label, holder: .agent(agent, identity.key)))
    }
    for file in files {
      guard let index = held.firstIndex(where: { $0.key == file.key }) else { continue }
      add(held.remove(at: index))
    }
    if !configuration.identitiesOnly { held.forEach(add) }
    let agentKeys = candidates.compactMap { candidate -> PublicKey? in
      if case .agent(_, let key) = candidate.holder { key } else { nil }
    }
    for file in files where !agentKeys.contains(where: { $0 == file.key }) {
      if case .publicOnly = file.form {
        problems.append("\(file.path) is a public key, and the SSH agent does not hold the private one")
      } else {
        candidates.append(Candidate(label: file.path, holder: .file(file)))
      }
    }
  }
}
