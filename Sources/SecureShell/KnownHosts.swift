import CSSH2
import HostSystem

/// What known_hosts files say of host keys (the format is in sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT").
///
/// Hashed names, wildcards, negation, `[host]:port`, lists and `@revoked` count as with OpenSSH. Deviations: certificates
/// are not used (`@cert-authority` is noted), and a host that is known by another kind of key only is never called unknown,
/// since whoever stands between could offer just that kind.
public struct KnownHosts: Sendable {
  /// What is known of a host's key.
  public enum Verdict: Equatable, Sendable {
    case known
    case unknown
    /// Another key is known for the host.
    /// - Parameter place: `file:line`.
    case changed(place: String, type: String, fingerprint: String)
    case revoked(place: String)
  }

  struct Entry: Sendable {
    let place: String
    let isRevoked: Bool
    let names: HostPatterns
    let key: PublicKey
  }

  private(set) var entries: [Entry] = []
  /// Lines that could not be read, with their places.
  public private(set) var warnings: [String] = []

  /// A file that is larger is left out with a warning.
  private static let sizeLimit = 16 << 20
  private static let warningLimit = 20

  /// Reads files; those that do not exist are empty.
  public init(files: [String]) {
    for file in files {
      do throws(SystemError) {
        add(try Files.readText(file, limit: Self.sizeLimit), file: file)
      } catch {
        if error.code != .notFound, file != "/dev/null" { warn("known_hosts file left out: \(error.message)") }
      }
    }
  }

  public init(text: String, file: String) { add(text, file: file) }

  /// What to think of a key that a host showed.
  /// - Parameter host: the name it is looked up under, in any case of letters; an alias (HostKeyAlias) has port nil.
  public func verdict(host: String, port: Int?, key blob: [UInt8]) -> Verdict {
    let names = Self.names(host, port)
    let here = entries.filter { entry in names.contains { entry.names.match($0) } }
    if let entry = here.first(where: { $0.isRevoked && $0.key.blob == blob }) { return .revoked(place: entry.place) }
    // A key under the name without its port counts when it is the same, as with OpenSSH.
    let good = here.filter { !$0.isRevoked }
    if good.contains(where: { $0.key.blob == blob }) { return .known }
    let own = good.filter { $0.names.match(names[0]) }
    let type = PublicKey(blob)?.type
    guard let other = own.first(where: { $0.key.type == type }) ?? own.first else { return .unknown }
    return .changed(place: other.place, type: other.key.type, fingerprint: other.key.fingerprint)
  }

  /// Kinds of key that are known for a host, in the order of the files, without those that are revoked.
  public func keyTypes(host: String, port: Int?) -> [String] {
    let names = Self.names(host, port)
    for name in names {
      var types: [String] = []
      for entry in entries where !entry.isRevoked && entry.names.match(name) && !types.contains(entry.key.type) {
        types.append(entry.key.type)
      }
      if !types.isEmpty { return types }
    }
    return []
  }

  /// The names that a host is looked up under, its own first.
  private static func names(_ host: String, _ port: Int?) -> [String] {
    let name = host.lowercased()
    guard let port, port != 22 else { return [name] }
    return ["[\(name)]:\(port)", name]
  }

  /// The name that a host is written under.
  static func name(_ host: String, _ port: Int?) -> String { names(host, port)[0] }

  private mutating func add(_ text: String, file: String) {
    for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
      let place = "\(file):\(index + 1)"
      switch KnownHostsLine(line) {
      case .nothing: continue
      case .authority: warn("\(place): certificate authorities for host keys are not used")
      case .broken(let reason): warn("\(place): line left out: \(reason)")
      case .entry(let isRevoked, let names, let key):
        entries.append(Entry(place: place, isRevoked: isRevoked, names: names, key: key))
      }
    }
  }

  private mutating func warn(_ text: String) {
    if warnings.count < Self.warningLimit { warnings.append(text) }
  }
}
