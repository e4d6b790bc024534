import Glibc
import HostSystem
import TuningModel

/// The agent's own log: plain lines with the time in UTC, in a file that is turned over at a bound. A log that cannot be
/// written is no reason to end trials.
final class AgentLog {
  private let path: String
  private let echoes: Bool
  private var file: Descriptor?
  private var size = 0
  private let limit: Int

  /// - Parameter echoes: whether lines go to standard error too, for an agent that somebody watches.
  init(_ path: String, echoes: Bool, limit: Int = 4 << 20) {
    self.path = path
    self.echoes = echoes
    self.limit = limit
    open()
  }

  func write(_ text: String) {
    let clean = String(text.map { $0.isNewline ? " " : $0 }.prefix(8_192))
    let line = "\(Self.time(HostClock.wall)) \(clean)\n"
    if size > limit {
      try? Files.rename(path, to: "\(path).1")
      open()
    }
    size += line.utf8.count
    try? file?.write(line.utf8)
    if echoes { try? Descriptor.standardError.write(line.utf8) }
  }

  private func open() {
    file = try? Descriptor.open(path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW)
    size = (try? file?.status().size) ?? 0
  }

  /// `2026-11-23T20:05:25Z`.
  static func time(_ stamp: Timestamp) -> String {
    var seconds = time_t(stamp.microseconds / 1_000_000)
    var parts = tm()
    gmtime_r(&seconds, &parts)
    func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
    return "\(parts.tm_year + 1900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday))T"
      + "\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec))Z"
  }
}

extension Descriptor {
  /// A descriptor of its own for standard error.
  static var standardError: Descriptor { Descriptor(owning: dup(2)) }
}
