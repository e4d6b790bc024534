import SearchSpace
import Searching
import Testing
import TuningModel

struct RandomSearcherTests {
  private let continuous = ConfigurationSpace([
    .init("lr", .loguniform(lower: 1e-5, upper: 0.1)), .init("epochs", constant: .int(81)),
  ])
  private let finite = ConfigurationSpace([
    .init("a", .choice([.string("x"), .string("y"), .string("z")])), .init("b", .randint(lower: 1, upper: 5)),
  ])

  private func point(_ lr: Double) -> Configuration { Configuration([.init("lr", .double(lr))]) }

  /// Suggestions that become trials, as a run has them.
  private func run(_ searcher: inout RandomSearcher, _ count: Int) -> [Suggestion] {
    var suggestions: [Suggestion] = []
    for ordinal in 0..<count {
      guard let suggestion = searcher.suggest(ordinal: ordinal) else { break }
      searcher.observe(suggestion.configuration)
      suggestions.append(suggestion)
    }
    return suggestions
  }

  @Test("points come first, in their order, complete and each once")
  func points() {
    var searcher = RandomSearcher(
      space: continuous, seed: 1, pointsToEvaluate: [point(0.01), Configuration(), point(0.01), point(0.001)])
    let suggestions = run(&searcher, 4)
    // The default configuration is 0.001, so that the last point was there as well.
    #expect(suggestions.map(\.origin) == [.point(0), .point(1), .random(draws: 1), .random(draws: 1)])
    #expect(suggestions[0].configuration.entries == [.init("lr", .double(0.01)), .init("epochs", .int(81))])
    #expect(suggestions[1].configuration == continuous.defaultConfiguration)
  }

  @Test("a point outside the space is left out")
  func badPoints() {
    var searcher = RandomSearcher(
      space: continuous, seed: 1, pointsToEvaluate: [point(5), Configuration([.init("x", .int(1))]), point(0.01)])
    #expect(searcher.suggest(ordinal: 0)?.origin == .point(2))
  }

  @Test("the same seed gives the same configurations, another seed others")
  func seeds() {
    var first = RandomSearcher(space: continuous, seed: 42)
    var second = RandomSearcher(space: continuous, seed: 42)
    var third = RandomSearcher(space: continuous, seed: 43)
    let suggestions = run(&first, 50)
    #expect(suggestions == run(&second, 50))
    #expect(suggestions != run(&third, 50))
    #expect(Set(suggestions.map(\.configuration)).count == 50)
  }

  @Test("what is suggested does not depend on how the searcher came to what it knows")
  func replay() {
    var live = RandomSearcher(space: finite, seed: 9, pointsToEvaluate: [Configuration()])
    let suggestions = run(&live, 15)
    #expect(suggestions.count == 15)
    for count in 0..<15 {
      var replayed = RandomSearcher(space: finite, seed: 9, pointsToEvaluate: [Configuration()])
      // In another order, and one of them twice: only the set counts.
      for suggestion in suggestions.prefix(count).reversed() { replayed.observe(suggestion.configuration) }
      if count > 0 { replayed.observe(suggestions[0].configuration) }
      #expect(replayed.suggest(ordinal: count) == suggestions[count])
    }
  }

  @Test("asking twice changes nothing")
  func repeatable() {
    var searcher = RandomSearcher(space: continuous, seed: 5, pointsToEvaluate: [point(0.01)])
    #expect(searcher.suggest(ordinal: 0) == searcher.suggest(ordinal: 0))
    searcher.observe(point(0.01).withEpochs)
    let next = searcher.suggest(ordinal: 1)
    #expect(next == searcher.suggest(ordinal: 1))
    #expect(next?.origin == .random(draws: 1))
  }

  @Test("a finite space is exhausted: every configuration once, then none", arguments: [UInt64(0), 1, 2, 3])
  func exhausted(_ seed: UInt64) {
    var searcher = RandomSearcher(space: finite, seed: seed)
    let suggestions = run(&searcher, 100)
    #expect(suggestions.count == 15)
    #expect(Set(suggestions.map(\.configuration)).count == 15)
    #expect(searcher.suggest(ordinal: 15) == nil)
    #expect(searcher.suggest(ordinal: 1000) == nil)
  }

  @Test("values that are drawn almost never are found before a space is given up")
  func rareValues() {
    // Of 2000 numbers the upper half is drawn in one of eleven cases, each by itself hardly ever.
    let space = ConfigurationSpace([.init("n", .lograndint(lower: 1, upper: 2000))])
    var searcher = RandomSearcher(space: space, seed: 3)
    let suggestions = run(&searcher, 3000)
    #expect(suggestions.count == 2000)
    #expect(suggestions.contains { $0.origin == .random(draws: RandomSearcher.maximumDraws + 1) })
  }

  @Test("a space of constants has one configuration")
  func constants() {
    var searcher = RandomSearcher(space: ConfigurationSpace([.init("epochs", constant: .int(3))]), seed: 0)
    #expect(run(&searcher, 5).count == 1)
  }

  @Test("configurations of another space are not counted")
  func foreign() {
    var searcher = RandomSearcher(space: finite, seed: 0)
    for value in 0..<100 { searcher.observe(Configuration([.init("q", .int(value))])) }
    #expect(run(&searcher, 100).count == 15)
  }

  @Test("a configuration is known under a changed constant, as a leg with its own maximum resource has it")
  func changedConstant() {
    var searcher = RandomSearcher(space: continuous, seed: 0, pointsToEvaluate: [point(0.01)])
    searcher.observe(Configuration([.init("lr", .double(0.01)), .init("epochs", .int(3))]))
    #expect(searcher.suggest(ordinal: 1)?.origin == .random(draws: 1))
  }
}

extension Configuration {
  fileprivate var withEpochs: Configuration { Configuration(entries + [.init("epochs", .int(81))]) }
}
