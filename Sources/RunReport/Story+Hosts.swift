import Chronicle
import Coordination
import Presentation
import TuningModel

/// What ran where.
extension Story {
  /// Lanes of the timeline.
  static let mostLanes = 80
  /// Columns in which segments are told apart.
  static let timelineColumns = 480
  /// Segments that say what they are when they are pointed at.
  static let mostNamedSegments = 1500
  /// Interruptions that are marked.
  static let mostGaps = 100

  func hosts() -> Document.Section? {
    guard !chronicle.timeline.lanes.isEmpty, let began = state.startedAt else { return nil }
    // A night in which nobody ran the run is no time in which its slots could have worked.
    let upTime = Timeline.UpTime(from: began.wall.seconds, without: chronicle.timeline.downtimes)
    let lanes = chronicle.timeline.lanes.map { $0.inUpTime(upTime) }
    let until = max(0.001, upTime.seconds(at: state.lastStamp?.wall.seconds ?? began.wall.seconds))
    var blocks: [Document.Block] = [.figures([timelinePicture(lanes, upTime, until)])]
    blocks.append(.table(hostTable(lanes, until)))
    return Document.Section(title: "Hosts and slots", anchor: "hosts", blocks: blocks)
  }

  private struct Shape {
    var name: String
    var text: String
  }

  private static func shape(_ kind: Timeline.Kind?) -> Shape {
    switch kind {
    case .running?: Shape(name: "run", text: "runs")
    case .held?: Shape(name: "held", text: "held at its milestone")
    case .starting?: Shape(name: "start", text: "starts")
    case .moving?: Shape(name: "move", text: "its checkpoint moves")
    case .ending?: Shape(name: "end", text: "ends")
    case nil: Shape(name: "run", text: "several")
    }
  }

  private func timelinePicture(_ lanes: [Timeline.Lane], _ upTime: Timeline.UpTime, _ until: Double) -> Document.Figure
  {
    let shown = Array(lanes.prefix(Self.mostLanes))
    let row = shown.count > 24 ? 13.0 : 20.0
    let longest = min(22, shown.map { ReportText.plain(laneName($0.name), limit: 22).count }.max() ?? 4)
    let (left, width) = (16 + 7.4 * Double(longest), 960.0)
    let bottom = 8 + row * Double(shown.count)
    let inner = width - left - 14
    let pieces = shown.map { lane in
      Timeline.shown(lane, from: 0, to: until, width: Self.timelineColumns)
    }
    let isNamed = pieces.reduce(0) { $0 + $1.count } <= Self.mostNamedSegments
    let title =
      lanes.count > shown.count ? "The first \(shown.count) of \(lanes.count) slots over time" : "What ran in each slot"
    let busy = lanes.map { share(of: $0, until) }.reduce(0, +) / Double(lanes.count)
    let gaps = upTime.gaps.filter { $0.at < until }
    let summary =
      "\(Presentation.count(lanes.count, "slot")) over \(at(until)); a trial was in "
      + "\(lanes.count == 1 ? "it" : "them") \(Presentation.fixed(busy * 100, 0)) % of the time."
      + (gaps.isEmpty
        ? "" : " Time in which no coordinator ran the run is cut out: \(at(gaps.reduce(0) { $0 + $1.length })) in all.")
    let unit = TimeUnit(seconds: until)
    let axis = PlotAxis.linear("time, \(unit.name)", 0...max(1e-9, until / unit.seconds))
    func x(_ time: Double) -> Double { left + time / until * inner }
    var writer = SVGWriter()
    let height = bottom + 42
    writer.group("svg", ["viewBox": "0 0 960 \(SVGWriter.number(height))", "role": "img"]) { writer in
      writer.element("title", [:], text: title)
      writer.element("desc", [:], text: summary)
      for (index, lane) in shown.enumerated() {
        let y = 6 + row * Double(index)
        if row > 15 || index % 2 == 0 {
          writer.element(
            "text", ["x": SVGWriter.number(left - 8), "y": SVGWriter.number(y + row * 0.68), "text-anchor": "end"],
            text: ReportText.plain(laneName(lane.name), limit: 22))
        }
        let absences = absences(lane, upTime, until)
        for absence in absences {
          piece(
            &writer, absence.kind == .absent ? "down" : "away", x(absence.start), x(absence.end), y, row - 3,
            isNamed ? Self.word(absence.kind) : nil)
        }
        for segment in pieces[index] {
          let shape = Self.shape(segment.kind)
          let trial = segment.trial.map { "trial \($0)" } ?? "several trials"
          piece(
            &writer, shape.name, x(segment.start), x(segment.end), y, row - 3,
            isNamed ? "\(trial): \(shape.text), \(at(segment.end - segment.start))" : nil)
        }
      }
      for gap in gaps.prefix(Self.mostGaps) {
        let place = SVGWriter.number(x(gap.at))
        writer.group("path", ["class": "axis cut", "d": "M\(place) 2V\(SVGWriter.number(bottom))"]) {
          $0.element("title", [:], text: "no coordinator ran the run for \(at(gap.length))")
        }
      }
      let line = SVGWriter.number(bottom)
      writer.element(
        "path", ["class": "axis", "d": "M\(SVGWriter.number(left)) \(line)H\(SVGWriter.number(left + inner))"])
      for tick in axis.ticks where tick.value * unit.seconds <= until {
        let place = SVGWriter.number(x(tick.value * unit.seconds))
        writer.element(
          "text", ["x": place, "y": SVGWriter.number(bottom + 17), "text-anchor": "middle"], text: tick.label)
      }
      writer.element(
        "text",
        ["x": SVGWriter.number(left + inner / 2), "y": SVGWriter.number(bottom + 35), "text-anchor": "middle"],
        text: gaps.isEmpty ? "time since the start, \(unit.name)" : "time that the run was up, \(unit.name)")
    }
    let kinds: [Timeline.Kind] = [.running, .held, .starting, .moving, .ending]
    var legend = kinds.filter { kind in pieces.contains { $0.contains { $0.kind == kind } } }.map {
      Document.LegendEntry(mark: Self.shape($0).name, text: Self.shape($0).text)
    }
    if shown.contains(where: { !absences($0, upTime, until).isEmpty }) {
      legend.append(Document.LegendEntry(mark: "down", text: "not there"))
      legend.append(Document.LegendEntry(mark: "away", text: "out of reach, draining or out of use"))
    }
    if !gaps.isEmpty { legend.append(Document.LegendEntry(mark: "cut", text: "nobody ran the run: cut out")) }
    return Document.Figure(title: title, summary: summary, svg: writer.document, legend: legend, isWide: true)
  }

