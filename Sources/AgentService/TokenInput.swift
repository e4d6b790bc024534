import Glibc
import HostSystem

/// Where a token comes from: a file, standard input, or somebody at a terminal.
public enum TokenInput {
  private static let limit = 65_536

  /// The token's text; nil when none is given, as with an empty standard input.
  public static func read(file: String?) throws(AgentError) -> String? {
    if let file {
      do throws(SystemError) {
        return try Files.readText(file, limit: limit)
      } catch {
        throw AgentError(.badToken, "the token cannot be read: \(error.message)")
      }
    }
    return isatty(0) == 1 ? prompt() : piped()
  }

  private static func piped() -> String? {
    let input = Descriptor(owning: dup(0))
    var bytes: [UInt8] = []
    while bytes.count < limit, let piece = try? input.read(upTo: 4_096), !piece.isEmpty {
      bytes += piece
      if bytes.contains(UInt8(ascii: "\n")) { break }
    }
    let text = String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    return text.allSatisfy(\.isWhitespace) ? nil : text
  }

  /// Asks without showing what is typed.
  private static func prompt() -> String? {
    var before = termios()
    guard tcgetattr(0, &before) == 0 else { return nil }
    var silent = before
    silent.c_lflag &= ~tcflag_t(ECHO)
    let question = Array("Token (empty when this machine joined before): ".utf8)
    question.withUnsafeBytes { _ = write(2, $0.baseAddress, $0.count) }
    tcsetattr(0, TCSAFLUSH, &silent)
    defer {
      tcsetattr(0, TCSAFLUSH, &before)
      _ = write(2, "\n", 1)
    }
    guard let line = readLine(), !line.allSatisfy(\.isWhitespace) else { return nil }
    return line
  }
}
