import Chronicle
import Coordination
import SearchSpace
import Testing
import TuningModel

@Suite("What trials are looked for by")
struct FilterTests {
  private static func filter(_ text: String, _ chronicle: Chronicle) throws -> TrialFilter {
    try TrialFilter(text, chronicle.state.specification)
  }

  private static func matched(_ text: String, _ chronicle: Chronicle) throws -> [Int] {
    var query = TrialQuery()
    query.limit = 100_000
    query.filter = try filter(text, chronicle)
    return chronicle.trials(query, at: 1e6).rows
  }

  private static func problem(_ text: String, _ specification: RunSpecification) -> String? {
    do {
      _ = try TrialFilter(text, specification)
      return nil
    } catch {
      return error.message
    }
  }

  @Test("Comparisons hold for those trials for which they are true", arguments: TestRuns.seeds)
  func comparisons(seed: UInt64) throws {
    let chronicle = try TestRuns.chronicle(seed)
    let trials = chronicle.state.trials
    let experiment = chronicle.state.specification.experiment
    func expect(_ text: String, _ isSo: (TrialState) -> Bool, line: Int = #line) throws {
      let wanted = trials.indices.filter { isSo(trials[$0]) }
      #expect(try Self.matched(text, chronicle) == wanted, "\(text), line \(line)")
    }
    try expect("") { _ in true }
    try expect("#1") { $0.id.rawValue == 1 }
    try expect(" #1  #3 ") { [1, 3].contains($0.id.rawValue) }
    try expect("#99999") { _ in false }
    for word in ["failed", "paused", "completed"] {
      try expect("status=\(word)") { $0.status.word == word }
      try expect("Status != \(word.uppercased())") { $0.status.word != word }
    }
    let resource = experiment.resourceAttribute
    try expect("resource>=3") { $0.resource >= 3 }
    try expect("\(resource) ≥ 3 \(resource)<9") { (3..<9).contains($0.resource) }
    try expect("trial<=4 trial!=2") { $0.id.rawValue <= 4 && $0.id.rawValue != 2 }
    let values = trials.compactMap { $0.best?.value }.sorted()
    if !values.isEmpty {
      let middle = values[values.count / 2]
      try expect("\"\(experiment.metric)\"<=\(middle)") { $0.best.map { $0.value <= middle } == true }
      try expect("value>\(middle)") { $0.best.map { $0.value > middle } == true }
      try expect("best=\(middle)") { $0.best?.value == middle }
      try expect("best!=\(middle)") { $0.best?.value != middle }
    }
    try expect("attempts>1 restarts=0") { ($0.attempt?.rawValue ?? 0) > 1 && $0.restarts == 0 }
    for entry in experiment.space.entries {
      let given = trials.compactMap { $0.configuration[entry.name] }
      guard let first = given.first else { continue }
      switch first {
      case .int, .double:
        func number(_ value: ParameterValue?) -> Double? {
          switch value {
          case .int(let value): Double(value)
          case .double(let value): value
          default: nil
          }
        }
        let bound = try #require(number(first))
        try expect("\(entry.name)<\(bound)") { number($0.configuration[entry.name]).map { $0 < bound } == true }
        try expect("\(entry.name)==\(bound)") { number($0.configuration[entry.name]) == bound }
      case .string(let text):
        try expect("\(entry.name)=\"\(text.uppercased())\"") { $0.configuration[entry.name] == first }
      case .bool: break
      }
    }
    let hosts = chronicle.state.agents.map(\.name)
    for host in Set(hosts) {
      try expect("host=\(host)") { trial in trial.slot.flatMap { chronicle.state[$0.agent]?.name } == host }
      func ran(_ trial: TrialState) -> Bool {
        chronicle.trials[trial.id.rawValue].attempts.contains {
          chronicle.state[AgentID(Int($0.agent))]?.name == host
        }
      }
      try expect("ran=\(host)", ran)
      try expect("ran!=\(host)") { !ran($0) }
    }
  }

  @Test("Words and quoted texts are looked for as before")
  func words() throws {
    let chronicle = try TestRuns.chronicle(5)
    var query = TrialQuery()
    query.limit = 100_000
    for text in ["1", "a", "nothing of the kind", "~/x", "wait!"] {
      query.text = text
      query.filter = nil
      let wanted = chronicle.trials(query, at: 0).rows
      query.text = nil
      query.filter = try Self.filter("\"\(text)\"", chronicle)
      #expect(chronicle.trials(query, at: 0).rows == wanted)
      if !text.contains(" ") { #expect(try Self.matched(text, chronicle) == wanted) }
    }
    // Quotes and backslashes within quotes, and what is no comparison within them.
    #expect(try Self.matched(#""a \"b\" \\ c""#, chronicle).isEmpty)
    #expect(try Self.matched(#""x<1""#, chronicle).isEmpty)
    #expect(try Self.matched(#""""#, chronicle).count == chronicle.state.trials.count)
  }

  @Test("What cannot be understood is said, with what can be")
  func problems() throws {
    let specification = TestRuns.facts(5).specification
    let metric = specification.experiment.metric
    for (text, part) in [
      ("nothing=1", "there is no column or hyperparameter `nothing`; there are"),
      ("\(metric)<", "needs a value after it"),
      ("<3", "< needs a name before it"), ("\(metric)<abc", "`abc` is none"), ("\(metric)<nan", "`nan` is none"),
      ("\(metric)~3", "is a number: it is compared by"), ("host<a", "host` is a text"),
      ("status=gone", "there is no status `gone`; there are pending"), ("#", "is no trial"), ("#12x", "is no trial"),
      ("#99999999999", "is no trial"), ("\"open", "a quote is not closed"), ("host=\"open", "a quote is not closed"),
      ("resource>1<3", "two operators"), ("host= status=failed", "two operators"),
      (Array(repeating: "a", count: 21).joined(separator: " "), "at most 20 terms"),
    ] {
      let found = Self.problem(text, specification)
      #expect(found?.contains(part) == true, "\(text): \(found ?? "understood")")
    }
    for text in [
      "resource>1", "resource > 1 status = failed", "a!b", "~/folder", "a ~b", "host~gpu", "failure~\"no space\"",
    ] {
      #expect(Self.problem(text, specification) == nil, "\(text)")
    }
  }

  @Test("No text is too strange to be read")
  func anything() throws {
    let specification = TestRuns.facts(5).specification
    var generator = SeededGenerator(seed: 9, stream: 0)
    let pieces = [
      "#", "1", "<", "=", "!", "~", "\"", "\\", " ", "\n", "\u{0}", "é", "e\u{301}", "=\u{338}", "≤", "resource",
      "status",
      "host", "nan", "inf", "-", "1e999", "\u{202e}", "👩‍👩‍👧",
    ]
    for _ in 0..<20_000 {
      let text = (0..<Int(generator.nextUnit() * 12)).map { _ in
        pieces[Int(generator.nextUnit() * Double(pieces.count))]
      }
      _ = Self.problem(text.joined(), specification)
    }
  }
}
