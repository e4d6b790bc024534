/// What is fuzzed: each reader of bytes that someone else may have made, with what must hold for whatever it is given.
///
/// `Cluster/fuzz` gives libFuzzer's inputs to `check`; the tests give it every file of `Tests/Fuzz/corpus/TARGET`. A target
/// decides by itself how the bytes are read; the first byte often chooses between several readers.
public enum FuzzTarget: String, CaseIterable, Sendable {
  /// Messages between agents, coordinator and supervisors.
  case messages
  /// A trial's standard output.
  case reports
  case clusterFiles = "cluster-files"
  /// The journal's records, replayed into a coordinator.
  case facts
  case knownHosts = "known-hosts"
  /// Lists of the files of checkpoints and of code, and seals.
  case manifests

  /// Throws when something does not hold; what must not trap traps.
  public func check(_ bytes: [UInt8]) throws(BrokenProperty) {
    switch self {
    case .messages: try MessageProperties.check(bytes)
    case .reports: try ReportProperties.check(bytes)
    case .clusterFiles: try ClusterFileProperties.check(bytes)
    case .facts: try FactProperties.check(bytes)
    case .knownHosts: try KnownHostsProperties.check(bytes)
    case .manifests: try ManifestProperties.check(bytes)
    }
  }
}

/// Something that must hold did not.
public struct BrokenProperty: Error, CustomStringConvertible, Sendable {
  public let description: String

  init(_ description: String) { self.description = description }
}

/// - Throws: when the condition is false.
func require(_ isSo: Bool, _ message: @autoclosure () -> String) throws(BrokenProperty) {
  if !isSo { throw BrokenProperty(message()) }
}
