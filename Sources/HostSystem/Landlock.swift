import CSandbox
import Glibc

/// Landlock: what a process and its descendants may do to files, said by itself and never taken back
/// (https://docs.kernel.org/userspace-api/landlock.html).
public enum Landlock {
  /// Version of the kernel's interface; 0: there is none.
  public static var abi: Int { max(0, Int(sandbox_landlock_version())) }

  /// Why there is none, with the kernel's version; nil where there is one.
  public static var missing: String? {
    let version = sandbox_landlock_version()
    guard version < 0 else { return nil }
    switch -version {
    case ENOSYS: return "\(kernel) has no Landlock, which came with Linux 5.13"
    case EOPNOTSUPP: return "Landlock is switched off in \(kernel): add landlock to lsm= on its command line"
    case let number:
      return "Landlock cannot be used (\(SystemError.reason(number)), \(kernel)): a container may forbid it"
    }
  }

  /// "kernel 6.1.0", for messages.
  public static var kernel: String {
    let release = (try? Files.readText("/proc/sys/kernel/osrelease", limit: 256)) ?? ""
    let version = release.prefix { !$0.isWhitespace }
    return version.isEmpty ? "the kernel" : "kernel \(version)"
  }
}

/// What may be done to files. The numbers are the kernel's (`LANDLOCK_ACCESS_FS_*`).
public struct LandlockAccess: OptionSet, Hashable, Sendable {
  public let rawValue: UInt64

  public init(rawValue: UInt64) { self.rawValue = rawValue }

  public static let writeFile = LandlockAccess(rawValue: 1 << 1)
  public static let removeFolder = LandlockAccess(rawValue: 1 << 4)
  public static let removeFile = LandlockAccess(rawValue: 1 << 5)
  public static let makeCharacterDevice = LandlockAccess(rawValue: 1 << 6)
  public static let makeFolder = LandlockAccess(rawValue: 1 << 7)
  public static let makeFile = LandlockAccess(rawValue: 1 << 8)
  public static let makeSocket = LandlockAccess(rawValue: 1 << 9)
  public static let makeFIFO = LandlockAccess(rawValue: 1 << 10)
  public static let makeBlockDevice = LandlockAccess(rawValue: 1 << 11)
  public static let makeLink = LandlockAccess(rawValue: 1 << 12)
  /// Renaming and linking from one folder into another. Before version 2 it is denied everywhere.
  public static let refer = LandlockAccess(rawValue: 1 << 13)
  /// From version 3 on.
  public static let truncate = LandlockAccess(rawValue: 1 << 14)

  /// Writing to a file that is there.
  public static let overwrite: LandlockAccess = [.writeFile, .truncate]
  /// Everything that one may want to do in a folder of one's own. Devices are not made: as root they would open any disk.
  public static let own: LandlockAccess = [
    .writeFile, .removeFolder, .removeFile, .makeFolder, .makeFile, .makeSocket, .makeFIFO, .makeLink, .refer,
    .truncate,
  ]

  /// What changes files, as far as a version of the interface knows it. Reading, executing and the ioctls of devices,
  /// which GPUs live on, stay free.
  static func changes(abi: Int) -> LandlockAccess {
    var all: LandlockAccess = [own, .makeCharacterDevice, .makeBlockDevice]
    if abi < 2 { all.remove(.refer) }
    if abi < 3 { all.remove(.truncate) }
    return all
  }
}

/// Changes of files that are allowed: all others are denied to who is confined by it. Under version 6 and later it can
/// signal no process that is not confined with it, and reach no abstract socket of one; tracing others is denied always.
public final class LandlockRuleset: Sendable {
  let descriptor: Descriptor
  private let handled: LandlockAccess

  private static let scopes: UInt64 = 1 << 0 | 1 << 1

  /// A ruleset that allows nothing yet. `notSupported` where the kernel has no Landlock.
  public init() throws(SystemError) {
    let abi = Landlock.abi
    guard abi > 0 else { throw SystemError(.notSupported, message: Landlock.missing ?? "there is no Landlock") }
    handled = .changes(abi: abi)
    let number = sandbox_landlock_create(handled.rawValue, abi >= 6 ? Self.scopes : 0)
    descriptor = Descriptor(owning: try checkedShim("make", "a Landlock ruleset", number))
  }

  /// Allows what it can of `access` to the file at the path, or to the folder there and all below it. A link is not
  /// followed, and nothing allowed by it.
  public func allow(_ path: String, _ access: LandlockAccess) throws(SystemError) {
    // O_PATH, a macro that Swift does not see: the file is named, not opened.
    let place = try Descriptor.open(path, 0o10000000 | O_NOFOLLOW)
    var allowed = access.intersection(handled)
    switch try place.status().kind {
    case .folder: break
    case .link: return
    // The kernel refuses what makes sense in folders only.
    case .file, .special: allowed.formIntersection(.overwrite)
    }
    if allowed.isEmpty { return }
    let result = sandbox_landlock_allow(descriptor.number, place.number, allowed.rawValue)
    _ = try checkedShim("allow writing to", path, result)
  }
}
