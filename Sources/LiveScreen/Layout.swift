/// Lays a screen out: as many lines as there are rows, none wider than there are columns.
public struct Layout: Sendable {
  public let columns: Int
  public let rows: Int
  public let glyphs: Glyphs

  /// Sizes that no terminal has are taken for the nearest that can be.
  public init(columns: Int, rows: Int, glyphs: Glyphs) {
    self.columns = max(1, min(columns, 1000))
    self.rows = max(1, min(rows, 500))
    self.glyphs = glyphs
  }

  public func picture(_ screen: RunScreen, _ interaction: Interaction) -> [StyledLine] {
    var lines: [StyledLine]
    switch interaction.mode {
    case .help: lines = help()
    default: lines = main(screen, interaction)
    }
    lines = Array(lines.prefix(rows)).map { $0.clipped(to: columns, glyphs) }
    while lines.count < rows { lines.append(StyledLine()) }
    return lines
  }

  /// From the top: what the run is; best, budget, time left, trials; rungs; hosts; what happened last, or what is being
  /// chosen; the keys. What has no room is left out in the reverse order, but for the head, the best value and the keys.
  private func main(_ screen: RunScreen, _ interaction: Interaction) -> [StyledLine] {
    let foot = foot(screen, interaction)
    guard rows > 1 else { return [head(screen)[0]] }
    var lines = Array(head(screen).prefix(max(1, min(2, rows - 3))))
    var left = rows - foot.count - lines.count
    let isOpen = interaction.mode != .main
    let summary = summary(screen, rows: left, isOpen: isOpen)
    lines += summary
    left -= summary.count
    if let panel = panel(screen, interaction, rows: left) {
      // What is chosen comes first; the hosts, of which something may be wanted, share the rest.
      left -= panel.count
      let rungs = ladder(screen, rows: left)
      if left >= rungs.count + min(screen.hosts.count + 1, 6) {
        lines += rungs
        left -= rungs.count
      }
      let hosts = hosts(screen, offset: interaction.hostOffset, rows: left > 3 ? left - 1 : 0)
      lines += hosts
      lines += [StyledLine](repeating: StyledLine(), count: max(0, rows - foot.count - panel.count - lines.count))
      return lines + panel + foot
    }
    let ladder = ladder(screen, rows: left >= 12 ? left / 2 : 1)
    let isRoomy = left >= ladder.count + 8
    if left > ladder.count {
      if isRoomy { lines.append(StyledLine()) }
      lines += ladder
      left -= ladder.count + (isRoomy ? 1 : 0)
    }
    let most = screen.events.isEmpty ? left : max(2, left - max(3, min(screen.events.count + 1, left / 2)))
    var hosts = hosts(screen, offset: interaction.hostOffset, rows: min(left, isRoomy ? most - 1 : most))
    // Events need a title and a line: else the hosts have the room.
    if left - hosts.count < 2 { hosts = self.hosts(screen, offset: interaction.hostOffset, rows: left) }
    if !hosts.isEmpty {
      if isRoomy { lines.append(StyledLine()) }
      lines += hosts
      left -= hosts.count + (isRoomy ? 1 : 0)
    }
    if isRoomy, left > 4 {
      lines.append(StyledLine())
      left -= 1
    }
    lines += events(screen, rows: left)
    lines += [StyledLine](repeating: StyledLine(), count: max(0, rows - foot.count - lines.count))
    return lines + foot
  }

  // MARK: Head and foot

  private func head(_ screen: RunScreen) -> [StyledLine] {
    var line = StyledLine()
    // The date at the end of a run's name tells runs apart, but what it is comes first.
    let rest = " " + screen.status + "  " + screen.time
    let room = max(8, columns - Cells.width(of: rest, glyphs) - 2)
    line.add(StyledLine(screen.run, .title).clipped(to: room, glyphs))
    line.add("  ")
    line.add(screen.status, screen.statusRole)
    line.add("  " + screen.time)
    var second = StyledLine()
    if screen.reason.isEmpty {
      second.add(
        [screen.scheduler, screen.goal, "\(screen.resource) up to \(screen.maximum)"]
          .joined(separator: glyphs.separator), .dim)
    } else {
      second.add(screen.reason, screen.statusRole == .good ? .plain : screen.statusRole)
    }
    return [line, second]
  }

