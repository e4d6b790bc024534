import Glibc
import HostSystem

/// One lock that a slot needs while it is in use.
public struct DeviceLock: Equatable, Sendable {
  public var path: String
  /// Held together with others that share the GPU.
  public var isShared: Bool

  public init(path: String, isShared: Bool = false) {
    self.path = path
    self.isShared = isShared
  }
}

/// The folder of the device locks, one for all users and runs of the host.
public struct DeviceLocks: Equatable, Sendable {
  public let folder: String

  /// Names another folder, for tests and for hosts whose usual ones cannot be used. All agents of a host must agree.
  public static let variable = "PASHA_DEVICE_LOCKS"

  public init(folder: String) { self.folder = folder }

  /// The host's own folder. Which one depends on the host alone, so that all users come to the same.
  public init() {
    if let chosen = getenv(Self.variable), chosen.pointee == UInt8(ascii: "/") {
      folder = String(cString: chosen)
      return
    }
    let runLock = try? Files.status("/run/lock", followingLinks: true)
    let isForAll = runLock?.kind == .folder && runLock.map { $0.mode & 0o1777 == 0o1777 } == true
    folder = isForAll ? "/run/lock/pasha" : "/tmp/pasha-locks"
  }

  /// Makes the folder where there is none: for all to write, files in it removable by their owners alone. `unsuitable`
  /// when what has its name is no such folder: a link, or one that its owner made for himself.
  public func prepare() throws(SystemError) {
    var isMade = true
    if mkdir(folder, 0o700) != 0 {
      guard errno == EEXIST else { throw SystemError(errno, "make folder", folder) }
      isMade = false
    }
    // Another user may have made it and not opened it for all yet.
    for attempt in 0... {
      guard let status = try Files.status(folder) else { throw SystemError(ENOENT, "examine", folder) }
      guard status.kind == .folder else {
        throw unsuitable("it is not a folder")
      }
      if status.mode & 0o1777 == 0o1777 { return }
      if isMade || status.user == geteuid() {
        let open = try Descriptor.open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
        guard try open.status().user == geteuid() else { throw unsuitable("it was changed meanwhile") }
        return try open.setMode(0o1777)
      }
      guard attempt < 20 else {
        throw unsuitable(
          "user \(status.user) made it with mode \(String(status.mode, radix: 8)) in place of 1777 (read and write for "
            + "all, sticky)")
      }
      usleep(5_000)
    }
  }

  private func unsuitable(_ what: String) -> SystemError {
    SystemError(
      .unsuitable,
      message: "the folder \(folder) cannot hold the locks of the GPUs: \(what); remove it, or have its owner or root "
        + "mend it")
  }

  /// The locks of a slot, in no order.
  public func locks(of slot: SlotPlan.Slot, trialsPerGPU: Int) -> [DeviceLock] {
    slot.gpus.flatMap { gpu in
      let name = Self.name(gpu)
      guard trialsPerGPU > 1 else { return [DeviceLock(path: "\(folder)/\(name).lock")] }
      return [
        DeviceLock(path: "\(folder)/\(name).lock", isShared: true),
        DeviceLock(path: "\(folder)/\(name).\(slot.share).lock"),
      ]
    }
  }

  /// Who else uses the slot's GPUs in a run of its own: nil when nobody does. Holds the locks for a moment.
  public func conflict(of slot: SlotPlan.Slot, trialsPerGPU: Int) throws(SystemError) -> String? {
    if slot.gpus.isEmpty { return nil }
    try prepare()
    var held: [HostLock] = []
    defer { withExtendedLifetime(held) {} }
    for lock in locks(of: slot, trialsPerGPU: trialsPerGPU).sorted(by: { $0.path < $1.path }) {
      guard let taken = try Self.take(lock) else {
        let name = slot.gpus.map(\.label).joined(separator: ", ")
        guard let pid = HostLock.holder(of: lock.path) else { return "\(name) is in use by another run of pasha" }
        return "\(name) is in use by another run of pasha (pid \(pid))"
      }
      held.append(taken)
    }
    return nil
  }

  /// Others who look for a moment as well are not taken for users.
  private static func take(_ lock: DeviceLock) throws(SystemError) -> HostLock? {
    for _ in 0..<5 {
      if let taken = try HostLock.tryAcquire(lock.path, shared: lock.isShared) { return taken }
      usleep(2_000)
    }
    return nil
  }

  private static func name(_ gpu: GPU) -> String {
    let plain = gpu.id.filter { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }
    return "\(gpu.kind.rawValue).\(plain)"
  }

  /// The GPU whose lock has this path; nil when it is none, or that of a share.
  public static func device(ofLock path: String) -> (kind: GPU.Kind, id: String)? {
    let parts = Files.name(of: path).split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 3, parts[2] == "lock", let kind = GPU.Kind(rawValue: String(parts[0])), !parts[1].isEmpty
    else { return nil }
    return (kind, String(parts[1]))
  }
}
