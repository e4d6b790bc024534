import Chronicle
import Coordination
import Presentation
import SearchSpace
import TuningModel

/// The space, and which hyperparameters mattered.
extension Story {
  /// Hyperparameters with a plot of their own.
  static let mostScatters = 6

  mutating func parameters() -> Document.Section? {
    let domains = experiment.space.domains
    guard !domains.isEmpty else { return nil }
    var blocks: [Document.Block] = []
    var figures: [Document.Figure] = []
    if !importance.shares.isEmpty {
      figures.append(importancePicture())
      blocks.append(.paragraph(importanceText()))
    } else if let note = importanceNote {
      blocks.append(.paragraph("Which hyperparameters matter cannot be said: \(note)."))
    }
    let order = importance.shares.map(\.name) + domains.map(\.name)
    var seen: Set<String> = []
    let names = order.filter { seen.insert($0).inserted }
    if !ranking.isEmpty {
      let dots = chronicle.results(limit: Self.mostDots)
      for name in names.prefix(Self.mostScatters) {
        if case .domain(let domain)? = experiment.space[name], domain.count != 1 {
          figures.append(scatter(name, domain, dots))
        }
      }
    }
    if !figures.isEmpty { blocks.append(.figures(figures)) }
    blocks.append(.table(spaceTable()))
    return Document.Section(title: "Hyperparameters", anchor: "parameters", blocks: blocks)
  }

  private var importanceNote: String? {
    switch importance.note {
    case nil: nil
    case .tooFew?:
      "\(Presentation.count(importance.trials, "trial")) can be compared at the same \(resource), and at least \(Importance.leastTrials) are "
        + "needed"
    case .few?: "few trials: it is a first impression"
    case .sampled(let all)?: "a sample of \(importance.trials) of \(all) trials"
    case .nothingToExplain?: "all trials came to the same value"
    }
  }

  private func importanceText() -> String {
    let first = importance.shares.first
    let lead = first.map {
      "\(ReportText.plain($0.name, limit: 40)) explains most by itself: \(Presentation.fixed($0.share * 100, 0)) % of the "
        + "variance of the trials' places at \(resource) \(importance.resource). "
    }
    return (lead ?? "")
      + "Shares are those of a functional analysis of variance on a random forest (Hutter, Hoos, Leyton-Brown, ICML 2014), "
      + "over \(Presentation.count(importance.trials, "trial")) compared at the same \(resource); thin lines span the middle 80 % of the trees. "
      + "What is missing to 100 % is interaction and noise"
      + (importanceNote.map { ". Used were \($0)" } ?? "") + "."
  }

  private func importancePicture() -> Document.Figure {
    let shares = Array(importance.shares.prefix(15))
    let row = 30.0
    let longest = shares.map { min(18, ReportText.plain($0.name, limit: 18).count) }.max() ?? 4
    let (left, width) = (18 + 7.6 * Double(longest), 480.0)
    let height = 14 + row * Double(shares.count)
    let scale = width - left - 64
    let title = "Importance of hyperparameters"
    let summary =
      shares.map { "\(ReportText.plain($0.name, limit: 40)) \(Presentation.fixed($0.share * 100, 0)) %" }.joined(
        separator: ", ")
      + "."
    var writer = SVGWriter()
    writer.group("svg", ["viewBox": "0 0 \(SVGWriter.number(width)) \(SVGWriter.number(height))", "role": "img"]) {
      writer in
      writer.element("title", [:], text: title)
      writer.element("desc", [:], text: summary)
      for (index, share) in shares.enumerated() {
        let y = 4 + row * Double(index)
        writer.element(
          "text", ["x": SVGWriter.number(left - 8), "y": SVGWriter.number(y + 16), "text-anchor": "end"],
          text: ReportText.plain(share.name, limit: 18))
        writer.element(
          "rect",
          [
            "class": "accentfill", "fill-opacity": "0.85", "x": SVGWriter.number(left), "y": SVGWriter.number(y + 1),
            "width": SVGWriter.number(max(1, share.share * scale)), "height": "20",
          ])
        let middle = SVGWriter.number(y + 11)
        let (low, high) = (SVGWriter.number(left + share.low * scale), SVGWriter.number(left + share.high * scale))
        writer.element("path", ["class": "axis", "d": "M\(low) \(middle)H\(high)"])
        let after = max(share.share, share.high) * scale
        writer.element(
          "text", ["class": "strong", "x": SVGWriter.number(left + after + 8), "y": SVGWriter.number(y + 16)],
          text: "\(Presentation.fixed(share.share * 100, 0)) %")
      }
    }
    return Document.Figure(title: title, summary: summary, svg: writer.document)
  }

