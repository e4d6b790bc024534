import Glibc
import HostSystem
import TuningModel

/// Whose processes are they? Names come from /etc/passwd and, for users that are not in it, from `getent` under a time
/// limit: a directory service may be slow or down, and its libraries need not fit this process.
public struct ProcessOwners {
  let path: String
  private var names: [UInt32: String] = [:]
  private var asked = 0
  private static let commandLength = 200

  init(path: String) { self.path = path }

  /// The name of one user.
  public static func name(of user: UInt32, path: String) -> String {
    var owners = ProcessOwners(path: path)
    return owners.name(of: user)
  }

  mutating func complete(_ users: inout [GPUUser]) {
    for index in users.indices {
      let pid = users[index].pid
      guard let status = try? Files.status("/proc/\(pid)") else { continue }
      users[index].user = name(of: status.user)
      users[index].command = Self.command(of: pid)
    }
  }

  /// The command line in one line, control characters left out.
  static func command(of pid: Int) -> String {
    var bytes = (try? Files.read("/proc/\(pid)/cmdline", limit: 1 << 20)) ?? []
    if bytes.isEmpty { bytes = (try? Files.read("/proc/\(pid)/comm", limit: 256)) ?? [] }
    let plain = bytes.prefix(4 * commandLength).map { $0 < 0x20 || $0 == 0x7F ? UInt8(ascii: " ") : $0 }
    let text = String(decoding: plain, as: UTF8.self).prefix(commandLength)
    return text.split(separator: " ").joined(separator: " ")
  }

  mutating func name(of user: UInt32) -> String {
    if let known = names[user] { return known }
    let name = listed(user) ?? answered(user) ?? "uid \(user)"
    names[user] = name
    return name
  }

  private func listed(_ user: UInt32) -> String? {
    let text = (try? Files.readText("/etc/passwd", limit: 4 << 20)) ?? ""
    return Self.name(of: user, in: text)
  }

  private mutating func answered(_ user: UInt32) -> String? {
    // A few at most: each may take its time limit.
    guard asked < 3 else { return nil }
    asked += 1
    let answer = try? ToolRun.run(["getent", "passwd", "\(user)"], within: .seconds(2), path: path)
    return answer.flatMap { Self.name(of: user, in: $0.output) }
  }

  private static func name(of user: UInt32, in text: String) -> String? {
    for line in text.split(whereSeparator: \.isNewline) {
      let fields = line.split(separator: ":", omittingEmptySubsequences: false)
      if fields.count > 2, fields[2] == "\(user)", !fields[0].isEmpty { return String(fields[0]) }
    }
    return nil
  }
}
