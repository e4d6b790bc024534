import SearchSpace
import Testing
import TuningModel

struct DomainProblemsTests {
  private func messages(_ domain: Domain) -> [String] {
    domain.problems().map { problem in
      "\(problem.part.rawValue)\(problem.index.map { "[\($0)]" } ?? "") \(problem.message)"
    }
  }

  @Test("reversed bounds are a problem of every range")
  func reversed() {
    #expect(
      messages(.uniform(lower: 2, upper: 1)) == ["lower must be at most upper (1.0), not 2.0; exchange the two"])
    #expect(messages(.randint(lower: 2, upper: 1)) == ["lower must be at most upper (1), not 2; exchange the two"])
    for domain in [
      Domain.loguniform(lower: 0.2, upper: 0.1), .reverseloguniform(lower: 0.2, upper: 0.1),
      .lograndint(lower: 4, upper: 2), .finrange(lower: 4, upper: 2, size: 3),
      .logfinrange(lower: 4, upper: 2, size: 3),
    ] {
      #expect(messages(domain).contains { $0.hasSuffix("exchange the two") }, "\(domain)")
    }
  }

  @Test("a logarithmic domain begins above 0")
  func logarithmFromZero() {
    #expect(
      messages(.loguniform(lower: 0, upper: 1))
        == ["lower must be above 0 for loguniform, not 0.0; use uniform for a range that holds 0"])
    #expect(
      messages(.lograndint(lower: 0, upper: 9))
        == ["lower must be at least 1 for lograndint, not 0; use randint for a range with 0"])
    #expect(messages(.logfinrange(lower: -1, upper: 9, size: 3)).count == 1)
    #expect(messages(.logordinal([.int(0), .int(1)])).count == 1)
    #expect(messages(.lograndint(lower: 0, upper: -1)).count == 2)
  }

  @Test("a reverse logarithmic domain stays below 1")
  func reverseLogarithm() {
    #expect(messages(.reverseloguniform(lower: 0, upper: 0.99)).isEmpty)
    #expect(messages(.reverseloguniform(lower: -0.1, upper: 1)).count == 2)
  }

  @Test("bounds are finite numbers")
  func notFinite() {
    #expect(
      messages(.uniform(lower: .nan, upper: .infinity)) == [
        "lower must be a finite number, not nan", "upper must be a finite number, not inf",
      ])
  }

  @Test("lists hold values of one type, each once")
  func lists() {
    #expect(messages(.choice([])) == ["values must hold at least one value, not none"])
    #expect(
      messages(.choice([.int(1), .string("a"), .int(1)])) == [
        #"values[1] must be a whole number like the first value, not text ("a"); "#
          + "put all values in quotes to have them as text",
        "values[2] must be there once, not twice: 1 is value 0 already",
      ])
    #expect(messages(.choice([.double(1), .double(.nan)])) == ["values[1] must be a finite number, not nan"])
    #expect(messages(.choice([.int(1), .bool(true)])).count == 1)
  }

  @Test("ordinals of kind nn increase")
  func order() {
    #expect(
      messages(.logordinal([.int(1), .int(4), .int(2)]))
        == ["values[2] must be above the value before it (4) for logordinal, not 2; sort the values"])
    #expect(messages(.ordinal([.string("a"), .string("b")], kind: .nearest)).count == 1)
    #expect(messages(.ordinal([.int(4), .int(1)])).isEmpty)
  }

  @Test("sizes of finite ranges are bounded")
  func sizes() {
    #expect(messages(.finrange(lower: 0, upper: 1, size: 0)) == ["size must be 1…100000, not 0"])
    #expect(messages(.finrange(lower: 0, upper: 1, size: 1)) == ["size must be at least 2 to hold both bounds, not 1"])
    #expect(messages(.finrange(lower: 1, upper: 1, size: 1)).isEmpty)
    #expect(messages(.finrange(lower: 0, upper: 1e300, size: 3, isWhole: true)).count == 1)
  }

  @Test("names that cannot be arguments are problems")
  func names() {
    for name in ["", "-lr", "a b", "a\tb", "a=b", "a\u{1}", "st_checkpoint_dir", String(repeating: "x", count: 256)] {
      #expect(HyperparameterName.problem(name) != nil, "\(name)")
    }
    for name in ["lr", "weight-decay", "optimizer.lr", "größe", "a_b", "0"] {
      #expect(HyperparameterName.problem(name) == nil, "\(name)")
    }
  }
}
