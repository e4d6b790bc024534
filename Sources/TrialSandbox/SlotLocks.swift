import Devices
import HostSystem
import TuningModel
import Wire

/// The locks of a slot, held as long as this lives: the agent's own, and those of the slot's GPUs, which all runs and
/// users of the host share.
final class SlotLocks {
  private var own: [FileLock] = []
  private var host: [HostLock] = []
  /// The GPUs whose locks these are.
  private let devices: [(kind: GPU.Kind, id: String)]

  /// How long a GPU may take to let go of what a trial had on it.
  static let clearingPatience = Duration.seconds(30)

  /// - Parameter words: see `LockWord`.
  init(_ words: [String], within patience: Duration) throws(SystemError) {
    let deadline = HostClock.now + patience
    let words = words.map { LockWord($0) }
    devices = words.compactMap { word in
      if case .own = word { nil } else { DeviceLocks.device(ofLock: word.path) }
    }
    // In one order everywhere, so that two supervisors never wait for each other.
    for word in words.sorted(by: { $0.path < $1.path }) {
      let left = deadline - HostClock.now
      switch word {
      case .own(let path): own.append(try FileLock.acquire(path, within: left))
      case .host(let path): host.append(try HostLock.acquire(path, within: left))
      case .shared(let path): host.append(try HostLock.acquire(path, shared: true, within: left))
      }
    }
  }

  /// Waits until nothing of a trial whose processes have ended is left on the slot's GPUs.
  func clearDevices(note: (String) -> Void) {
    guard !devices.isEmpty else { return }
    if let left = DeviceClearance().wait(for: devices, within: Self.clearingPatience) { note(left) }
  }

  func release() {
    own = []
    host = []
  }
}
