import Coordination
import Testing
import TuningModel

/// A scheduler's program as a value: what it says follows from what it was told, as with one that keeps no other state.
struct VirtualProgram {
  let specification: RunSpecification
  /// Given all it was told, the newest last, the lines that it prints then.
  let decide: @Sendable ([JSONValue]) -> [String]
  private var telling: SchedulerTelling
  private(set) var heard: [JSONValue] = []
  private(set) var said: [String] = []
  private(set) var questions = 0
  private var isAsked = false

  init(_ specification: RunSpecification, decide: @escaping @Sendable ([JSONValue]) -> [String]) {
    self.specification = specification
    self.decide = decide
    telling = SchedulerTelling(specification)
    hear(telling.hello)
  }

  /// It was ended; another one is told the history.
  mutating func beginAnew(_ journal: [StampedFact]) {
    self = VirtualProgram(specification, decide: decide)
    for event in journal.flatMap({ telling.events(of: $0.fact) }) { hear(SchedulerTelling.asHistory(event)) }
  }

  mutating func hear(_ facts: [StampedFact]) {
    for event in facts.flatMap({ telling.events(of: $0.fact) }) { hear(event) }
  }

  mutating func hearQuestion() {
    #expect(!isAsked, "a second question before the answer to the first")
    isAsked = true
    questions += 1
    hear(SchedulerTelling.suggest)
  }

  private mutating func hear(_ event: JSONValue) {
    heard.append(event)
    said += decide(heard)
  }

  mutating func nextSaid() -> Event? {
    guard !said.isEmpty else { return nil }
    let line = said.removeFirst()
    do throws(SchedulerAnswerError) {
      let answer = try SchedulerAnswer(line: Array(line.utf8), for: specification)
      if answer.isDue { isAsked = false }
      return .scheduler(answer, line: line)
    } catch {
      return .schedulerFailed(error.message)
    }
  }

  /// All that it was told but the questions, without the mark of history.
  var story: [String] {
    heard.filter { $0.text("event") != "suggest" }.map { event in
      guard case .object(let members) = event else { return event.jsonText() }
      return JSONValue.object(members.filter { $0.key != "replay" }).jsonText()
    }
  }

  // MARK: Programs

  /// Successive halving: of those that came to a rung the best third goes on.
  static func halving(_ rungs: [Int], maximum: Int) -> @Sendable ([JSONValue]) -> [String] {
    { heard in
      guard heard.last?.text("event") == "suggest" else { return [] }
      let goals = rungs + [maximum]
      for (rung, next) in zip(rungs, goals.dropFirst()).reversed() {
        let promoted = Set(
          heard.filter { $0.text("event") == "decided" && $0.whole("milestone") == next }.compactMap {
            $0.whole("promote")
          })
        let over = Set(
          heard.filter { $0.text("event") == "ended" && ["stopped", "failed"].contains($0.text("how")) }.compactMap {
            $0.whole("trial")
          })
        let values = heard.filter { $0.text("event") == "report" && $0.whole("resource") == rung }
          .compactMap { event -> (Double, Int)? in
            guard case .double(let value)? = event.member("value"), let trial = event.whole("trial") else { return nil }
            return (value, trial)
          }.sorted { $0 < $1 }
        for (_, trial) in values.prefix(values.count / 3) where !promoted.contains(trial) && !over.contains(trial) {
          return ["{\"promote\": \(trial), \"milestone\": \(next)}"]
        }
      }
      return ["{\"start\": {\"milestone\": \(rungs[0])}}"]
    }
  }

  /// Says the n-th line to the n-th question, and the last one to all that follow.
  static func script(_ lines: [String]) -> @Sendable ([JSONValue]) -> [String] {
    { heard in
      guard heard.last?.text("event") == "suggest" else { return [] }
      let count = heard.count { $0.text("event") == "suggest" }
      return [lines[min(count, lines.count) - 1]]
    }
  }
}

extension Sample {
  static func programSpecification(trials: Int? = 12, max: Int = 27) -> RunSpecification {
    var specification = specification(max: max, stop: StopCriterion(maxTrialsStarted: trials), scheduler: .external)
    specification.program = SchedulerProgram(command: ["program"], options: [.init("patience", .int(3))])
    return specification
  }

  static func programFarm(
    _ specification: RunSpecification, slots: Int = 2, decide: @escaping @Sendable ([JSONValue]) -> [String]
  ) throws -> VirtualFarm {
    var farm = try Sample.farm(specification, slots: slots)
    farm.program = VirtualProgram(specification, decide: decide)
    return farm
  }
}