  private func piece(
    _ writer: inout SVGWriter, _ name: String, _ from: Double, _ to: Double, _ y: Double, _ height: Double,
    _ title: String?
  ) {
    // A hairline of ground between neighbours, where there is room for it.
    let width = max(0.6, to - from - (to - from > 3 ? 0.6 : 0))
    if let title {
      writer.group(
        "rect",
        [
          "class": name, "x": SVGWriter.number(from), "y": SVGWriter.number(y), "width": SVGWriter.number(width),
          "height": SVGWriter.number(height),
        ]
      ) { $0.element("title", [:], text: title) }
    } else {
      writer.element(
        "rect",
        [
          "class": name, "x": SVGWriter.number(from), "y": SVGWriter.number(y), "width": SVGWriter.number(width),
          "height": SVGWriter.number(height),
        ])
    }
  }

  private func laneName(_ name: Timeline.LaneName) -> String { "\(name.host)/\(name.slot)" }

  /// - Parameter lane: in the time that the run was up.
  private func absences(_ lane: Timeline.Lane, _ upTime: Timeline.UpTime, _ until: Double) -> [Timeline.Absence] {
    let all = (chronicle.timeline.absences[lane.name.host] ?? []).map { $0.inUpTime(upTime) } + lane.unusable
    return Array(Timeline.shown(all.sorted { $0.start < $1.start }, from: 0, to: until).prefix(200))
  }

  static func word(_ kind: Timeline.AbsenceKind) -> String {
    switch kind {
    case .absent: "not there yet"
    case .suspect: "suspect"
    case .unreachable: "unreachable"
    case .lost: "lost"
    case .draining: "draining"
    case .unusable: "out of use"
    }
  }

  /// The part of the time that the run was up in which a trial was there.
  private func share(of lane: Timeline.Lane, _ until: Double) -> Double {
    lane.segments.reduce(0.0) { $0 + max(0, min($1.end, until) - max($1.start, 0)) } / until
  }

  private func hostTable(_ lanes: [Timeline.Lane], _ until: Double) -> Document.Table {
    var order: [String] = []
    var byHost: [String: [Timeline.Lane]] = [:]
    for lane in lanes {
      if byHost[lane.name.host] == nil { order.append(lane.name.host) }
      byHost[lane.name.host, default: []].append(lane)
    }
    var trials: [String: Set<Int>] = [:]
    var lost: [String: Int] = [:]
    for (index, history) in chronicle.trials.enumerated() {
      for attempt in history.attempts {
        let host = state[AgentID(Int(attempt.agent))]?.name ?? ""
        trials[host, default: []].insert(index)
        if attempt.ending == .lost { lost[host, default: 0] += 1 }
      }
    }
    let hasDevices = lanes.contains { !$0.device.isEmpty }
    let rows = order.prefix(250).map { host -> [Document.Cell] in
      let own = byHost[host] ?? []
      let busy = own.reduce(0.0) { $0 + share(of: $1, until) } / Double(max(1, own.count))
      let devices = own.map(\.device).filter { !$0.isEmpty }
      return [
        Document.Cell(ReportText.plain(host, limit: 60)), "\(own.count)", "\(trials[host]?.count ?? 0)",
        "\(Presentation.fixed(busy * 100, 0)) %", "\(lost[host] ?? 0)",
      ] + (hasDevices ? [Document.Cell(ReportText.plain(ReportText.list(devices, limit: 4), limit: 120))] : [])
    }
    return Document.Table(
      header: ["host", "slots", "trials", "busy", "attempts lost"] + (hasDevices ? ["devices"] : []),
      rows: Array(rows), numeric: [1, 2, 3, 4])
  }
}
