import Coordination
import Scheduling
import TuningModel
import Wire

/// What a trial reported, and where it stood then.
extension TrialExplanation {
  /// Reports between two sentences.
  struct ReportCount {
    var ranked = 0
    var repeated = 0
    var withheld = 0
    var stale = 0
    var unusable = 0
    var resources: ClosedRange<Int>?
    var last: Double?
    var stamped: StampedFact?
  }

  mutating func received(_ report: ReceivedReport, _ stamped: StampedFact, _ before: Before) {
    switch report.disposition {
    case .ranked: ranked(report.resource ?? 0, report.value ?? .nan, stamped, before)
    case .recorded: count(\.repeated, stamped)
    case .withheld: count(\.withheld, stamped)
    case .stale: count(\.stale, stamped)
    case .rejected: count(\.unusable, stamped)
    }
  }

  mutating func settled(
    _ attempt: TrialAttempt, _ sequence: Int, _ disposition: ReportDisposition, _ stamped: StampedFact,
    _ before: Before
  ) {
    guard let report = before.trial?.withheld.first(where: { $0.attempt == attempt && $0.sequence == sequence }) else {
      return
    }
    if disposition == .ranked { return ranked(report.resource, report.value, stamped, before) }
    count(disposition == .stale ? \.stale : \.repeated, stamped)
  }

  private mutating func ranked(_ reached: Int, _ value: Double, _ stamped: StampedFact, _ before: Before) {
    let standing = state.scheduler.standing(of: trial)
    let bracket = state.scheduler.bracketStanding(of: trial)
    let isNewRung = standing?.level != before.standing?.level || (bracket != nil && own?.reachedMilestone == true)
    let isTrained = reached >= state.specification.scheduler.maxResource
    guard isNewRung || isTrained else {
      count(\.ranked, stamped)
      reports.resources = reports.resources.map { $0.lowerBound...max($0.upperBound, reached) } ?? reached...reached
      reports.last = value
      return
    }
    var text = "reached \(resource(reached)) with \(metric(value))"
    if isTrained {
      text += ": that is the maximum resource"
    } else if let standing {
      text += ": " + rungText(standing)
    } else if let bracket {
      text += ": " + bracketText(bracket)
    }
    add(text, stamped)
  }

  private mutating func count(_ kind: WritableKeyPath<ReportCount, Int>, _ stamped: StampedFact) {
    reports[keyPath: kind] += 1
    reports.stamped = stamped
  }

  /// Tells of the reports since the last sentence, if there were any.
  mutating func tellReports() {
    guard let stamped = reports.stamped else { return }
    var parts: [String] = []
    if reports.ranked > 0, let range = reports.resources, let last = reports.last {
      let attribute = Presentation.printable(state.specification.experiment.resourceAttribute)
      let which =
        range.count == 1 ? resource(range.lowerBound) : "\(attribute) \(range.lowerBound) to \(range.upperBound)"
      parts.append("reported \(which)\(range.count == 1 ? "" : ", the last") with \(metric(last))")
    }
    func told(_ count: Int, _ text: String) {
      if count > 0 { parts.append("\(Presentation.count(count, "report")) \(text)") }
    }
    told(reports.repeated, "of what it had reported before, or past the maximum: kept, not ranked")
    told(reports.withheld, "past its milestone: withheld, to count if it goes on from there")
    told(reports.stale, "withheld before: not counted, as it did not go on from there")
    told(reports.unusable, "of no use: without a whole resource from 1, or without the metric")
    reports = ReportCount()
    steps.append(Step(stamp: stamped.stamp, kind: stamped.fact.kind, text: parts.joined(separator: "; ")))
  }
}