  private func foot(_ screen: RunScreen, _ interaction: Interaction) -> [StyledLine] {
    var keys = StyledLine()
    switch interaction.mode {
    case .choosing:
      for (key, word) in [("\(glyphs.less)\(glyphs.more)", "choose"), ("Enter", "do it"), ("Esc", "back")] {
        keys.add(key, .key)
        keys.add(" \(word)  ")
      }
    case .confirming:
      keys.add("y", .key)
      keys.add(" yes  ")
      keys.add("n", .key)
      keys.add(" no")
    case .asking:
      keys.add("Enter", .key)
      keys.add(" answer  ")
      keys.add("Esc", .key)
      keys.add(" do without")
    case .main, .help:
      for (key, word) in [("q", "detach"), ("p", "pause"), ("s", "stop"), ("d", "drain"), ("?", "help")] {
        keys.add(key, .key)
        keys.add(columns < 44 ? " \(word) " : " \(word)  ")
      }
    }
    keys = keys.trimmed()
    guard let notice = interaction.notice, rows > 3 else { return [keys] }
    return [StyledLine(notice.text, notice.role), keys]
  }

  // MARK: Summary

  private static let labelWidth = 8

  private func labelled(_ label: String, _ line: StyledLine) -> StyledLine {
    var result = StyledLine(label.padding(to: columns < 60 ? 6 : Self.labelWidth), .strong)
    result.add(line)
    return result
  }

  /// Rows below the head from which on the best configuration has a line.
  private static let configurationRows = 18

  /// - Parameter isOpen: something is being chosen or asked, which needs the room.
  private func summary(_ screen: RunScreen, rows: Int, isOpen: Bool) -> [StyledLine] {
    guard rows > 0 else { return [] }
    var lines: [StyledLine] = []
    lines.append(labelled("Best", best(screen)))
    if let text = screen.best?.configuration, !text.isEmpty, !isOpen, rows >= Self.configurationRows, columns >= 60 {
      lines.append(labelled("", StyledLine(text)))
    }
    var left = StyledLine(screen.left)
    if !screen.leftBasis.isEmpty, columns >= 60 || screen.left == "no estimate" {
      left.add(screen.left == "no estimate" ? ": \(screen.leftBasis)" : ", \(screen.leftBasis)", .dim)
    }
    let trials = StyledLine()
    var counted = trials
    for (index, count) in screen.counts.enumerated() {
      counted.add((index == 0 ? "" : ", ") + "\(count.count) ", .plain)
      counted.add(count.word, count.role)
    }
    if screen.counts.isEmpty { counted.add("none yet", .dim) }
    let all = [
      labelled("Left", left), labelled("Trials", counted), labelled(columns < 60 ? "Used" : "Budget", budget(screen)),
    ]
    // On a small screen the newest events say more than the last of these.
    return lines + all.prefix(max(0, min(3, rows - (rows > 6 ? 5 : rows > 3 ? 3 : 2))))
  }

  private func best(_ screen: RunScreen) -> StyledLine {
    guard let best = screen.best else { return StyledLine("no value yet", .dim) }
    var line = StyledLine(best.value, .good)
    line.add("  \(best.detail)")
    let used = line.width(glyphs) + Self.labelWidth + 2
    let room = min(60, columns - used)
    if room >= 6, screen.steps.count > 1 {
      line.add("  ")
      line.add(Sparkline.text(screen.steps, until: screen.stepsEnd, columns: room, glyphs), .good)
    }
    return line
  }

  private func budget(_ screen: RunScreen) -> StyledLine {
    var line = StyledLine()
    let bar = columns >= 90 ? 10 : 0
    for limit in screen.limits {
      if !line.spans.isEmpty { line.add(glyphs.separator, .dim) }
      line.add("\(limit.name) ")
      line.add(limit.used.isEmpty ? limit.limit : "\(limit.used)/\(limit.limit)", .strong)
      guard let share = limit.share, limit.used.isEmpty == false else { continue }
      if bar > 0, screen.limits.count <= 2 { line.add(" " + glyphs.bar(share, columns: bar), .good) }
    }
    if !line.spans.isEmpty { line.add(glyphs.separator, .dim) }
    line.add(screen.spent)
    return line
  }
}

extension String {
  func padding(to columns: Int) -> String {
    count >= columns ? self + " " : self + String(repeating: " ", count: columns - count)
  }

  /// Digits of numbers under each other.
  func aligned(to columns: Int) -> String { String(repeating: " ", count: max(0, columns - count)) + self }
}
