import Glibc
import HostSystem

/// The user who runs this, and the environment: what `~`, `%` and `$` in the SSH configuration stand for.
enum UserPaths {
  /// The user's home as the system knows it, which is what OpenSSH goes by.
  /// A program with a C library of its own sees the users of /etc/passwd alone; for others the environment says it.
  static var home: String { entry(getpwuid(getuid()))?.home ?? variable("HOME") ?? "/" }
  static var name: String { entry(getpwuid(getuid()))?.name ?? variable("USER") ?? "\(getuid())" }
  static var userNumber: UInt32 { getuid() }

  /// This machine's own name.
  static var machine: String {
    var buffer = [CChar](repeating: 0, count: 256)
    guard gethostname(&buffer, buffer.count - 1) == 0 else { return "localhost" }
    return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  static func variable(_ name: String) -> String? {
    guard let value = getenv(name) else { return nil }
    let text = String(cString: value)
    return text.isEmpty ? nil : text
  }

  /// The environment that this process was started with.
  static var environment: [String] {
    (try? Files.readText("/proc/self/environ", limit: 4 << 20))?.split(separator: "\0").map(String.init) ?? []
  }

  /// `~` and `~user` at the beginning.
  static func expandTilde(_ path: String) -> String {
    guard path.hasPrefix("~") else { return path }
    let name = path.dropFirst().prefix { $0 != "/" }
    let rest = path.dropFirst(1 + name.count)
    if name.isEmpty { return home + rest }
    guard let other = entry(getpwnam(String(name)))?.home else { return path }
    return other + rest
  }

  /// Replaces `%x` by what `values` says of x, and `${NAME}` by the environment. What is not known stays.
  static func expand(_ text: String, _ values: [Character: String]) -> String {
    var result = ""
    var rest = Substring(text)
    while let character = rest.popFirst() {
      if character == "%", let token = rest.first {
        rest = rest.dropFirst()
        result += token == "%" ? "%" : values[token] ?? "%\(token)"
      } else if character == "$", rest.hasPrefix("{"), let end = rest.firstIndex(of: "}") {
        result += variable(String(rest[..<end].dropFirst())) ?? ""
        rest = rest[rest.index(after: end)...]
      } else {
        result.append(character)
      }
    }
    return expandTilde(result)
  }

  private static func entry(_ found: UnsafeMutablePointer<passwd>?) -> (name: String, home: String)? {
    guard let found, let name = found.pointee.pw_name, let home = found.pointee.pw_dir else { return nil }
    return (String(cString: name), String(cString: home))
  }
}
