import Foundation
import Testing
import TuningModel
import Wire

/// Agents and supervisors of the same protocol version hold these bytes: the numbers of the fields are frozen.
@Suite struct CodecFrozenBytesTests {
  private static func line(_ name: String, _ value: some WireCodable) -> String {
    "\(name) \(value.encoded().map { String(format: "%02x", $0) }.joined())"
  }

  private static func lines() -> [String] {
    var random = RandomValues(seed: 42)
    var lines: [String] = []
    for kind in 0..<RandomValues.agentMessageKinds { lines.append(line("agent \(kind)", random.agentMessage(kind))) }
    for kind in 0..<RandomValues.coordinatorMessageKinds {
      lines.append(line("coordinator \(kind)", random.coordinatorMessage(kind)))
    }
    for kind in 0..<RandomValues.agentBulkMessageKinds {
      lines.append(line("agent bulk \(kind)", random.agentBulkMessage(kind)))
    }
    for kind in 0..<RandomValues.coordinatorBulkMessageKinds {
      lines.append(line("coordinator bulk \(kind)", random.coordinatorBulkMessage(kind)))
    }
    for kind in 0..<RandomValues.supervisorCommandKinds {
      lines.append(line("command \(kind)", random.supervisorCommand(kind)))
    }
    for kind in 0..<RandomValues.supervisorEventKinds {
      lines.append(line("event \(kind)", random.supervisorEvent(kind)))
    }
    lines.append(line("plan", random.plan()))
    lines.append(line("process", random.processRecord()))
    return lines
  }

  /// PASHA_REWRITE_FROZEN=1 adds what a new message gives; a line that changes takes a new protocol version.
  @Test func theBytesStayAsTheyAre() throws {
    let file = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("Fixtures/frozen/messages.txt")
    let lines = Self.lines()
    if ProcessInfo.processInfo.environment["PASHA_REWRITE_FROZEN"] == "1" {
      try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try (lines.joined(separator: "\n") + "\n").write(to: file, atomically: true, encoding: .utf8)
    }
    #expect(try String(contentsOf: file, encoding: .utf8) == lines.joined(separator: "\n") + "\n")
  }
}