  // MARK: One hyperparameter

  private func scatter(_ name: String, _ domain: Domain, _ dots: [Int]) -> Document.Figure {
    let place = ParameterPlace(domain)
    let shownName = ReportText.plain(name, limit: 40)
    let values = dots.compactMap { state.trials[$0].best?.value }
    let range = ShownRange(values, isBetterLower: isBetterLower)
    let chart = Chart(height: 250, x: place.axis(shownName), y: .linear(metric, range?.range ?? 0...1, steps: 7))
    let title = "\(metric) by \(shownName)"
    let summary = "The best value of \(Presentation.count(dots.count, "trial")), by \(shownName)."
    let winner = state.result?.id.rawValue
    let svg = chart.svg(title, summary) { writer in
      for (index, trial) in dots.reversed().enumerated() {
        guard let value = state.trials[trial].best?.value, let parameter = state.trials[trial].configuration[name],
          let x = place.position(parameter, spread: index)
        else { continue }
        let isWinner = trial == winner
        writer.group(
          "circle",
          [
            "class": isWinner ? "bestfill" : "f\(chronicle.level(of: trial))", "r": isWinner ? "5" : "3.2",
            "fill-opacity": isWinner ? "1" : "0.8", "cx": SVGWriter.number(chart.left + x * chart.innerWidth),
            "cy": SVGWriter.number(chart.y(value)),
          ]
        ) {
          $0.element(
            "title", [:],
            text: "trial \(trial): \(ReportText.plain(parameter.argumentText, limit: 60)), \(number(value))")
        }
      }
    }
    return Document.Figure(title: title, summary: summary, svg: svg, isSeenAlone: true)
  }

  private func spaceTable() -> Document.Table {
    let rows = experiment.space.entries.map { entry -> [Document.Cell] in
      let name = Document.Cell(ReportText.plain(entry.name, limit: 80))
      switch entry.content {
      case .constant(let value): return [name, "constant", Document.Cell(ReportText.plain(value.argumentText))]
      case .domain(let domain):
        let (kind, range) = DomainWords.words(domain)
        return [name, Document.Cell(kind), Document.Cell(ReportText.plain(range, limit: 400))]
      }
    }
    return Document.Table(header: ["hyperparameter", "domain", "values"], rows: rows)
  }
}

/// A domain in words.
enum DomainWords {
  static func words(_ domain: Domain) -> (kind: String, range: String) {
    switch domain {
    case .real(let range):
      let bounds = "\(Presentation.number(range.lower)) … \(Presentation.number(range.upper))"
      switch range.scale {
      case .linear: return ("uniform", bounds)
      case .log: return ("loguniform", bounds)
      case .reverseLog: return ("reverseloguniform", bounds)
      }
    case .integer(let range): return (range.isLogarithmic ? "lograndint" : "randint", "\(range.lower) … \(range.upper)")
    case .choice(let values): return ("choice", list(values))
    case .ordinal(let ordinal): return (ordinal.kind == .nearestInLog ? "logordinal" : "ordinal", list(ordinal.values))
    case .finite(let range): return (range.isLogarithmic ? "logfinrange" : "finrange", list(range.values))
    }
  }

  private static func list(_ values: [ParameterValue]) -> String {
    let shown = values.prefix(20).map { value -> String in
      if case .double(let number) = value { return Presentation.number(number) }
      return value.argumentText
    }
    return shown.joined(separator: ", ") + (values.count > 20 ? ", … (\(values.count) values)" : "")
  }
}

