import Chronicle
import Coordination
import HostSystem
import Hummingbird
import Presentation
import Scheduling
import TuningModel

/// What charts are made of.
extension Answers {
  func best(_ parameters: inout QueryReader) async throws -> Response {
    let isOverTime = try parameters.word("x", ["time", "resource"]) != "resource"
    let points = try parameters.whole("points", 2...4000) ?? 500
    let results = try parameters.whole("results", 0...4000) ?? 0
    try parameters.finish()
    let coordinator = self.coordinator
    return try await look { chronicle, writer in
      let now = Self.now(chronicle, isRunning: coordinator.lastPresence.isThere)
      let steps = chronicle.bestSteps(over: { isOverTime ? $0.seconds : Double($0.spent) }, limit: points)
      let shown = chronicle.results(limit: results)
      writer.object { writer in
        writer.member("x", isOverTime ? "time" : "resource")
        writer.member("end", isOverTime ? now.active.inSeconds : Double(chronicle.state.totals.trained))
        writer.member("total", chronicle.steps.count)
        writer.array("steps") { writer in
          for step in steps {
            writer.object { writer in
              writer.member("x", isOverTime ? step.seconds : Double(step.spent))
              writer.member("value", step.value)
              writer.member("trial", Int(step.trial))
              writer.member("resource", max(1, Int(step.resource)))
              writer.member("at", step.wall)
            }
          }
        }
        writer.array("results") { writer in
          for trial in shown {
            let history = chronicle.trials[trial]
            writer.object { writer in
              writer.member("x", isOverTime ? history.lastSeconds : Double(history.spentThen))
              writer.member("value", chronicle.state.trials[trial].best?.value ?? .nan)
              writer.member("trial", trial)
              writer.member("level", chronicle.level(of: trial))
            }
          }
        }
      }
    }
  }

  func curves(_ parameters: inout QueryReader) async throws -> Response {
    let which = try parameters.word("which", ["best", "running", "spread", "ids"]) ?? "best"
    let limit = try parameters.whole("trials", 1...500) ?? 50
    let ids = try parameters.list("ids", atMost: 100)
    let points = try parameters.whole("points", 2...1000) ?? 100
    try parameters.finish()
    guard (which == "ids") == (ids != nil) else { throw APIError(.badRequest, "ids and which=ids go together") }
    let choice: Chronicle.Choice
    switch which {
    case "running": choice = .running
    case "spread": choice = .spread
    case "ids":
      choice = .listed(
        try (ids ?? []).map { (text: String) throws(APIError) in
          guard let id = QueryReader.whole(text), (0...Int(Int32.max)).contains(id) else {
            throw APIError(.badRequest, "ids must be whole numbers, separated by commas")
          }
          return id
        })
    default: choice = .best
    }
    return try await look { chronicle, writer in
      let (total, trials) = chronicle.chosen(choice, limit: limit)
      writer.object { writer in
        writer.member("total", total)
        writer.array("milestones") { writer in for level in chronicle.allMilestones { writer.value(level) } }
        writer.array("curves") { writer in
          for trial in trials {
            writer.object { writer in
              writer.member("trial", trial)
              writer.member("status", chronicle.state.trials[trial].status.word)
              writer.member("bracket", max(0, chronicle.state.trials[trial].bracket))
              writer.member("level", chronicle.level(of: trial))
              writer.member("milestone", max(1, Self.milestone(trial, chronicle)))
              writer.member("resource", chronicle.state.trials[trial].resource)
              writer.maybe("value", chronicle.state.trials[trial].best?.value)
              writer.array("points") { writer in
                for place in chronicle.curve(of: trial, points: points) {
                  let report = chronicle.trials[trial].reports.reports[place]
                  writer.array { writer in
                    writer.value(max(1, Int(report.resource)))
                    writer.value(report.value)
                  }
                }
              }
            }
          }
        }
      }
    }
  }

  /// How far its current or next leg goes.
  static func milestone(_ trial: Int, _ chronicle: Chronicle) -> Int {
    chronicle.state.trials[trial].promotedTo ?? chronicle.state.trials[trial].milestone
  }

