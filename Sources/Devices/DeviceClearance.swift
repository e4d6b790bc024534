import Glibc
import HostSystem
import TuningModel

/// Waiting until what a trial had on its GPUs is gone. Its processes have ended by then; the driver may still be taking
/// apart what they held, and names them until it has done so.
public struct DeviceClearance {
  let finder: DeviceFinder
  private static let pause: useconds_t = 200_000

  public init(finder: DeviceFinder = DeviceFinder()) { self.finder = finder }

  /// Waits until no process that is no more is named as a user of these GPUs, `patience` at most. Where a tool is missing
  /// or fails there is nothing to wait for.
  ///
  /// - Returns: what could not be waited for, nil when the GPUs are free of ended processes.
  public func wait(for devices: [(kind: GPU.Kind, id: String)], within patience: Duration) -> String? {
    let deadline = HostClock.now + patience
    for kind in GPU.Kind.allCases {
      let ids = devices.filter { $0.kind == kind }.map(\.id)
      guard !ids.isEmpty else { continue }
      while true {
        let ended: [Int]
        do throws(ToolFailure) {
          ended = try users(kind, ids).filter { !Self.isAlive($0) }
        } catch {
          return "whether the trial has left its GPU is not known: \(error.message)"
        }
        if ended.isEmpty { break }
        guard HostClock.now < deadline else {
          let pids = ended.map { "\($0)" }.joined(separator: ", ")
          return "\(ids.joined(separator: ", ")) is still held by ended processes after \(patience.inSeconds) s: "
            + "pid \(pids)"
        }
        usleep(Self.pause)
      }
    }
    return nil
  }

  private func users(_ kind: GPU.Kind, _ ids: [String]) throws(ToolFailure) -> [Int] {
    switch kind {
    case .nvidia:
      guard let tool = finder.tool("nvidia-smi") else { return [] }
      let answer = try NVIDIATool(path: tool, finder: finder).computeProcesses()
      return NVIDIATool.users(answer.output).filter { ids.contains($0.id) }.map(\.user.pid)
    case .amd:
      guard let tool = finder.tool("rocm-smi") else { return [] }
      return try AMDTool(path: tool, finder: finder).processes().map(\.pid)
    }
  }

  private static func isAlive(_ pid: Int) -> Bool {
    guard let entry = ProcessTable.entry(pid) else { return false }
    return !entry.isDead
  }
}
