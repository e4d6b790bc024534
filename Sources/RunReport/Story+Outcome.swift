import Coordination
import Presentation
import SearchSpace
import Simulation
import TuningModel

/// What was tried, what won, and what it took, in sentences.
extension Story {
  func outcome() -> Document.Section {
    var blocks: [Document.Block] = [.paragraph(tried())]
    blocks.append(.paragraph(won()))
    if let rose = rose() { blocks.append(.paragraph(rose)) }
    if let saved = saved() { blocks.append(.paragraph(saved)) }
    blocks.append(.paragraph(broke()))
    return Document.Section(title: "What came of it", anchor: "outcome", blocks: blocks)
  }

  private func tried() -> String {
    let names = experiment.space.domains.map { ReportText.plain($0.name, limit: 40) }
    let hosts = chronicle.timeline.lanes.map(\.name.host).reduce(into: Set<String>()) { $0.insert($1) }.count
    let over =
      hosts == 0
      ? ""
      : " on \(Presentation.count(hosts, "host")) with \(Presentation.count(chronicle.timeline.lanes.count, "slot"))"
    let what =
      names.isEmpty
      ? "without a hyperparameter"
      : "of \(Presentation.count(names.count, "hyperparameter")) (\(ReportText.list(names)))"
    var text =
      "\(ReportText.whole(state.trials.count)) configuration\(state.trials.count == 1 ? "" : "s") \(what) "
      + "\(state.trials.count == 1 ? "was" : "were") tried with \(methodName)\(over) in \(at(end)). "
    text +=
      "The metric is \(metric), \(isBetterLower ? "lower is better" : "higher is better"); a trial may be trained up to "
      + "\(amount(scheduler.maxResource))."
    return text
  }

  private func won() -> String {
    guard let trial = state.result, let best = trial.best else { return Presentation.nothingReported(state) + "." }
    var text =
      "Trial \(trial.id) \(isOver ? "won" : "leads") with \(metric) \(number(best.value)) at \(resource) "
      + "\(ReportText.whole(best.resource))"
    if let step = chronicle.steps.last(where: { Int($0.trial) == trial.id.rawValue }) {
      text += ", \(at(step.seconds)) after the start"
    }
    text += "; it was trained up to \(resource) \(ReportText.whole(trial.resource))."
    if state.trained.contains(where: { $0.id == trial.id }) {
      text += " It is the best of \(Presentation.count(state.trained.count, "trial")) trained in full after the search."
    }
    if trial.origin == .operator { text += " Somebody had enqueued it by hand: the search did not draw it." }
    text += " Its configuration: \(values(trial.id.rawValue))."
    return text
  }

  private func rose() -> String? {
    guard scheduler.name == .pasha else { return nil }
    let maximum = state.scheduler.ladder.map(\.currentMaximum).max() ?? scheduler.maxResource
    guard state.totals.reports > 0 else { return nil }
    guard let first = chronicle.rises.first else {
      if maximum >= scheduler.maxResource {
        return "The maximum resource was \(amount(maximum)) from the start: there are too few rungs to compare orders."
      }
      return
        "The maximum resource \(isSearched ? "stayed" : "stands") at \(amount(maximum)), where it began: \(held())."
    }
    let times =
      chronicle.rises.count == 1 ? "once" : chronicle.rises.count == 2 ? "twice" : "\(chronicle.rises.count) times"
    let rest =
      maximum < scheduler.maxResource
      ? " of the \(ReportText.whole(scheduler.maxResource)) allowed: \(held())"
      : ", all that is allowed: each time the order of the trials had changed"
    return
      "The maximum resource rose \(times), from \(ReportText.whole(first.raise.from)) to \(amount(maximum))\(rest)."
  }

  /// Whether the search went on until a limit or a goal of its own was reached.
  private var isSearched: Bool {
    switch state.training?.end.reason ?? state.end?.reason {
    case .trialsStarted?, .trialsCompleted?, .trialsFinished?, .evaluations?, .wallclockTime?, .cost?, .metricValue?,
      .spaceExhausted?, .schedulerFinished?:
      true
    case .tooManyFailures?, .noUsableHost?, .stoppedByOperator?, .pausedByOperator?, .schedulerFailed?, nil: false
    }
  }

  /// What the present top rungs show of the order of their trials, which let the maximum stay. Each trial that comes to a
  /// top rung where there is one already is compared.
  private func held() -> String {
    var comparisons = 0
    var levels: [Int] = []
    var isSame = true
    for (system, view) in state.scheduler.ladder.enumerated() {
      guard view.currentMaximum < scheduler.maxResource, let top = view.comparedLevel,
        let below = view.rungs.last(where: { $0.level < top })?.level
      else { continue }
      let upper = state.scheduler.entries(system: system, level: top).map(\.trial)
      if !levels.contains(top) { levels.append(top) }
      guard upper.count > 1 else { continue }
      comparisons += upper.count - 1
      let both = Set(upper)
      isSame =
        isSame
        && upper == state.scheduler.entries(system: system, level: below).map(\.trial).filter { both.contains($0) }
    }
    let place = levels.count == 1 ? " at \(resource) \(ReportText.whole(levels[0]))" : " in a top rung"
    guard comparisons > 0 else {
      return
        "fewer than two trials came together\(place), so that no order was compared there, and nothing is known of "
        + "what longer training would have changed"
    }
    let often =
      "was compared "
      + (comparisons == 1 ? "once" : comparisons == 2 ? "twice" : "\(ReportText.whole(comparisons)) times")
    let outcome =
      isSame
      ? "it is the same as in the rung below"
      : "it differs from that in the rung below by no more than the criterion allows"
    return "the order of the trials\(place) \(often), and \(outcome)"
      + (isSearched ? "; it was settled when the search ended" : "")
  }

  private func saved() -> String? {
    guard let savings, savings.run.epochs > 0, savings.full.epochs > savings.run.epochs else { return nil }
    var text =
      "The search trained \(amount(savings.run.epochs)). Training every configuration in full would have taken "
      + "\(amount(savings.full.epochs)), \(Self.times(savings.full.epochs, savings.run.epochs)) as many"
    if let other = savings.other, other.label == "asha" {
      text += "; ASHA, on the same configurations, \(Self.about(other))\(amount(other.epochs))"
      if other.epochs > savings.run.epochs {
        text += ", \(Self.times(other.epochs, savings.run.epochs)) as many"
      }
    }
    return text + " (see what it saved, below, for what is measured and what is assumed)."
  }

  /// `10.6 times`.
  static func times(_ a: Int, _ b: Int) -> String {
    let ratio = Double(a) / Double(max(1, b))
    return "\(Presentation.fixed(ratio, ratio < 20 ? 1 : 0)) times"
  }

  static func about(_ way: Savings.Way) -> String { way.assumedEpochs > 0 ? "about " : "" }

  private func broke() -> String {
    let failed = state.totals.failed
    let lost = chronicle.trials.reduce(0) { $0 + $1.attempts.count { $0.ending == .lost } }
    var text = failed == 0 ? "No trial failed" : "\(Presentation.count(failed, "trial")) failed"
    text +=
      lost > 0 ? "; \(Presentation.count(lost, "attempt")) \(lost == 1 ? "was" : "were") lost and made up for." : "."
    return text
  }
}
