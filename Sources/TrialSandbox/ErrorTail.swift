import HostSystem

/// The last lines of standard error, fit to be shown.
enum ErrorTail {
  private static let bytes = 4_096

  /// The last 4 KiB of the file from a whole line on, as UTF-8, control characters but newline and tab left out.
  static func read(_ path: String) -> String {
    guard let content = try? Files.readTail(path, limit: bytes) else { return "" }
    var lines = content[...]
    if content.count == bytes, let newline = lines.firstIndex(of: 10), newline + 1 < lines.endIndex {
      lines = lines[(newline + 1)...]
    }
    return clean(lines)
  }

  static func clean(_ content: some Collection<UInt8>) -> String {
    var text = ""
    for scalar in String(decoding: content, as: UTF8.self).unicodeScalars {
      let isControl = scalar.properties.generalCategory == .control && scalar != "\n" && scalar != "\t"
      if !isControl { text.unicodeScalars.append(scalar) }
    }
    return text
  }
}
