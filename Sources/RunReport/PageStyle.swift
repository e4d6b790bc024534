/// The style sheet of the page. Colours of rungs go one way in lightness, so that their order shows without colours; texts
/// have a contrast of 4.5 at least in both schemes.
enum PageStyle {
  /// From the lowest rung to the maximum resource, on light and on dark ground: those of the live page.
  private static let light: [[Double]] = [
    [138, 155, 176], [95, 147, 181], [47, 131, 173], [28, 106, 158], [45, 77, 148], [74, 47, 133], [91, 20, 103],
  ]
  private static let dark: [[Double]] = [
    [93, 107, 128], [74, 127, 168], [63, 155, 184], [79, 184, 176], [134, 207, 150], [197, 223, 124], [255, 240, 122],
  ]

  static func text(levels: Int) -> String {
    let marks = (0...levels).map {
      ".s\($0){stroke:var(--g\($0))}.f\($0){fill:var(--g\($0))}.b\($0){background:var(--g\($0))}"
    }
    return ":root{\(base)\(scale(light, levels, none: "#b9c2cd"))}\n"
      + "@media (prefers-color-scheme:dark){:root{\(night)\(scale(dark, levels, none: "#454f5e"))}}\n"
      // Paper is light, whatever the screen is.
      + "@media print{:root{\(base)\(scale(light, levels, none: "#b9c2cd"))}}\n" + marks.joined() + "\n" + rules
  }

  private static func scale(_ colours: [[Double]], _ levels: Int, none: String) -> String {
    var text = "--g0:\(none);"
    for level in 0..<levels {
      let place = levels <= 1 ? 1 : Double(level) / Double(levels - 1)
      let at = place * Double(colours.count - 1)
      let low = min(colours.count - 2, Int(at))
      let part = at - Double(low)
      let mixed = (0..<3).map { Int((colours[low][$0] * (1 - part) + colours[low + 1][$0] * part).rounded()) }
      text += "--g\(level + 1):rgb(\(mixed[0]) \(mixed[1]) \(mixed[2]));"
    }
    return text
  }

  private static let base =
    "color-scheme:light;--ground:#fff;--panel:#f7f8fa;--ink:#17202c;--muted:#4d5866;--line:#dce1e8;--grid:#e8ecf1;"
    + "--accent:#1d4ed0;--best:#b3241c;--run:#2b66cc;--held:#d99000;--move:#9a4fc4;--start:#5b9bdd;--end:#8894a3;"
    + "--away:#f3d9d7;--down:#e3e6ea;"
  private static let night =
    "color-scheme:dark;--ground:#0d1117;--panel:#151a22;--ink:#e7ebf1;--muted:#aab4c1;--line:#28303c;--grid:#1f2631;"
    + "--accent:#82aaff;--best:#ff8f85;--run:#5b93f5;--held:#f0b43c;--move:#c58bea;--start:#3e6ba6;--end:#6b7686;"
    + "--away:#43201e;--down:#20262f;"

