import Glibc

/// Which machine this is.
public enum HostIdentity {
  /// Changes at each boot.
  public static func bootID() throws(SystemError) -> String {
    line(try Files.readText("/proc/sys/kernel/random/boot_id", limit: 256))
  }

  /// Stays the same over boots; nil when the system has none.
  public static func machineID() -> String? {
    for path in ["/etc/machine-id", "/var/lib/dbus/machine-id"] {
      guard let text = try? Files.readText(path, limit: 256) else { continue }
      let id = line(text)
      if !id.isEmpty, id.utf8.allSatisfy({ ($0 >= 48 && $0 <= 57) || ($0 >= 97 && $0 <= 102) }) { return id }
    }
    return nil
  }

  public static func hostname() -> String {
    var buffer = [UInt8](repeating: 0, count: 256)
    let result = buffer.withUnsafeMutableBytes {
      gethostname($0.baseAddress!.assumingMemoryBound(to: CChar.self), $0.count - 1)
    }
    guard result == 0 else { return "localhost" }
    return String(decoding: buffer.prefix { $0 != 0 }, as: UTF8.self)
  }

  private static func line(_ text: String) -> String {
    String(text.prefix { !$0.isNewline })
  }
}
