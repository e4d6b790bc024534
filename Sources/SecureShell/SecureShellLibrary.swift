import CSSH2

/// What libssh2 is on this machine.
public enum SecureShellLibrary {
  /// `1.10.0`.
  public static var version: String { libssh2_version(0).map { String(cString: $0) } ?? "?" }
}
