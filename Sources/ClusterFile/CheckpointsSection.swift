import Coordination

/// `checkpoints`: where they are kept, what is kept of them, and how long a trial may be held at a milestone.
struct CheckpointsSection {
  private enum Kind: String, CaseIterable { case host, shared, coordinator, command }

  private static let commandKeys = ["put", "get", "delete"]

  let map: MapReader

  /// nil: there are mistakes.
  static func decode(_ top: MapReader) -> CheckpointPolicy? {
    guard top.has("checkpoints") else { return CheckpointPolicy() }
    return top.map("checkpoints", example: "{store: host, keep_best: 3}").map { CheckpointsSection(map: $0).decode() }
  }

  private func decode() -> CheckpointPolicy {
    map.refuseUnknownKeys(KnownKeys.checkpoints)
    var policy = CheckpointPolicy()
    if let store = store() { policy.store = store }
    policy.keepBest = map.int("keep_best", 0...Int(Int32.max))
    policy.quota = map.bytes("quota", atLeast: 1000)
    let day = Duration.zero...(.seconds(86_400))
    if let limit = map.duration("hold_limit", day) { policy.holdLimit = limit }
    if let settle = map.duration("settle", day) { policy.settle = settle }
    if let grace = map.duration("grace", day) { policy.grace = grace }
    return policy
  }

  /// nil: not given, or wrong, which was told.
  private func store() -> CheckpointPolicy.Store? {
    let kind = map.keyword("store", Kind.self, hint: Self.hint)
    // What belongs to another store is told only where it is known which one is meant.
    if map.has("store"), kind == nil { return nil }
    if kind != .shared { refuse("path", kind: .shared) }
    if kind != .command { for key in Self.commandKeys { refuse(key, kind: .command) } }
    switch kind {
    case nil, .host: return kind.map { _ in .host }
    case .coordinator: return .coordinator
    case .shared: return sharedFolder().map { .shared(folder: $0) }
    case .command: return command().map { .command($0) }
    }
  }

  private func refuse(_ key: String, kind: Kind) {
    guard map.has(key) else { return }
    map.mistakes.add(
      .contradiction, map.keyPlace(of: key),
      "\(map.fullPath(key)) is for store: \(kind.rawValue); write that, or remove \(key)")
  }

  private func sharedFolder() -> String? {
    map.require("path", "give the folder that all hosts mount, as in {store: shared, path: /mnt/lab/checkpoints}")
    guard let path = map.text("path", "a folder") else { return nil }
    guard path.hasPrefix("/"), WorkDirectory.problem(path) == nil, path.contains(where: { $0 != "/" }) else {
      map.tell(
        .invalidValue, "path",
        "must be an absolute path below the root that is the same on all hosts, such as /mnt/lab/checkpoints, not "
          + (map.node("path")?.shown ?? path))
      return nil
    }
    return path
  }

  private func command() -> CheckpointPolicy.StoreCommand? {
    let folder = #""$PASHA_CHECKPOINT_DIR""#
    let place = #""$STORE/$PASHA_CHECKPOINT_KEY""#
    map.require("put", "give the command that keeps a checkpoint, as in put: cp -r \(folder) \(place)")
    map.require("get", "give the command that brings a checkpoint back, as in get: cp -r \(place)/. \(folder)")
    let put = map.text("put", "a shell command")
    let get = map.text("get", "a shell command")
    let delete = map.text("delete", "a shell command")
    guard let put, let get else { return nil }
    return CheckpointPolicy.StoreCommand(put: put, get: get, delete: delete)
  }

  private static func hint(_ word: String) -> String? {
    switch KeyHints.folded(word) {
    case "sharedfs", "sharedfolder", "nfs", "directory", "lustre": "write shared, with path"
    case "s3", "gcs", "azure", "rsync", "scp", "bucket", "rclone": "write command, with put and get"
    case "local", "hosts", "none": "write host"
    case "master", "home", "central": "write coordinator"
    default: nil
    }
  }
}
