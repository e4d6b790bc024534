import Glibc
import HostSystem
import TuningModel
import Wire

/// Bounds what a trial's checkpoint folder takes on the disk (`checkpoints.quota`).
///
/// Measured is what was allocated, a file with several names once. It is measured soon after something was written, and
/// now and then besides, since writing through a memory map tells nobody; never more often than costs a twentieth of a
/// core. A trial can be over for about as long as a measurement takes, and is ended then.
final class CheckpointQuota {
  /// Bytes.
  private let limit: Int
  private let folder: String
  /// When to measure next, where nothing is written and where something is.
  private var idle: Instant
  private var soon: Instant
  private var isWritten = false
  /// What is to be said of a folder that was found over the limit.
  private(set) var excess: String?

  private static let afterWrite = Duration.milliseconds(200)
  private static let always = Duration.seconds(30)

  init(_ folder: String, limit: Int, now: Instant) {
    self.folder = folder
    self.limit = limit
    idle = now + Self.always
    soon = now
  }

  /// Something was written in the folder.
  func noteWrite() { isWritten = true }

  /// When `check` has something to do; nil: never again.
  var due: Instant? { excess != nil ? nil : isWritten ? min(soon, idle) : idle }

  /// Measures where it is due. Whether the folder was found over its limit just now.
  func check(at now: Instant) -> Bool {
    guard let due, due <= now else { return false }
    measure()
    return excess != nil
  }

  /// Measures, whatever was measured before.
  func measure() {
    guard excess == nil else { return }
    let began = HostClock.now
    isWritten = false
    let bytes = TreeSize.allocated(folder)
    let ended = HostClock.now
    // A tree of very many files takes long.
    let pause = Duration.nanoseconds(20 * (ended.nanoseconds - began.nanoseconds))
    soon = ended + max(Self.afterWrite, pause)
    idle = ended + max(Self.always, pause)
    if bytes > limit {
      let (holds, allowed) = (SizeText.roundedUp(bytes, like: limit), SizeText.exact(limit))
      excess = "the checkpoint folder holds \(holds), more than checkpoints.quota (\(allowed))"
    }
  }
}

/// What a tree takes on the disk.
enum TreeSize {
  /// Allocated bytes of a folder and all in it, as far as it can be read; hard links count once, links are not followed.
  static func allocated(_ path: String) -> Int {
    guard let folder = try? Descriptor.open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW) else { return 0 }
    var seen: Set<FileName> = []
    return allocated(folder, path, seen: &seen, depth: 0)
  }

  private struct FileName: Hashable {
    var device: UInt64
    var inode: UInt64
  }

  private static func allocated(_ folder: Descriptor, _ path: String, seen: inout Set<FileName>, depth: Int) -> Int {
    // What is deeper is not sealed either.
    guard depth <= WireLimits.maximumPathDepth, let entries = try? Folders.list(folder, path: path) else { return 0 }
    var sum = 0
    for entry in entries {
      let status = entry.status
      if status.kind == .file, status.links > 1,
        !seen.insert(FileName(device: status.device, inode: status.inode)).inserted
      {
        continue
      }
      sum += status.allocated
      if status.kind == .folder,
        let child = try? folder.open(at: entry.name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, path: path)
      {
        sum += allocated(child, "\(path)/\(entry.name)", seen: &seen, depth: depth + 1)
      }
    }
    return sum
  }
}

/// Sizes for people.
enum SizeText {
  private static let binary = [("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)]
  private static let decimal = [("TB", 1_000_000_000_000), ("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1000)]

  /// In the largest unit that leaves a whole number: `10 GiB`.
  static func exact(_ bytes: Int) -> String {
    let fitting = (binary + decimal).sorted { $0.1 > $1.1 }.first { bytes >= $0.1 && bytes % $0.1 == 0 }
    return fitting.map { "\(bytes / $0.1) \($0.0)" } ?? "\(bytes) bytes"
  }

  /// In the largest unit that fits, rounded up to a tenth: `12.3 GiB`; powers of ten where `model` is told in these.
  static func roundedUp(_ bytes: Int, like model: Int) -> String {
    let units = decimal.contains { exact(model).hasSuffix(" \($0.0)") } ? decimal : binary
    guard let (name, size) = units.first(where: { bytes >= $0.1 }) else { return "\(bytes) bytes" }
    let (whole, rest) = bytes.quotientAndRemainder(dividingBy: size)
    let tenths = (rest * 10 + size - 1) / size
    let (shown, tenth) = tenths == 10 ? (whole + 1, 0) : (whole, tenths)
    return tenth == 0 ? "\(shown) \(name)" : "\(shown).\(tenth) \(name)"
  }
}