  func configurations(_ parameters: inout QueryReader) async throws -> Response {
    let rows = try parameters.whole("rows", 1...5000) ?? 1000
    try parameters.finish()
    return try await look { chronicle, writer in
      let names = chronicle.state.specification.experiment.space.domains.map(\.name)
      let shown = chronicle.configurationRows(limit: rows)
      writer.object { writer in
        writer.array("names") { writer in for name in names { writer.value(name) } }
        writer.member("total", chronicle.state.trials.count)
        writer.array("rows") { writer in
          for trial in shown {
            let configuration = chronicle.state.trials[trial].configuration
            writer.object { writer in
              writer.member("trial", trial)
              writer.member("status", chronicle.state.trials[trial].status.word)
              writer.member("level", chronicle.level(of: trial))
              writer.member("resource", chronicle.state.trials[trial].resource)
              writer.maybe("value", chronicle.state.trials[trial].best?.value)
              writer.array("values") { writer in
                for name in names { writer.value(configuration[name] ?? .string("")) }
              }
            }
          }
        }
      }
    }
  }

  func timeline(_ parameters: inout QueryReader) async throws -> Response {
    let from = try parameters.number("from", 0...1e11)
    let to = try parameters.number("to", 0...1e11)
    let width = try parameters.whole("width", 16...8192) ?? 1000
    let offset = try parameters.whole("offset", 0...100_000) ?? 0
    let limit = try parameters.whole("lanes", 1...500) ?? 200
    try parameters.finish()
    let isRunning = coordinator.lastPresence.isThere
    return try await look { chronicle, writer in
      let state = chronicle.state
      let start = from ?? state.startedAt?.wall.seconds ?? 0
      // While nobody runs the run, nothing is known to go on: open segments reach to the last fact.
      let isOver = state.end != nil || state.isSuspended || !isRunning
      let last = state.lastStamp?.wall.seconds ?? start
      let end = to ?? max(isOver ? last : HostClock.wall.seconds, start + 1)
      guard end > start else { throw APIError(.badRequest, "to must be after from") }
      let health = HostHealth.all(state, live: nil)
      let view = TimelineView(chronicle: chronicle, health: health, from: start, to: end, width: width)
      view.write(offset: offset, limit: limit, until: isOver ? last : .infinity, &writer)
    }
  }

  func importance(_ parameters: inout QueryReader) async throws -> Response {
    try parameters.finish()
    let archive = self.archive
    let cache = self.importance
    let sequence = try await looks.run { archive.look { $0.sequence } }
    if let known = cache.withLock({ $0.fresh(for: sequence) }) { return Self.json(Self.written(known)) }
    let found = try await analyses.run { () -> Importance in
      // Another request may have done it while this one waited.
      if let known = cache.withLock({ $0.fresh(for: sequence) }) { return known }
      let (sample, now) = archive.look { ($0.importanceSample(), $0.sequence) }
      let importance = Importance(sample)
      cache.withLock { $0 = ImportanceCache(value: importance, sequence: now, at: HostClock.now) }
      return importance
    }
    return Self.json(Self.written(found))
  }

  private static func written(_ importance: Importance) -> JSONWriter {
    var writer = JSONWriter()
    writer.object { writer in
      writer.member(
        "method",
        "share of the variance of the trials' places at the resource \(importance.resource) that a hyperparameter "
          + "explains alone (functional analysis of variance on a random forest; Hutter, Hoos, Leyton-Brown, ICML 2014); "
          + "the range is that of the middle 80 % of the trees")
      writer.member("trials", importance.trials)
      writer.array("parameters") { writer in
        for share in importance.shares {
          writer.object { writer in
            writer.member("name", share.name)
            writer.member("share", share.share)
            writer.member("low", share.low)
            writer.member("high", share.high)
          }
        }
      }
      let note: String? =
        switch importance.note {
        case nil: nil
        case .tooFew?: "too few trials: at least \(Importance.leastTrials) are needed at the same resource"
        case .few?: "few trials: take it as a first impression"
        case .sampled(let all)?: "a sample of \(importance.trials) of \(all) trials"
        case .nothingToExplain?: "all trials have the same value, or no hyperparameter has more than one"
        }
      writer.maybe("note", note)
    }
    return writer
  }
}

/// The importance that was worked out last.
struct ImportanceCache: Sendable {
  /// So old it may be although the run went on.
  static let patience = Duration.seconds(15)

  var value: Importance?
  var sequence = 0
  var at = Instant.zero

  func fresh(for sequence: Int) -> Importance? {
    guard let value else { return nil }
    return sequence == self.sequence || HostClock.now - at < Self.patience ? value : nil
  }
}
