import HostSystem

/// What an admitted key may be.
public enum Admission: String, Sendable, CaseIterable {
  /// A member of the farm.
  case agent
  /// The key of a one-time token: it may ask to join and nothing else.
  case join
}

/// The keys that may connect, shared by the authenticator's thread and those that change the list.
public final class AdmissionList: Sendable {
  private let keys: Locked<[CurvePublicKey: Admission]>

  public init(_ keys: [CurvePublicKey: Admission] = [:]) { self.keys = Locked(keys) }

  /// Admits a key from the next handshake on; a key that was admitted otherwise changes its kind.
  public func admit(_ key: CurvePublicKey, as admission: Admission) {
    keys.withLock { $0[key] = admission }
  }

  /// Takes a key off the list. Its connections stay open, but what they send is dropped.
  public func remove(_ key: CurvePublicKey) {
    keys.withLock { _ = $0.removeValue(forKey: key) }
  }

  public func admission(of key: CurvePublicKey) -> Admission? {
    keys.withLock { $0[key] }
  }

  public var count: Int { keys.withLock { $0.count } }
}
