import SearchSpace
import Testing
import TuningModel

/// Draws many values of a domain.
private func draws(_ domain: Domain, _ count: Int = 4000, seed: UInt64 = 7) -> [ParameterValue] {
  var generator = SeededGenerator(seed: seed)
  return (0..<count).map { _ in domain.sample(&generator) }
}

private func share(_ values: [ParameterValue], where condition: (Double) -> Bool) -> Double {
  Double(values.count { $0.number.map(condition) ?? false }) / Double(values.count)
}

struct DomainSamplingTests {
  static let domains: [Domain] = [
    .uniform(lower: -1, upper: 1), .uniform(lower: -1e308, upper: 1e308), .loguniform(lower: 1e-5, upper: 0.1),
    .reverseloguniform(lower: 0, upper: 0.9999), .randint(lower: -3, upper: 3), .randint(lower: .min, upper: .max),
    .lograndint(lower: 1, upper: 1000), .lograndint(lower: 1, upper: .max),
    .choice([.string("relu"), .string("tanh")]), .ordinal([.string("s"), .string("m"), .string("l")]),
    .ordinal([.int(1), .int(2), .int(8)]), .logordinal([.int(1), .int(2), .int(8), .int(64)]),
    .finrange(lower: 0.1, upper: 1, size: 10), .logfinrange(lower: 8, upper: 256, size: 6, isWhole: true),
  ]

  @Test("every value drawn belongs to the domain", arguments: domains)
  func belongs(_ domain: Domain) {
    #expect(domain.problems().isEmpty)
    for value in draws(domain) { #expect(domain.contains(value), "\(value)") }
    #expect(domain.contains(domain.defaultValue))
  }

  @Test("the same seed gives the same values, another seed gives others", arguments: domains)
  func seeded(_ domain: Domain) {
    #expect(draws(domain, 50, seed: 3) == draws(domain, 50, seed: 3))
    #expect(draws(domain, 50, seed: 3) != draws(domain, 50, seed: 4))
  }

  @Test("both bounds of whole-number domains are drawn")
  func boundsAreInclusive() {
    for domain in [Domain.randint(lower: 1, upper: 4), .lograndint(lower: 1, upper: 4)] {
      #expect(Set(draws(domain)) == Set([1, 2, 3, 4].map(ParameterValue.int)))
    }
    #expect(Set(draws(.randint(lower: 5, upper: 5), 10)) == [.int(5)])
    #expect(Set(draws(.uniform(lower: 2.5, upper: 2.5), 10)) == [.double(2.5)])
    #expect(Set(draws(.loguniform(lower: 0.1, upper: 0.1), 10)) == [.double(0.1)])
  }

  @Test("a uniform domain is drawn evenly, a logarithmic one evenly in the logarithm")
  func scales() {
    #expect((share(draws(.uniform(lower: 0, upper: 10))) { $0 < 5 } - 0.5).magnitude < 0.04)
    #expect((share(draws(.loguniform(lower: 1e-4, upper: 1))) { $0 < 1e-2 } - 0.5).magnitude < 0.04)
    #expect((share(draws(.reverseloguniform(lower: 0.9, upper: 0.999))) { $0 < 0.99 } - 0.5).magnitude < 0.04)
    // The ends of a rounded logarithm get half an interval: log(1.5) / log(4) of the draws are 1.
    #expect((share(draws(.lograndint(lower: 1, upper: 4))) { $0 == 1 } - 0.2925).magnitude < 0.04)
    #expect((share(draws(.randint(lower: 1, upper: 4))) { $0 == 1 } - 0.25).magnitude < 0.04)
  }

  @Test("an ordinal of numbers is drawn from an interval around them, one of text evenly")
  func ordinals() {
    // The interval for 1, 2, 8 is -0.75…9.75: half of the mean distance, 3.5, beyond each end.
    let nearest = draws(.ordinal([.int(1), .int(2), .int(8)]))
    #expect((share(nearest) { $0 == 1 } - (1.5 + 0.75) / 10.5).magnitude < 0.04)
    #expect((share(nearest) { $0 == 8 } - (9.75 - 5) / 10.5).magnitude < 0.04)
    let equal = draws(.ordinal([.int(1), .int(2), .int(8)], kind: .equal))
    #expect((share(equal) { $0 == 8 } - 1.0 / 3).magnitude < 0.04)
    // In the logarithm 1, 2, 4, 8 are equally far from each other.
    let logarithmic = draws(.logordinal([.int(1), .int(2), .int(4), .int(8)]))
    #expect((share(logarithmic) { $0 == 8 } - 0.25).magnitude < 0.04)
  }

  @Test("a domain with problems is drawn from without a trap")
  func brokenDomains() {
    let broken: [Domain] = [
      .uniform(lower: 1, upper: 0), .loguniform(lower: 0, upper: .infinity), .uniform(lower: .nan, upper: .nan),
      .reverseloguniform(lower: -1, upper: 2), .randint(lower: .max, upper: .min), .lograndint(lower: -5, upper: 0),
      .choice([]), .ordinal([]), .logordinal([.int(-1), .string("x")]), .finrange(lower: 0, upper: 1, size: 0),
      .finrange(lower: .nan, upper: 1, size: .max), .logfinrange(lower: 0, upper: 1, size: 3),
    ]
    for domain in broken {
      #expect(!domain.problems().isEmpty, "\(domain)")
      _ = draws(domain, 3)
      _ = domain.defaultValue
      _ = domain.count
      _ = domain.contains(.double(.nan))
      _ = ConfigurationSpace([.init("x", domain)]).matchKey(of: Configuration([.init("x", .int(1))]))
    }
  }
}
