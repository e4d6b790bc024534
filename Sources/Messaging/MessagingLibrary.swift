import CZeroMQ

/// What libzmq is on this machine.
public enum MessagingLibrary {
  /// `4.3.4`.
  public static var version: String {
    var (major, minor, patch): (CInt, CInt, CInt) = (0, 0, 0)
    zmq_version(&major, &minor, &patch)
    return "\(major).\(minor).\(patch)"
  }

  /// Whether it was built with CURVE, without which no connection is made.
  public static var hasCurve: Bool { zmq_has("curve") == 1 }
}
