extension Layout {
  /// What stands in place of the events while something is chosen, asked or confirmed; nil: nothing is.
  func panel(_ screen: RunScreen, _ interaction: Interaction, rows: Int) -> [StyledLine]? {
    switch interaction.mode {
    case .main, .help: return nil
    case .choosing(let choosing): return list(choosing, screen, rows: max(2, min(rows, max(6, self.rows / 2))))
    case .confirming(_, let question):
      var line = StyledLine(question, .warning)
      line.add("  y or n?", .strong)
      return [rule(), line]
    case .asking(let question, let typed):
      let mask = String(repeating: glyphs.mask, count: min(typed.count, max(0, columns - 12)))
      return [rule()] + wrapped(question, columns: columns, limit: 3).map { StyledLine($0, .strong) } + [
        StyledLine("> " + mask)
      ]
    }
  }

  private func rule() -> StyledLine { StyledLine(String(repeating: glyphs.line, count: columns), .dim) }

  private func list(_ choosing: Choosing, _ screen: RunScreen, rows: Int) -> [StyledLine] {
    let choices = choosing.choices(screen)
    var title = StyledLine(choosing.kind.title, .strong)
    if choosing.typed.isEmpty {
      title.add("  type a number or name", .dim)
    } else {
      title.add("  \(choosing.typed)", .key)
      if choices.isEmpty { title.add("  there is none", .warning) }
    }
    let room = rows - 2
    let place = choosing.place(in: choices)
    let first = max(0, min(place - room / 2, choices.count - room))
    var lines = rows > 2 ? [rule(), title] : [title]
    for (index, choice) in choices.enumerated().dropFirst(first).prefix(max(1, room)) {
      var line = StyledLine()
      line.add(index == place ? "\(glyphs.pointer) " : "  ", index == place ? .selected : .plain)
      line.add(choice.text, index == place ? .selected : .plain)
      lines.append(line)
    }
    return lines
  }

  func help() -> [StyledLine] {
    let keys: [(String, String)] = [
      ("q", "leave the view; the run goes on, and `pasha-coord attach` shows it again"),
      (
        "p",
        "pause a trial or the whole run (asks first); let a trial go on that was paused by hand"
      ),
      ("s", "stop a trial or the run for good (asks first)"),
      ("d", "drain a host: it gets no new trials; or bring one back"),
      ("\(glyphs.less) \(glyphs.more)", "scroll the hosts; also page up and down, home, end"),
      ("Ctrl-C", "where the run was started: pause it; elsewhere: leave"),
      ("Ctrl-Z", "put the view aside; `fg` brings it back"),
      ("?", "this help; any key leaves it"),
    ]
    let signs: [(String, String)] = [
      ("#12 3/9", "trial 12 has done 3 of the 9 that it runs to now"),
      ("held", "at its milestone, alive, waiting for what is decided"),
      ("\(glyphs.pointer) 9", "the rung up to which trials are promoted at present"),
      ("Left", "from the limits and the pace; in brackets what holds four times in five"),
    ]
    var lines = [StyledLine("Keys", .title)]
    for (key, text) in keys { lines += entry(key, text) }
    lines += [StyledLine(), StyledLine("Signs", .title)]
    for (sign, text) in signs { lines += entry(sign, text) }
    return lines
  }

  private func entry(_ key: String, _ text: String) -> [StyledLine] {
    let indent = 10
    return wrapped(text, columns: columns - indent, limit: 4).enumerated().map { index, piece in
      var line = StyledLine("  " + (index == 0 ? key : "").padding(to: indent - 2), .key)
      line.add(piece)
      return line
    }
  }
}
