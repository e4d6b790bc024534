/// The version of what agents and the coordinator say to each other. It stands in the first message; another number is
/// refused on both sides with a message that names both.
public enum ProtocolVersion {
  public static let current = 3
}

/// The version of pasha itself, as `--version` prints it.
public enum PashaVersion {
  public static let current = "0.1.0"
}
