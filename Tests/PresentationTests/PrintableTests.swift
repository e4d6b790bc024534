import Coordination
import Presentation
import Testing
import TuningModel

@Suite("Texts of others on a terminal")
struct PrintableTests {
  @Test("signs that steer, turn the direction of writing or hide show as what they are")
  func printable() {
    #expect(Presentation.printable("a\u{1B}[31m\u{9B}b\tc\n") == "a\u{FFFD}[31m\u{FFFD}b c\u{FFFD}")
    let hidden: [Unicode.Scalar] = [
      "\u{202A}", "\u{202B}", "\u{202C}", "\u{202D}", "\u{202E}", "\u{2066}", "\u{2067}", "\u{2068}", "\u{2069}",
      "\u{200E}", "\u{200F}", "\u{061C}", "\u{200B}", "\u{2028}", "\u{2029}", "\u{2060}", "\u{FEFF}", "\u{AD}",
      "\u{E0041}",
    ]
    for scalar in hidden { #expect(Presentation.printable("x\(scalar)y") == "x\u{FFFD}y", "\(scalar.value)") }
    // Joiners stay where they join, and hide nothing between letters of ASCII.
    #expect(Presentation.printable("👩\u{200D}👧 می\u{200C}خواهم") == "👩\u{200D}👧 می\u{200C}خواهم")
    #expect(Presentation.printable("ad\u{200C}m\u{200D}in") == "ad\u{FFFD}m\u{FFFD}in")
    #expect(Presentation.printable("a\nb", keepsNewlines: true) == "a\nb")
  }

  private func shown(_ pieces: [String]) -> String {
    var log = TerminalLog()
    var bytes: [UInt8] = []
    for piece in pieces { bytes += log.shown(Array(piece.utf8)) }
    return String(decoding: bytes + log.finish(), as: UTF8.self)
  }

  @Test("a log on a terminal keeps tabs, ends of lines, carriage returns and colours, and nothing else that steers")
  func log() {
    #expect(shown(["loss\t0.5\r\n50 %\r100 %\n"]) == "loss\t0.5\r\n50 %\r100 %\n")
    #expect(shown(["\u{1B}[1;31mred\u{1B}[0m"]) == "\u{1B}[1;31mred\u{1B}[0m\u{1B}[0m")
    #expect(shown(["\u{1B}[38;5;8mgrey"]) == "\u{1B}[38;5;8mgrey\u{1B}[0m")
    #expect(shown(["\u{1B}[8mhidden"]) == "^[[8mhidden")
    #expect(shown(["\u{1B}[2J\u{1B}]0;owned\u{07}\u{08}\u{7F}\u{1B}c"]) == "^[[2J^[]0;owned^G^H^?^[c")
    #expect(shown(["\u{9B}31m\u{202E}evil\u{2066}"]) == "<U+009B>31m<U+202E>evil<U+2066>")
    #expect(shown(["é 漢字 👩\u{200D}👧 a\u{200D}b"]) == "é 漢字 👩\u{200D}👧 a<U+200D>b")
  }

  @Test("a log is shown the same however it is cut into pieces")
  func pieces() {
    let text = "é\u{1B}[1;31mrød\u{1B}[0m 漢\u{1B}[2Jx\u{202E}👩\u{1B}"
    let bytes = Array(text.utf8) + [0xE6, 0xFF, 0x41, 0xC3]
    func shown(_ length: Int) -> [UInt8] {
      var log = TerminalLog()
      var result: [UInt8] = []
      for start in stride(from: 0, to: bytes.count, by: length) {
        result += log.shown(Array(bytes[start..<min(bytes.count, start + length)]))
      }
      return result + log.finish()
    }
    let whole = shown(bytes.count)
    #expect(!whole.contains(0x1B) || String(decoding: whole, as: UTF8.self).contains("^[[2Jx<U+202E>"))
    for length in 1..<12 { #expect(shown(length) == whole, "\(length)") }
    // A sequence without an end is held back no longer than one may be.
    #expect(self.shown(["\u{1B}[" + String(repeating: "1;", count: 200)]).hasPrefix("^[[1;1;"))
  }

  @Test("a target's trouble is said once, again when it changes, and when it is over; at the end what was not told")
  func troubles() {
    var troubles = TargetTroubles(name: "the webhook at h")
    #expect(troubles.note(nil) == nil)
    #expect(troubles.note("cannot be reached: after 12 ms") == "the webhook at h: cannot be reached: after 12 ms")
    #expect(troubles.note("cannot be reached: after 15 ms") == nil)
    #expect(troubles.note("answered with 503") == "the webhook at h: answered with 503")
    #expect(troubles.note("answered with 500") == "the webhook at h: answered with 500")
    #expect(troubles.note(nil) == "the webhook at h takes messages again")
    #expect(troubles.note(nil) == nil)
    #expect(troubles.finish(waiting: []) == nil)
    troubles.giveUp(.newBest)
    troubles.giveUp(.newBest)
    #expect(
      troubles.finish(waiting: [.finish])
        == "the webhook at h: 3 messages were not delivered (2 of new_best, 1 of finish)")
  }
}
