import HostSystem
import Presentation
import TuningModel

extension RunFolder {
  /// The coordinator that runs the run now, whether it answers or not.
  public var service: CoordinatorPresence {
    if let pid = coordinatorPID { return .running(pid: pid) }
    // Who holds the lock has its number in it. The lock itself is left alone: even a look would keep a coordinator that
    // starts just then from it.
    guard let text = try? Files.readText(path + "/lock", limit: 32),
      let pid = Int(text.prefix { $0.isASCII && $0.isNumber }), let entry = ProcessTable.entry(pid), !entry.isDead,
      let name = try? Files.readText("/proc/\(pid)/comm", limit: 64), name.hasPrefix("pasha-coord")
    else { return .none }
    return .silent(pid: pid, isStopped: entry.isStopped)
  }
}
