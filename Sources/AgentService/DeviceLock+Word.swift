import Devices
import Wire

extension DeviceLock {
  /// As a plan names it.
  var word: String { (isShared ? LockWord.shared(path) : LockWord.host(path)).word }
}
