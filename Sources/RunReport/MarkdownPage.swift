/// A document as Markdown with tables, as GitHub and GitLab show it. Plots are told in words.
struct MarkdownPage {
  let document: ReportDocument

  var text: String {
    var lines = ["# \(Self.escaped(document.title))", "", Self.escaped(document.subtitle), ""]
    lines += ["| \(document.tiles.map { Self.escaped($0.title) }.joined(separator: " | ")) |"]
    lines += ["|\(String(repeating: " --- |", count: document.tiles.count))"]
    lines += ["| \(document.tiles.map { Self.escaped($0.value) }.joined(separator: " | ")) |", ""]
    for section in document.sections {
      lines += ["## \(Self.escaped(section.title))", ""]
      for block in section.blocks { write(block, &lines) }
    }
    lines += ["---", "", Self.escaped(document.foot), ""]
    return lines.joined(separator: "\n")
  }

  private func write(_ block: ReportDocument.Block, _ lines: inout [String]) {
    switch block {
    case .paragraph(let text): lines += [Self.escaped(text), ""]
    case .code(let text):
      // Longer than any row of marks in the text.
      var fence = "```"
      while text.contains(fence) { fence += "`" }
      lines += [fence + "text", text, fence, ""]
    case .figures(let figures):
      for figure in figures where !figure.isSeenAlone {
        lines += ["**\(Self.escaped(figure.title)).** \(Self.escaped(figure.summary))", ""]
      }
    case .folded(let title, let blocks):
      lines += ["### \(Self.escaped(title))", ""]
      for block in blocks { write(block, &lines) }
    case .table(let table):
      lines.append("| \(table.header.map(Self.escaped).joined(separator: " | ")) |")
      lines.append(
        "|" + table.header.indices.map { table.numeric.contains($0) ? " ---: |" : " --- |" }.joined())
      for (index, row) in table.rows.enumerated() {
        let cells = row.map {
          index == table.marked && !$0.text.isEmpty ? "**\(Self.escaped($0.text))**" : Self.escaped($0.text)
        }
        lines.append("| \(cells.joined(separator: " | ")) |")
      }
      lines.append("")
    }
  }

  /// Text that is no markup: not of Markdown, and no HTML either.
  static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\\", "`", "*", "_", "{", "}", "[", "]", "<", ">", "#", "|", "~", "&", "!", "$":
        result += "\\"
        result.unicodeScalars.append(scalar)
      case "\n", "\r": result += " "
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