  private static let rules = """
    *{box-sizing:border-box}
    body{margin:0 auto;max-width:72rem;padding:1.5rem clamp(1rem,4vw,2.5rem) 3rem;background:var(--ground);color:var(--ink);\
    font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif;overflow-wrap:anywhere}
    h1{font-size:1.6rem;line-height:1.25;margin:0 0 .3rem}
    h2{font-size:1.2rem;margin:2.6rem 0 .8rem;padding-top:.9rem;border-top:1px solid var(--line)}
    p{margin:.5rem 0;max-width:46rem}
    .subtitle{color:var(--muted);margin:0 0 1.2rem}
    .note{color:var(--muted);font-size:.85rem}
    .tiles{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,9.5rem),1fr));gap:.7rem;margin:0 0 1.1rem}
    .tiles div{background:var(--panel);border:1px solid var(--line);border-radius:8px;padding:.6rem .8rem}
    .tiles dt{color:var(--muted);font-size:.8rem}
    .tiles dd{margin:0;font-size:1.2rem;font-weight:650;font-variant-numeric:tabular-nums;line-height:1.3}
    .tiles dd.note{font-size:.8rem;font-weight:400}
    nav ul{list-style:none;display:flex;flex-wrap:wrap;gap:.3rem 1.1rem;margin:0;padding:0;font-size:.9rem}
    a{color:var(--accent)}
    .scroll,.plot{overflow-x:auto}
    .scroll{margin:.8rem 0}
    :focus-visible{outline:2px solid var(--accent);outline-offset:2px}
    table{border-collapse:collapse;font-size:.875rem;font-variant-numeric:tabular-nums;line-height:1.4}
    th{text-align:left;font-weight:600;color:var(--muted);vertical-align:bottom;border-bottom:1px solid var(--line)}
    th,td{padding:.32rem 1.1rem .32rem 0;overflow-wrap:normal}
    td{vertical-align:top;border-bottom:1px solid var(--grid);max-width:34rem}
    td:first-child:not(.number){min-width:8rem}
    th.number,td.number{text-align:right;white-space:nowrap}
    tr.marked td{font-weight:650}
    pre{background:var(--panel);border:1px solid var(--line);border-radius:6px;padding:.6rem .8rem;overflow-x:auto;\
    font:.8rem/1.45 ui-monospace,"SF Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace;margin:.6rem 0}
    .figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,26rem),1fr));gap:1.4rem 2rem;\
    margin:1rem 0;align-items:start}
    figure{margin:0;min-width:0;max-width:44rem;break-inside:avoid}
    figure.wide{grid-column:1/-1;max-width:none}
    figcaption{font-weight:600;font-size:.95rem;margin-bottom:.3rem}
    .legend{list-style:none;display:flex;flex-wrap:wrap;gap:.15rem .9rem;margin:0 0 .3rem;padding:0;font-size:.8rem;\
    color:var(--muted)}
    .mark{display:inline-block;width:.7rem;height:.7rem;border-radius:3px;margin-right:.35rem;vertical-align:-.05rem;\
    -webkit-print-color-adjust:exact;print-color-adjust:exact}
    .plot svg{display:block;width:100%;height:auto}
    figure.wide .plot svg{min-width:40rem}
    svg text{fill:var(--muted);font-size:13px}
    svg .strong{fill:var(--ink)}
    svg .grid{stroke:var(--grid);fill:none}
    svg .level{stroke:var(--line);stroke-dasharray:2 3;fill:none}
    svg .axis{stroke:var(--muted);fill:none}
    svg .cut{stroke-dasharray:4 2}.mark.cut{background:var(--muted)}
    svg .line{fill:none;stroke-linejoin:round;stroke-width:1.3}
    svg .best{stroke:var(--best)}
    svg .bestfill{fill:var(--best)}
    svg .accent{stroke:var(--accent);fill:none;stroke-width:2;stroke-linejoin:round}
    svg .accentfill{fill:var(--accent)}
    svg .ground{stroke:var(--ground)}
    .run{background:var(--run);fill:var(--run)}.held{background:var(--held);fill:var(--held)}
    .move{background:var(--move);fill:var(--move)}.start{background:var(--start);fill:var(--start)}
    .end{background:var(--end);fill:var(--end)}.away{background:var(--away);fill:var(--away)}
    .down{background:var(--down);fill:var(--down)}.bestmark{background:var(--best)}.accentmark{background:var(--accent)}
    details summary{cursor:pointer;color:var(--accent);margin:.6rem 0}
    footer{margin-top:3rem;border-top:1px solid var(--line);color:var(--muted);font-size:.85rem}
    @media print{
    body{max-width:none;padding:0;font-size:10.5pt}
    nav,details:not([open]){display:none}
    .scroll,.plot,pre{overflow:visible}
    pre{white-space:pre-wrap}
    h2{break-after:avoid}
    tr{break-inside:avoid}
    .figures{grid-template-columns:1fr 1fr}
    figure.wide .plot svg{min-width:0}
    svg *{-webkit-print-color-adjust:exact;print-color-adjust:exact}
    }
    """
}
