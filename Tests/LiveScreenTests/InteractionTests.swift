import LiveScreen
import Testing

@Suite("Keys")
struct InteractionTests {
  private func press(_ keys: [Key], _ screen: RunScreen) -> (commands: [Command], interaction: Interaction) {
    var interaction = Interaction()
    let commands = keys.compactMap { interaction.press($0, screen) }
    return (commands, interaction)
  }

  @Test("pause a trial that is chosen by its number, and resume one that was paused by hand")
  func pause() throws {
    var screen = try SampleScreens.search()
    let number = try #require(screen.trials.first).number
    let digits = "\(number)".map { Key.character($0) }
    #expect(press([.character("p")] + digits + [.enter], screen).commands == [.order(.pauseTrial(number))])
    #expect(press([.character("p"), .enter], screen).commands == [.order(.pauseTrial(number))])
    #expect(press([.character("p"), .escape, .enter], screen).commands.isEmpty)
    screen.trials[0].isPausedByHand = true
    #expect(press([.character("p")] + digits + [.enter], screen).commands == [.order(.resumeTrial(number))])
  }

  @Test("stop nothing without an answer")
  func stop() throws {
    let screen = try SampleScreens.search()
    let number = try #require(screen.trials.first).number
    #expect(press([.character("s"), .enter], screen).commands.isEmpty)
    #expect(press([.character("s"), .enter, .character("y")], screen).commands == [.order(.stopTrial(number))])
    for key in [Key.character("n"), .escape, .enter, .character("q")] {
      let (commands, interaction) = press([.character("s"), .enter, key, .character("y")], screen)
      #expect(commands.isEmpty && interaction.mode == .main)
    }
    #expect(press([.character("s"), .end, .enter, .character("y")], screen).commands == [.order(.stopRun)])
    #expect(press([.character("p"), .end, .enter, .character("y")], screen).commands == [.order(.pauseRun)])
  }

  @Test("keep what is chosen while the list changes")
  func moving() throws {
    var screen = try SampleScreens.search()
    var interaction = Interaction()
    _ = interaction.press(.character("s"), screen)
    _ = interaction.press(.down, screen)
    _ = interaction.press(.down, screen)
    let chosen = screen.trials[2].number
    screen.trials.removeFirst()
    screen.trials.swapAt(0, 3)
    _ = interaction.press(.enter, screen)
    #expect(interaction.press(.character("y"), screen) == .order(.stopTrial(chosen)))
  }

  @Test("a number that is typed means that trial, whatever others begin with it")
  func exactNumber() throws {
    var screen = try SampleScreens.search()
    for (index, number) in [12, 10, 1, 21].enumerated() { screen.trials[index].number = number }
    screen.trials.removeLast(screen.trials.count - 4)
    for index in screen.trials.indices { screen.trials[index].isPausedByHand = false }
    #expect(
      press([.character("p"), .character("1"), .enter], screen).commands == [.order(.pauseTrial(1))])
    #expect(
      press([.character("p"), .character("1"), .down, .enter], screen).commands == [.order(.pauseTrial(12))])
  }

  @Test("drain a host by a part of its name, and bring one back")
  func drain() throws {
    let screen = try SampleScreens.lab()
    #expect(
      press([.character("d"), .character("u"), .character("2"), .character("9"), .enter], screen).commands
        == [.order(.drainHost("gpu29"))])
    #expect(
      press([.character("d"), .character("g"), .character("p"), .character("u"), .character("1"), .enter], screen)
        .commands == [.order(.returnHost("gpu1"))])
    let (commands, interaction) = press([.character("d"), .character("x"), .enter], screen)
    #expect(commands.isEmpty)
    if case .choosing = interaction.mode {} else { Issue.record("\(interaction.mode)") }
  }

  @Test("ask nothing of a run that takes no commands, and say why")
  func refusal() throws {
    var screen = try SampleScreens.search()
    screen.refusal = "the run is over"
    for key in "psd" {
      let (commands, interaction) = press([.character(key)], screen)
      #expect(commands.isEmpty && interaction.mode == .main && interaction.notice?.text == "the run is over")
    }
    #expect(press([.character("q")], screen).commands == [.leave])
    screen.refusal = nil
    screen.hosts = []
    #expect(press([.character("d")], screen).interaction.notice != nil)
  }

  @Test("answer one question after the other, and show nothing of a secret")
  func secrets() throws {
    let screen = try SampleScreens.search()
    var interaction = Interaction()
    interaction.ask("first")
    interaction.ask("second")
    var answers: [Command] = []
    let keys: [Key] = [.character("q"), .character("x"), .backspace, .character("é"), .enter, .escape, .character("q")]
    for key in keys {
      let layout = Layout(columns: 80, rows: 24, glyphs: Glyphs(isUnicode: true))
      #expect(!layout.picture(screen, interaction).contains { $0.text.contains("qé") })
      if let answer = interaction.press(key, screen) { answers.append(answer) }
    }
    #expect(answers == [.answer("qé"), .answer(nil), .leave])
  }

  @Test("are read in pieces, and an escape alone once nothing follows")
  func reading() {
    var reader = KeyReader()
    #expect(reader.read(Array("qé\r\u{7F}".utf8)) == [.character("q"), .character("é"), .enter, .backspace])
    #expect(reader.read([0x1B]) == [] && reader.isWaiting)
    #expect(reader.read(Array("[A\u{1B}OB\u{1B}[5~\u{1B}[1;5H\u{1B}[200~".utf8)) == [.up, .down, .pageUp, .home])
    #expect(reader.read([0xE6, 0xBC]) == [] && reader.read([0xA2]) == [.character("漢")])
    #expect(reader.read([0x1B]).isEmpty && reader.settle() == [.escape] && !reader.isWaiting)
    #expect(reader.read([0x1B, 0x1B]) == [.escape] && reader.settle() == [.escape])
    #expect(reader.read([0xFF, 0x41, 0x01, 0x00]) == [.character("A")])
    #expect(reader.read([0x1B] + Array("[".utf8) + [UInt8](repeating: 0x30, count: 500)).isEmpty)
    _ = reader.settle()
    #expect(reader.read(Array("x".utf8)) == [.character("x")])
  }

  @Test("never crash, whatever comes")
  func anything() throws {
    let screens = try [SampleScreens.search(), SampleScreens.lab(), SampleScreens.empty, SampleScreens.hostile(3)]
    var generator = SystemRandomNumberGenerator()
    var interaction = Interaction()
    var reader = KeyReader()
    for round in 0..<3000 {
      let bytes = (0..<Int.random(in: 1...4, using: &generator)).map { _ in
        [
          0x1B, 0x5B, 0x41, 0x42, 0x70, 0x73, 0x64, 0x3F, 0x0D, 0x79, 0x31,
          UInt8.random(in: 0...255, using: &generator),
        ]
        .randomElement(using: &generator) ?? 0
      }
      let screen = screens[round % screens.count]
      if round % 97 == 0 { interaction.ask("question") }
      for key in reader.read(bytes) { _ = interaction.press(key, screen) }
      let layout = Layout(columns: 1 + round % 120, rows: 1 + round % 40, glyphs: Glyphs(isUnicode: round % 2 == 0))
      #expect(layout.picture(screen, interaction).count == 1 + round % 40)
    }
  }
}
