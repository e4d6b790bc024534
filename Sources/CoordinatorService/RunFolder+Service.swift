import HostSystem
import Presentation
import TuningModel

extension RunFolder {
  /// The coordinator that runs the run now, whether it answers or not.
  public var service: CoordinatorPresence {
    // One that is stopped answers nobody: it is not waited for.
    if let holder, holder.isStopped { return .silent(pid: holder.pid, isStopped: true) }
    if let pid = coordinatorPID { return .running(pid: pid) }
    return holder.map { .silent(pid: $0.pid, isStopped: $0.isStopped) } ?? .none
  }

  /// The process that holds the run. Its number stands in the lock. The lock itself is left alone: even a look would keep a
  /// coordinator that starts just then from it.
  var holder: ProcessEntry? {
    guard let text = try? Files.readText(path + "/lock", limit: 32),
      let pid = Int(text.prefix { $0.isASCII && $0.isNumber }), let entry = ProcessTable.entry(pid), !entry.isDead,
      let name = try? Files.readText("/proc/\(pid)/comm", limit: 64), name.hasPrefix("pasha-coord")
    else { return nil }
    return entry
  }
}
