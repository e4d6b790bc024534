import Coordination
import Scheduling
import TuningModel

/// A run with the course of its best value, for `compare`.
public struct RunCourse: Sendable {
  /// A better value than all before it.
  public struct Step: Equatable, Sendable {
    public var active: Duration
    /// Epochs that all attempts trained until then.
    public var spent: Int
    public var value: Double
  }

  public private(set) var state: RunState
  public private(set) var steps: [Step] = []

  /// Throws when the scheduler's options make no sense together.
  public init(specification: RunSpecification) throws(SchedulerOptionProblem) {
    state = try RunState(specification: specification)
  }

  /// Takes the next fact of the run.
  public mutating func take(_ stamped: StampedFact) {
    let before = state.totals.bestTrial.flatMap { state[$0]?.best?.value }
    state.apply(stamped)
    let after = state.totals.bestTrial.flatMap { state[$0]?.best?.value }
    guard let after, after != before else { return }
    steps.append(Step(active: stamped.stamp.active, spent: state.totals.trained, value: after))
  }

  /// The first step that is as good as a value.
  public func reaching(_ value: Double) -> Step? {
    let mode = state.specification.experiment.mode
    return steps.first { $0.value == value || mode.isBetter($0.value, than: value) }
  }
}

extension Presentation {
  /// What keeps runs from being compared; nil: nothing.
  public static func difference(_ courses: [RunCourse]) -> String? {
    let experiments = courses.map { $0.state.specification.experiment }
    guard let first = experiments.first else { return nil }
    for other in experiments.dropFirst() {
      if other.metric != first.metric {
        return "they have different metrics: \(printable(first.metric)) and \(printable(other.metric))"
      }
      if other.mode != first.mode { return "one minimises \(printable(first.metric)), the other maximises it" }
    }
    return nil
  }

  /// The best value that all runs came to.
  private static func common(_ courses: [RunCourse]) -> Double? {
    let values = courses.compactMap { $0.steps.last?.value }
    guard values.count == courses.count, let mode = courses.first?.state.specification.experiment.mode else {
      return nil
    }
    return values.dropFirst().reduce(values.first) { worst, value in
      guard let worst else { return value }
      return mode.isBetter(value, than: worst) ? worst : value
    }
  }

  /// `compare`: a column for each run.
  public static func comparison(_ courses: [RunCourse]) -> String {
    let metric = printable(courses.first?.state.specification.experiment.metric ?? "")
    let unit = printable(courses.first?.state.specification.experiment.resourceAttribute ?? "")
    let target = common(courses)
    func row(_ title: String, _ value: (RunCourse) -> String) -> [String] { [title] + courses.map(value) }
    var rows = [row("") { printable($0.state.start?.run ?? "") }]
    rows.append(row("status") { runStatus($0.state) })
    rows.append(row("scheduler") { $0.state.specification.scheduler.name.rawValue })
    rows.append(row("random seed") { "\($0.state.specification.searcher.randomSeed)" })
    rows.append(row("best \(metric)") { bestTrial($0.state)?.best.map { number($0.value) } ?? "-" })
    rows.append(
      row("of trial, at") { course in
        bestTrial(course.state).map { trial in
          "\(trial.id), " + (trial.best.map { resource($0.resource, course.state) } ?? "-")
        } ?? "-"
      })
    rows.append(row("trials") { "\($0.state.trials.count)" })
    rows.append(row("failed") { "\($0.state.totals.failed)" })
    rows.append(row("\(unit.hasSuffix("s") ? unit : unit + "s") trained") { "\($0.state.totals.trained)" })
    rows.append(
      row("maximum resource") { course in "\(course.state.scheduler.ladder.map(\.currentMaximum).max() ?? 0)" })
    rows.append(row("time") { duration($0.state.lastStamp?.active ?? .zero) })
    rows.append(row("slot time") { duration($0.state.totals.slotTime) })
    if let target {
      rows.append(row("\(number(target)) after") { $0.reaching(target).map { duration($0.active) } ?? "-" })
      rows.append(row("… \(unit)s") { $0.reaching(target).map { "\($0.spent)" } ?? "-" })
    }
    for name in names(courses) {
      rows.append(
        row(printable(name)) { course in
          bestTrial(course.state)?.configuration[name].map { printable($0.argumentText) } ?? "-"
        })
    }
    return table(rows)
  }

  /// Hyperparameters of the best configurations, those of the first run first.
  private static func names(_ courses: [RunCourse]) -> [String] {
    var names: [String] = []
    for course in courses {
      for entry in bestTrial(course.state)?.configuration.entries ?? [] where !names.contains(entry.name) {
        names.append(entry.name)
      }
    }
    return names
  }

  public static func comparisonJSON(_ courses: [RunCourse]) -> JSONValue {
    let target = common(courses)
    return .object([
      .init("common_value", target.map { .double($0) } ?? .null),
      .init(
        "runs",
        .array(
          courses.map { course in
            guard case .object(var members) = summaryJSON(course.state) else { return .null }
            let reached = target.flatMap { course.reaching($0) }
            members.append(.init("scheduler", .string(course.state.specification.scheduler.name.rawValue)))
            members.append(.init("random_seed", .int(Int(clamping: course.state.specification.searcher.randomSeed))))
            members.append(
              .init("active_seconds_to_common", reached.map { .double($0.active.inSeconds) } ?? .null))
            members.append(.init("resource_to_common", reached.map { .int($0.spent) } ?? .null))
            return .object(members)
          })),
    ])
  }
}
