import TestSupport
import Testing

@testable import LiveScreen

@Suite("Frames")
struct FrameWriterTests {
  @Test("show on a terminal what the layout has, from any picture to any other", arguments: [true, false])
  func frames(isUnicode: Bool) throws {
    let glyphs = Glyphs(isUnicode: isUnicode)
    var writer = FrameWriter(palette: FrameWriter.Palette(hasColour: isUnicode))
    var terminal = VirtualScreen(columns: 80, rows: 24)
    terminal.take(Array("a shell\r\n$ ".utf8))
    let before = terminal.text
    terminal.take(Array(FrameWriter.enter.utf8))
    #expect(terminal.isAlternate && !terminal.hasCursor)
    var size = (columns: 80, rows: 24)
    let screens =
      try [SampleScreens.empty, SampleScreens.search(part: 0.2), SampleScreens.search(), SampleScreens.lab()]
      + (0..<6).map { try SampleScreens.hostile($0) }
    for (number, screen) in (screens + screens.reversed()).enumerated() {
      if number % 4 == 3 {
        size = [(80, 24), (40, 10), (133, 40), (17, 5)][number / 4 % 4]
        terminal.resize(columns: size.columns, rows: size.rows)
      }
      let picture = Layout(columns: size.columns, rows: size.rows, glyphs: glyphs).picture(screen, Interaction())
      let bytes = writer.bytes(for: picture, columns: size.columns, glyphs: glyphs)
      terminal.take(bytes)
      // Marks and signs put together count as one character on one side alone.
      let wanted = picture.map { line in
        var text = line.text
        while text.hasSuffix(" ") { text.removeLast() }
        return Array(text.unicodeScalars)
      }
      #expect(terminal.lines.map { Array($0.unicodeScalars) } == wanted)
      #expect(writer.bytes(for: picture, columns: size.columns, glyphs: glyphs).isEmpty)
    }
    #expect(terminal.faults.isEmpty, "\(terminal.faults.prefix(5))")
    let colours = terminal.looks.filter { $0.split(separator: ";").contains { $0.count == 2 } }
    #expect(colours.isEmpty == !isUnicode, "\(terminal.looks)")
    terminal.take(Array(FrameWriter.leave.utf8))
    terminal.resize(columns: 80, rows: 24)
    #expect(!terminal.isAlternate && terminal.hasCursor && terminal.text.hasPrefix(before.prefix(7)))
  }
}
