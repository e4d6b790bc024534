import Glibc
import HostSystem
import TuningModel

/// What a process has open, as /proc shows it.
enum OpenFiles {
  /// A file that was written to this long ago is still being written.
  private static let recent = Duration.milliseconds(250)
  /// A file that was made and is still empty: its content is in the making.
  private static let begun = Duration.seconds(2)
  /// Descriptors looked at in one process.
  private static let bound = 4_096

  /// Whether the process writes to a file below the folder, given with its links resolved and a `/` at its end.
  static func isWriting(process pid: Int, below folder: String) -> Bool {
    guard let numbers = try? ProcessTable.numbers(in: "/proc/\(pid)/fd") else { return false }
    return numbers.prefix(bound).contains { number in
      let path = "/proc/\(pid)/fd/\(number)"
      guard let target = try? Files.linkTarget(path), target.hasPrefix(folder),
        isWritable("/proc/\(pid)/fdinfo/\(number)"),
        let status = try? Files.status(path, followingLinks: true), status.kind == .file
      else { return false }
      let age = HostClock.wall - status.modified
      return age < (status.size == 0 ? begun : recent)
    }
  }

  private static func isWritable(_ path: String) -> Bool {
    guard let text = try? Files.readText(path, limit: 65_536),
      let line = text.split(separator: "\n").first(where: { $0.hasPrefix("flags:") }),
      let flags = Int32(line.dropFirst(6).drop { $0 == "\t" || $0 == " " }, radix: 8)
    else { return false }
    return flags & O_ACCMODE != O_RDONLY
  }
}
