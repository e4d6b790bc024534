import Presentation

/// A document as one HTML file: no script, nothing from outside.
struct HTMLPage {
  let document: ReportDocument

  var text: String {
    var lines = [
      "<!DOCTYPE html>", "<html lang=\"en\">", "<head>", "<meta charset=\"utf-8\">",
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">",
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">",
      "<meta name=\"referrer\" content=\"no-referrer\">", "<title>\(escaped(document.title))</title>",
      "<style>", PageStyle.text(levels: document.levels), "</style>", "</head>", "<body>", "<header>",
      "<h1><bdi>\(escaped(document.title))</bdi></h1>", "<p class=\"subtitle\">\(escaped(document.subtitle))</p>",
    ]
    lines.append("<dl class=\"tiles\">")
    for tile in document.tiles {
      lines.append(
        "<div><dt>\(escaped(tile.title))</dt><dd>\(escaped(tile.value))</dd>"
          + (tile.note.isEmpty ? "" : "<dd class=\"note\">\(escaped(tile.note))</dd>") + "</div>")
    }
    lines += ["</dl>", "<nav><ul>"]
    for section in document.sections {
      lines.append("<li><a href=\"#\(escaped(section.anchor))\">\(escaped(section.title))</a></li>")
    }
    lines += ["</ul></nav>", "</header>", "<main>"]
    for section in document.sections {
      lines.append("<section id=\"\(escaped(section.anchor))\">")
      lines.append("<h2>\(escaped(section.title))</h2>")
      for block in section.blocks { write(block, &lines) }
      lines.append("</section>")
    }
    lines += ["</main>", "<footer><p>\(escaped(document.foot))</p></footer>", "</body>", "</html>", ""]
    return lines.joined(separator: "\n")
  }

  private func escaped(_ text: String) -> String { SVGWriter.escaped(text) }

  private func write(_ block: ReportDocument.Block, _ lines: inout [String]) {
    switch block {
    case .paragraph(let text): lines.append("<p>\(escaped(text))</p>")
    case .table(let table): write(table, &lines)
    case .code(let text):
      let body = text.split(separator: "\n", omittingEmptySubsequences: false).map { escaped(String($0)) }
      lines.append("<pre>\(body.joined(separator: "\n"))</pre>")
    case .figures(let figures):
      lines.append("<div class=\"figures\">")
      for figure in figures { write(figure, &lines) }
      lines.append("</div>")
    case .folded(let title, let blocks):
      lines.append("<details><summary>\(escaped(title))</summary>")
      for block in blocks { write(block, &lines) }
      lines.append("</details>")
    }
  }

  private func write(_ table: ReportDocument.Table, _ lines: inout [String]) {
    func name(_ column: Int) -> String { table.numeric.contains(column) ? " class=\"number\"" : "" }
    lines.append("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"table\"><table>")
    let heads = table.header.enumerated().map { "<th scope=\"col\"\(name($0))>\(escaped($1))</th>" }
    lines.append("<thead><tr>\(heads.joined())</tr></thead><tbody>")
    for (index, row) in table.rows.enumerated() {
      let cells = row.enumerated().map { column, cell in
        let mark = cell.level.map { "<i class=\"mark b\($0)\"></i>" } ?? ""
        return "<td\(name(column))>\(mark)<bdi>\(escaped(cell.text))</bdi></td>"
      }
      lines.append("<tr\(index == table.marked ? " class=\"marked\"" : "")>\(cells.joined())</tr>")
    }
    lines.append("</tbody></table></div>")
  }

  private func write(_ figure: ReportDocument.Figure, _ lines: inout [String]) {
    lines.append("<figure\(figure.isWide ? " class=\"wide\"" : "")>")
    lines.append("<figcaption>\(escaped(figure.title))</figcaption>")
    if !figure.legend.isEmpty {
      let entries = figure.legend.map { "<li><i class=\"mark \(escaped($0.mark))\"></i>\(escaped($0.text))</li>" }
      lines.append("<ul class=\"legend\">\(entries.joined())</ul>")
    }
    lines.append("<div class=\"plot\">\(figure.svg)</div>")
    if let note = figure.note { lines.append("<p class=\"note\">\(escaped(note))</p>") }
    lines.append("</figure>")
  }
}
