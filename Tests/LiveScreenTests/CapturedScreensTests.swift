import Foundation
import LiveScreen
import TestSupport
import Testing

/// Screens as they were looked at, in `Tests/Fixtures/screens`. PASHA_REWRITE_SCREENS=1 writes them anew.
@Suite("Captured screens")
struct CapturedScreensTests {
  static let sizes = [(100, 32), (80, 24), (60, 15), (40, 24), (40, 10), (132, 50)]

  private func check(
    _ name: String, _ screen: RunScreen, _ interaction: Interaction, _ size: (Int, Int), isUnicode: Bool = true
  ) throws {
    let layout = Layout(columns: size.0, rows: size.1, glyphs: Glyphs(isUnicode: isUnicode))
    let text = layout.picture(screen, interaction).map(\.text).joined(separator: "\n") + "\n"
    let file = repositoryRoot().appendingPathComponent(
      "Tests/Fixtures/screens/\(name)-\(size.0)x\(size.1)\(isUnicode ? "" : "-ascii").txt")
    if ProcessInfo.processInfo.environment["PASHA_REWRITE_SCREENS"] == "1" {
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try text.write(to: file, atomically: true, encoding: .utf8)
      return
    }
    let wanted = try String(contentsOf: file, encoding: .utf8)
    #expect(text == wanted, "\(file.lastPathComponent)")
  }

  @Test("of a search in the middle", arguments: sizes)
  func search(size: (Int, Int)) throws {
    try check("search", SampleScreens.search(), Interaction(), size)
  }

  @Test("in ASCII")
  func ascii() throws {
    try check("search", SampleScreens.search(), Interaction(), (80, 24), isUnicode: false)
    try check("lab", SampleScreens.lab(), Interaction(), (100, 32), isUnicode: false)
  }

  @Test("of a lab of thirty hosts", arguments: [(132, 50), (80, 24), (40, 24)])
  func lab(size: (Int, Int)) throws {
    try check("lab", SampleScreens.lab(), Interaction(), size)
  }

  @Test("of a run that has just begun, and of one that nobody runs")
  func edges() throws {
    try check("begun", SampleScreens.empty, Interaction(), (80, 24))
    try check("interrupted", SampleScreens.search(presence: .none), Interaction(), (80, 24))
    try check("ended", SampleScreens.search(part: 1), Interaction(), (80, 24))
  }

  @Test("with what keys open", arguments: [(80, 24), (40, 12)])
  func panels(size: (Int, Int)) throws {
    let screen = try SampleScreens.lab()
    for (name, keys) in [
      ("help", [Key.character("?")]), ("pause", [.character("p"), .down]), ("stop", [.character("s"), .end, .enter]),
      ("drain", [.character("d"), .character("2")]),
    ] {
      var interaction = Interaction()
      for key in keys { _ = interaction.press(key, screen) }
      try check(name, screen, interaction, size)
    }
    var asking = Interaction()
    asking.ask("passphrase of /home/bob/.ssh/id_ed25519:")
    for key in "secret" { _ = asking.press(.character(key), screen) }
    try check("asking", screen, asking, size)
  }
}
