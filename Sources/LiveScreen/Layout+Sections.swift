extension Layout {
  // MARK: Rungs

  /// A line for each rung where there is room, else all in one.
  func ladder(_ screen: RunScreen, rows: Int) -> [StyledLine] {
    guard !screen.brackets.isEmpty, rows > 0 else { return [] }
    let needed = screen.brackets.reduce(0) { $0 + $1.rungs.count + 1 }
    guard rows >= needed else { return screen.brackets.prefix(rows).enumerated().map { compact($1, $0, screen) } }
    var lines: [StyledLine] = []
    for (index, bracket) in screen.brackets.enumerated() {
      var title = StyledLine(screen.brackets.count > 1 ? "Rungs of bracket \(index)" : "Rungs", .strong)
      title.add("  current maximum ", .dim)
      title.add("\(bracket.maximum)", .strong)
      title.add(bracket.maximum < screen.maximum ? " of \(screen.maximum)" : "", .dim)
      lines.append(title)
      lines += bracket.rungs.map { rung($0, bracket, screen) }
    }
    return lines
  }

  private func compact(_ bracket: RunScreen.Bracket, _ index: Int, _ screen: RunScreen) -> StyledLine {
    var line = StyledLine(screen.brackets.count > 1 ? "Rungs \(index) " : "Rungs ", .strong)
    for rung in bracket.rungs {
      line.add(rung.level == bracket.maximum ? " \(glyphs.pointer)" : " ", .strong)
      line.add("\(rung.level): ", rung.level > bracket.maximum ? .dim : .plain)
      line.add("\(rung.trials)", rung.level > bracket.maximum ? .dim : .strong)
    }
    line.add("  maximum \(bracket.maximum)" + (bracket.maximum < screen.maximum ? " of \(screen.maximum)" : ""), .dim)
    return line
  }

  private func rung(_ rung: RunScreen.Rung, _ bracket: RunScreen.Bracket, _ screen: RunScreen) -> StyledLine {
    let most = bracket.rungs.map(\.trials).max() ?? 0
    let digits = max(3, "\(screen.maximum)".count)
    let isOpen = rung.level <= bracket.maximum
    var line = StyledLine(rung.level == bracket.maximum ? " \(glyphs.pointer)" : "  ", .strong)
    line.add("\(rung.level)".aligned(to: digits), isOpen ? .plain : .dim)
    line.add("\(rung.trials)".aligned(to: 6) + " ", isOpen ? .strong : .dim)
    let bar = max(6, min(30, columns - 52))
    let length = most == 0 ? 0 : Int((Double(rung.trials) / Double(most) * Double(bar)).rounded(.up))
    line.add(glyphs.bar(1, columns: length), .good)
    line.add(String(repeating: " ", count: bar - length))
    var words: [String] = []
    if rung.promoted > 0 { words.append("\(rung.promoted) promoted") }
    if rung.running > 0 { words.append("\(rung.running) on the way") }
    line.add("  " + words.joined(separator: ", "), isOpen ? .plain : .dim)
    if let best = rung.best, columns >= 80 { line.add((words.isEmpty ? "" : ", ") + "best \(best)", .dim) }
    return line
  }

  // MARK: Hosts

  /// The hosts from `offset` on, as far as there are rows.
  func hosts(_ screen: RunScreen, offset: Int, rows: Int) -> [StyledLine] {
    guard rows > 0, !screen.hosts.isEmpty else { return [] }
    var title = StyledLine("Hosts", .strong)
    title.add("  \(screen.hostSummary)", .dim)
    guard rows > 1 else { return [title] }
    let nameWidth = min(
      max(8, columns / 4), max(4, screen.hosts.map { Cells.width(of: $0.name, glyphs) }.max() ?? 0))
    var lines: [StyledLine] = []
    var shown = 0
    let first = min(max(0, offset), screen.hosts.count - 1)
    for host in screen.hosts[first...] {
      let own = self.host(host, nameWidth: nameWidth)
      // A row is kept for what is said of the others.
      let isLast = first + shown == screen.hosts.count - 1
      let room = rows - 1 - lines.count - (isLast ? 0 : 1)
      guard own.count <= room else {
        if shown == 0 {
          lines += own.prefix(max(1, room))
          shown = 1
        }
        break
      }
      lines += own
      shown += 1
    }
    let after = screen.hosts.count - first - shown
    if first > 0 || after > 0 {
      title.add(
        (first > 0 ? "  \(glyphs.less) \(first) above" : "") + (after > 0 ? "  \(glyphs.more) \(after) below" : ""))
    }
    return [title] + lines.prefix(rows - 1)
  }

  private func host(_ host: RunScreen.Host, nameWidth: Int) -> [StyledLine] {
    var line = StyledLine("  ")
    line.add(StyledLine(host.name, .plain).padded(to: nameWidth, glyphs))
    line.add("  ")
    line.add(host.state, host.role)
    let indent = columns < 60 ? 4 : nameWidth + 4
    var lines: [StyledLine] = []
    if !host.note.isEmpty {
      line.add(": ", .dim)
      line.add(host.note.replacing("\n", with: " "), .dim)
      lines.append(line)
      line = StyledLine(String(repeating: " ", count: indent))
      if host.slots.isEmpty { return lines }
    } else if columns < 60, !host.slots.isEmpty {
      lines.append(line)
      line = StyledLine(String(repeating: " ", count: indent))
    } else {
      line.add("  ")
    }
    var isEmpty = true
    for (index, slot) in host.slots.enumerated() {
      let cell = self.slot(slot, index)
      if !isEmpty, line.width(glyphs) + cell.width(glyphs) + 2 > columns {
        lines.append(line)
        line = StyledLine(String(repeating: " ", count: indent))
        isEmpty = true
      }
      if !isEmpty { line.add("  ") }
      line.add(cell)
      isEmpty = false
    }
    return lines + [line]
  }

  /// `0: trial 12 epoch 3/9`, in little room `0:#12 3/9`.
  private func slot(_ slot: RunScreen.Slot, _ index: Int) -> StyledLine {
    var line = StyledLine("\(index):", .dim)
    guard let trial = slot.trial else {
      line.add(slot.phase == .unusable ? "unusable" : "idle", slot.phase == .unusable ? .warning : .dim)
      return line
    }
    line.add("#\(trial)", .strong)
    let way = " \(slot.resource)/\(slot.milestone)"
    switch slot.phase {
    case .running: line.add(way)
    case .held: line.add(way + " held", .dim)
    case .starting: line.add(" starts", .dim)
    case .moving: line.add(" moves here", .dim)
    case .ending: line.add(way + " ends", .dim)
    case .idle, .unusable: break
    }
    if columns >= 100, let value = slot.value, slot.phase == .running { line.add(" \(value)", .dim) }
    return line
  }

  // MARK: Events

  /// The newest at the bottom; long ones on two lines.
  func events(_ screen: RunScreen, rows: Int) -> [StyledLine] {
    guard rows > 0 else { return [] }
    let title = StyledLine("Events", .strong)
    guard rows > 1, !screen.events.isEmpty else { return rows > 1 ? [title, StyledLine("  none yet", .dim)] : [] }
    var lines: [StyledLine] = []
    for event in screen.events.reversed() {
      let own = self.event(event)
      guard own.count <= rows - 1 - lines.count else {
        if lines.isEmpty { lines = Array(own.prefix(rows - 1)) }
        break
      }
      lines = own + lines
    }
    return [title] + lines
  }

  private func event(_ event: RunScreen.Event) -> [StyledLine] {
    let clock = columns < 60 ? String(event.clock.prefix(5)) : event.clock
    var lines: [StyledLine] = []
    let indent = 2 + clock.count + 1
    for part in event.text.split(separator: "\n").prefix(3) {
      for piece in wrapped(String(part), columns: columns - indent, limit: columns < 100 ? 3 : 2) {
        var line = lines.isEmpty ? StyledLine("  \(clock) ", .dim) : StyledLine(String(repeating: " ", count: indent))
        line.add(piece, event.role)
        lines.append(line)
      }
    }
    return lines
  }

  /// The text broken at spaces; what is left after so many lines is cut off.
  func wrapped(_ text: String, columns: Int, limit: Int) -> [String] {
    guard columns > 4 else { return [text] }
    var lines: [String] = []
    var line = ""
    var width = 0
    let words = text.split(separator: " ", omittingEmptySubsequences: true)
    for (index, word) in words.enumerated() {
      let own = Cells.width(of: String(word), glyphs)
      if !line.isEmpty, width + 1 + own > columns {
        if lines.count == limit - 1 {
          // The rest is clipped with a sign of it.
          return lines + [line + " " + words[index...].joined(separator: " ")]
        }
        lines.append(line)
        (line, width) = ("", 0)
      }
      if !line.isEmpty {
        line += " "
        width += 1
      }
      line += word
      width += own
    }
    return line.isEmpty ? lines : lines + [line]
  }
}
