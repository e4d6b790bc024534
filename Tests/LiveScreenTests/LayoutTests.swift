import Foundation
import TestSupport
import Testing

@testable import LiveScreen

@Suite("The layout")
struct LayoutTests {
  /// What a terminal may be given beside text that is shown.
  private func isShown(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: false
    default: true
    }
  }

  private func check(_ picture: [StyledLine], _ columns: Int, _ rows: Int, isUnicode: Bool) {
    #expect(picture.count == rows)
    for line in picture {
      let width = line.text.unicodeScalars.reduce(0) { $0 + VirtualScreen.width($1) }
      #expect(width <= columns, "\(columns)x\(rows): \(line.text)")
      #expect(line.text.unicodeScalars.allSatisfy { isShown($0) && (isUnicode || $0.isASCII) }, "\(line.text)")
    }
  }

  @Test("never leaves the screen, whatever size it has and whatever names hold")
  func fits() throws {
    let screens =
      try [SampleScreens.search(), SampleScreens.lab(), SampleScreens.empty]
      + (0..<4).map { try SampleScreens.hostile($0) }
    for (number, screen) in screens.enumerated() {
      for columns in [1, 2, 7, 12, 20, 39, 40, 41, 59, 60, 79, 80, 99, 100, 133, 250] {
        for rows in [1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 24, 33, 60] {
          for keys in ["", "?", "p", "s", "d"] {
            var interaction = Interaction()
            interaction.say("something was done", .warning)
            if let key = keys.first { _ = interaction.press(.character(key), screen) }
            let isUnicode = (number + columns + rows) % 3 != 0
            let layout = Layout(columns: columns, rows: rows, glyphs: Glyphs(isUnicode: isUnicode))
            check(layout.picture(screen, interaction), columns, rows, isUnicode: isUnicode)
          }
        }
      }
    }
  }

  @Test("has the keys in its last row, from 40 columns on whole")
  func keys() throws {
    let screen = try SampleScreens.search()
    for columns in [40, 60, 80, 200] {
      for rows in [2, 3, 4, 5, 10, 24, 50] {
        let layout = Layout(columns: columns, rows: rows, glyphs: Glyphs(isUnicode: true))
        let last = layout.picture(screen, Interaction()).last?.text ?? ""
        for word in ["q detach", "p pause", "s stop", "d drain", "? help"] {
          #expect(last.contains(word), "\(columns)x\(rows): \(last)")
        }
      }
    }
  }

  @Test("takes no sign for narrower than the C library does")
  func widths() {
    var known = 0
    for value in UInt32(0x20)...0x3_FFFF {
      guard let scalar = Unicode.Scalar(value), Cells.width(of: scalar) > 0 else { continue }
      known += 1
      if Cells.width(of: scalar) < VirtualScreen.width(scalar) { Issue.record("\(String(value, radix: 16))") }
    }
    #expect(known > 100_000)
  }

  @Test("shows wide and marked signs in the room that they take")
  func cells() {
    let glyphs = Glyphs(isUnicode: true)
    #expect(Cells.width(of: "漢字", glyphs) == 4)
    #expect(Cells.width(of: "e\u{301}", glyphs) == 1)
    #expect(StyledLine("漢字漢字").clipped(to: 6, glyphs).text == "漢字…")
    #expect(StyledLine("漢字漢字").clipped(to: 8, glyphs).text == "漢字漢字")
    #expect(StyledLine("abcdef").clipped(to: 3, glyphs).text == "ab…")
    #expect(StyledLine("a\u{1B}[31mb").clipped(to: 20, glyphs).text == "a\u{FFFD}[31mb")
    #expect(StyledLine("→ a…").clipped(to: 20, Glyphs(isUnicode: false)).text == "-> a...")
    #expect(StyledLine("").clipped(to: 0, glyphs).text == "")
  }

  @Test("takes its glyphs from the locale")
  func locale() {
    func glyphs(_ environment: [String: String]) -> Bool { Glyphs { environment[$0] }.isUnicode }
    #expect(glyphs(["LANG": "de_DE.UTF-8"]))
    #expect(glyphs(["LC_CTYPE": "C.utf8", "LANG": "C"]))
    #expect(!glyphs(["LC_ALL": "C", "LANG": "de_DE.UTF-8"]))
    #expect(!glyphs([:]))
  }

  @Test("draws the best value high while it is bad to minimise, and low once it is good")
  func sparkline() {
    let glyphs = Glyphs(isUnicode: true)
    let steps = [(0.0, 9.0), (5, 3), (10, 1)].map { RunScreen.Step(seconds: $0.0, value: $0.1) }
    let text = Sparkline.text(steps, until: 20, columns: 10, glyphs)
    #expect(text.count == 10 && text.first == "█" && text.last == "▁")
    #expect(Sparkline.text([steps[0]], until: 5, columns: 4, glyphs) == "▅▅▅▅")
    #expect(Sparkline.text([], until: 5, columns: 4, glyphs) == "")
    #expect(Sparkline.text([.init(seconds: 0, value: .infinity)], until: 5, columns: 4, glyphs) == "")
  }

  @Test("says times no more exactly than they are known")
  func times() {
    #expect(
      [0, 89, 90, 5300, 5400, 7200, 36_000, 172_800, 1e9].map(RunScreen.brief) == [
        "0 s", "89 s", "2 min", "88 min", "1 h 30 min", "2 h", "10 h", "2 days", "11574 days",
      ])
  }
}
