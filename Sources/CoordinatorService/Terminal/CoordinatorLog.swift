import Foundation
import HostSystem
import Presentation
import TuningModel

/// What a coordinator in the background prints beside the facts: hosts that do not come up, tunnels, what came too late.
struct CoordinatorLog {
  private let file: FileFollower
  private var rest: [UInt8] = []
  /// Lines that may be facts' lines whose fact was not read yet.
  private var undecided: [String] = []
  private(set) var notes: [(time: Timestamp, text: String)] = []

  private static let noteLimit = 100
  private static let startLimit = 64 << 10

  /// nil: the process does not print into the run's log.
  init?(_ folder: RunFolder, coordinator pid: Int) {
    guard let target = try? Files.linkTarget("/proc/\(pid)/fd/1"),
      Files.name(of: target) == Files.name(of: folder.log), Files.exists(folder.log),
      let size = try? Files.status(folder.log)?.size,
      let file = try? FileFollower(folder.log, from: max(0, size - Self.startLimit))
    else { return nil }
    self.file = file
    if size > Self.startLimit { rest = Array("…".utf8) }
  }

  var descriptor: Descriptor { file.descriptor }

  /// Takes in what was printed since. The journal is to be read before `decide`.
  mutating func read() {
    try? file.acknowledge()
    while let piece = try? file.read(), !piece.isEmpty {
      rest += piece
      while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
        undecided.append(String(decoding: rest[..<end].prefix(2000), as: UTF8.self))
        rest.removeFirst(end + 1)
      }
      if rest.count > 1 << 16 { rest = [] }
    }
  }

  /// What is no fact's line is a note.
  mutating func decide(_ facts: Set<String>, now: Timestamp) {
    for line in undecided where !facts.contains(line) {
      // `20:15:03  text`; other lines belong to what stands before.
      guard let time = Self.time(line, now) else {
        if !notes.isEmpty, !line.isEmpty { notes[notes.count - 1].text += "\n" + line }
        continue
      }
      notes.append((time, String(line.dropFirst(10))))
    }
    undecided = []
    if notes.count > 2 * Self.noteLimit { notes.removeFirst(notes.count - Self.noteLimit) }
  }

  /// The moment of the last day that has this time of day.
  private static func time(_ line: String, _ now: Timestamp) -> Timestamp? {
    let bytes = Array(line.utf8.prefix(10))
    guard bytes.count == 10, bytes[2] == 0x3A, bytes[5] == 0x3A, bytes[8] == 0x20, bytes[9] == 0x20 else { return nil }
    let numbers = line.prefix(8).split(separator: ":").compactMap { Int($0) }
    guard numbers.count == 3 else { return nil }
    var seconds = time_t(now.microseconds / 1_000_000)
    var parts = tm()
    localtime_r(&seconds, &parts)
    let ago =
      (Int(parts.tm_hour) - numbers[0]) * 3600 + (Int(parts.tm_min) - numbers[1]) * 60 + Int(parts.tm_sec) - numbers[2]
    let past = ago < -60 ? ago + 86_400 : ago
    return Timestamp(microseconds: (now.microseconds / 1_000_000 - Int64(past)) * 1_000_000)
  }
}