/// Where a value of a hyperparameter stands on the axis: as evenly as the space draws it.
struct ParameterPlace {
  let domain: Domain
  private let values: [ParameterValue]

  init(_ domain: Domain) {
    self.domain = domain
    switch domain {
    case .real, .integer: values = []
    case .choice(let all): values = all
    case .ordinal(let ordinal): values = ordinal.values
    case .finite(let range): values = range.values
    }
  }

  /// From 0 to 1; nil: it is not of the domain. Those of a few values are spread a little, each in its own way.
  func position(_ value: ParameterValue, spread: Int) -> Double? {
    if !values.isEmpty {
      guard let index = values.firstIndex(of: value) else { return nil }
      let offset = Double(spread * 7919 % 17) / 16 - 0.5
      return (Double(index) + 0.5 + 0.5 * offset) / Double(values.count)
    }
    let number: Double
    switch value {
    case .int(let whole): number = Double(whole)
    case .double(let real): number = real
    case .string, .bool: return nil
    }
    let (lower, upper) = bounds
    let place = (scaled(number) - lower) / (upper - lower)
    return place.isFinite ? min(1, max(0, place)) : nil
  }

  private var bounds: (Double, Double) {
    switch domain {
    case .real(let range): (scaled(range.lower), scaled(range.upper))
    case .integer(let range): (scaled(Double(range.lower)), scaled(Double(range.upper)))
    case .choice, .ordinal, .finite: (0, 1)
    }
  }

  private func scaled(_ value: Double) -> Double {
    switch domain {
    case .real(let range):
      switch range.scale {
      case .linear: return value
      case .log: return Mathematics.log(max(value, .leastNormalMagnitude))
      case .reverseLog: return -Mathematics.log(max(1 - value, .leastNormalMagnitude))
      }
    case .integer(let range): return range.isLogarithmic ? Mathematics.log(max(value, 0.5)) : value
    case .choice, .ordinal, .finite: return value
    }
  }

  /// The axis in the same places.
  func axis(_ label: String) -> PlotAxis {
    var axis = PlotAxis.linear(label, 0...1)
    (axis.lower, axis.upper) = (0, 1)
    if !values.isEmpty {
      // As many as there is room for.
      let step = max(1, (values.count + 7) / 8)
      axis.ticks = stride(from: 0, to: values.count, by: step).map { index in
        let text = values[index].shownText
        return PlotAxis.Tick(
          value: (Double(index) + 0.5) / Double(values.count),
          label: ReportText.plain(text, limit: values.count > 4 ? 6 : 12))
      }
      return axis
    }
    axis.ticks = tickValues.compactMap { value in
      position(.double(value), spread: 0).map { PlotAxis.Tick(value: $0, label: Presentation.number(value)) }
    }
    return axis
  }

  private var tickValues: [Double] {
    let (low, high): (Double, Double) =
      switch domain {
      case .real(let range): (range.lower, range.upper)
      case .integer(let range): (Double(range.lower), Double(range.upper))
      case .choice, .ordinal, .finite: (0, 1)
      }
    if isLogarithmic {
      var ticks: [Double] = []
      var power = 1e-300
      while power <= high * 1.0000001, power < 1e300 {
        if power >= low * 0.9999999 { ticks.append(power) }
        power *= 10
      }
      ticks = ticks.map { Double(Presentation.number($0)) ?? $0 }
      if ticks.count < 2 { return [low, high] }
      let step = (ticks.count + 5) / 6
      return stride(from: 0, to: ticks.count, by: step).map { ticks[$0] }
    }
    let plain = PlotAxis.linear("", low...high)
    return plain.ticks.map(\.value).filter { (low...high).contains($0) }
  }

  private var isLogarithmic: Bool {
    switch domain {
    case .real(let range): range.scale == .log
    case .integer(let range): range.isLogarithmic
    case .choice, .ordinal, .finite: false
    }
  }
}

extension ParameterValue {
  /// As it stands on an axis.
  var shownText: String {
    if case .double(let number) = self { return Presentation.number(number) }
    return argumentText
  }
}

extension Domain {
  /// Whether its values have no order.
  var isCategorical: Bool {
    if case .choice = self { return true }
    return false
  }
}
