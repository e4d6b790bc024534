import Glibc
import HostSystem
import TuningModel

/// One bundle in the cache: the packed file, and beside it a line that describes it.
struct AgentBundleStore {
  let folder: String
  /// Names what the bundle was made from.
  let key: String
  /// `agent`, or `coordinator`.
  var kind = "agent"

  /// Bundles that nobody asked for in this time are removed when another is made.
  private static let keptFor = Duration.seconds(30 * 86_400)
  private static let recordLimit = 4_096

  private var base: String { "\(folder)/\(kind)-\(key.prefix(32))" }
  var bundleFile: String { base + ".tar.gz" }
  var recordFile: String { base + ".json" }
  var lockFile: String { base + ".lock" }
  /// Where the bundle is put together, by the holder of the lock.
  var buildFolder: String { base + ".build" }
  var partFile: String { base + ".part" }

  /// The bundle if it is there and whole; it counts as used now.
  func load() -> AgentBundle? {
    let bundle = Self.load(bundleFile, recordFile)
    // A second user may not be allowed to: then it is the owner's use that counts.
    if bundle != nil, let file = try? Descriptor.open(recordFile, O_WRONLY | O_NOFOLLOW) {
      try? file.setModified(HostClock.wall)
    }
    return bundle
  }

  static func load(_ bundleFile: String, _ recordFile: String) -> AgentBundle? {
    guard let text = try? Files.readText(recordFile, limit: recordLimit),
      let record = try? JSONValue(parsing: text), let hash = record.text("hash"),
      let unpackedBytes = record.whole("unpacked_bytes"), let machine = record.text("machine"),
      let file = try? Descriptor.open(bundleFile, O_RDONLY | O_NOFOLLOW), let content = try? FileCopy.hash(file),
      content.hash == hash
    else { return nil }
    return AgentBundle(
      path: bundleFile, hash: hash, bytes: content.size, unpackedBytes: unpackedBytes, machine: machine)
  }

  /// Puts the packed file in its place and describes it.
  func store(_ bundle: AgentBundle) throws(SystemError) {
    try Files.rename(partFile, to: bundleFile)
    try Files.writeDurably(recordFile, Self.record(of: bundle).utf8)
    removeUnused()
  }

  static func record(of bundle: AgentBundle) -> String {
    let record = JSONValue.object([
      .init("hash", .string(bundle.hash)), .init("unpacked_bytes", .int(bundle.unpackedBytes)),
      .init("machine", .string(bundle.machine)),
    ])
    return record.jsonText() + "\n"
  }

  /// Takes away bundles of programs that have long been built anew. Their lock files stay: somebody may wait there.
  private func removeUnused() {
    let oldest = HostClock.wall.microseconds - Int64(Self.keptFor.inSeconds * 1e6)
    for entry in (try? Folders.list(folder)) ?? [] {
      guard entry.name.hasPrefix("\(kind)-"), entry.name.hasSuffix(".json"), entry.status.modified.microseconds < oldest
      else { continue }
      let base = "\(folder)/\(entry.name.dropLast(".json".count))"
      try? Files.removeFile(base + ".json")
      try? Files.removeFile(base + ".tar.gz")
    }
  }
}
