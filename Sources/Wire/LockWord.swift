/// How a plan names a lock file: one of the agent's own by its path alone, one that all users of the host share with
/// `host:` before it, to be held with others with `shared:`.
public enum LockWord: Equatable, Sendable {
  case own(String)
  case host(String)
  case shared(String)

  private static let hostMark = "host:"
  private static let sharedMark = "shared:"

  public init(_ word: String) {
    if word.hasPrefix(Self.hostMark) {
      self = .host(String(word.dropFirst(Self.hostMark.count)))
    } else if word.hasPrefix(Self.sharedMark) {
      self = .shared(String(word.dropFirst(Self.sharedMark.count)))
    } else {
      self = .own(word)
    }
  }

  public var path: String {
    switch self {
    case .own(let path), .host(let path), .shared(let path): path
    }
  }

  public var word: String {
    switch self {
    case .own(let path): path
    case .host(let path): Self.hostMark + path
    case .shared(let path): Self.sharedMark + path
    }
  }
}
