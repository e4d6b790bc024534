import SearchSpace
import Testing
import TuningModel

/// Facts that Syne Tune 0.13.0 itself printed, for the same domains in its own notation.
struct SyneTuneFactsTests {
  struct Fact: Sendable, CustomTestStringConvertible {
    let notation: String
    let domain: Domain
    /// The value of the default configuration.
    let midpoint: ParameterValue
    let count: Int?
    let json: String
    var testDescription: String { notation }
  }

  private static let logBase = #""sampler_cls": "LogUniform", "sampler_kwargs": {"base": 2.718281828459045}"#
  private static let evenly = #""sampler_cls": "Uniform", "sampler_kwargs": {}"#

  static let facts: [Fact] = [
    Fact(
      notation: "uniform(0.0, 1.0)", domain: .uniform(lower: 0, upper: 1), midpoint: .double(0.5), count: nil,
      json: #"{"domain_cls": "Float", "domain_kwargs": {"lower": 0.0, "upper": 1.0}, "# + evenly + "}"),
    Fact(
      notation: "loguniform(1e-5, 1e-1)", domain: .loguniform(lower: 1e-5, upper: 1e-1),
      midpoint: .double(0.0010000000000000002), count: nil,
      json: #"{"domain_cls": "Float", "domain_kwargs": {"lower": 1e-05, "upper": 0.1}, "# + logBase + "}"),
    Fact(
      notation: "reverseloguniform(0.9, 0.999)", domain: .reverseloguniform(lower: 0.9, upper: 0.999),
      midpoint: .double(0.9495), count: nil,
      json: #"{"domain_cls": "Float", "domain_kwargs": {"lower": 0.9, "upper": 0.999}, "# + logBase + "}"),
    Fact(
      notation: "randint(1, 4)", domain: .randint(lower: 1, upper: 4), midpoint: .int(2), count: 4,
      json: #"{"domain_cls": "Integer", "domain_kwargs": {"lower": 1, "upper": 4}, "# + evenly + "}"),
    Fact(
      notation: "lograndint(8, 256)", domain: .lograndint(lower: 8, upper: 256), midpoint: .int(45), count: 249,
      json: #"{"domain_cls": "Integer", "domain_kwargs": {"lower": 8, "upper": 256}, "# + logBase + "}"),
    Fact(
      notation: "choice(['relu', 'tanh'])", domain: .choice([.string("relu"), .string("tanh")]),
      midpoint: .string("relu"), count: 2,
      json: #"{"domain_cls": "Categorical", "domain_kwargs": {"categories": ["relu", "tanh"]}, "# + evenly + "}"),
    Fact(
      notation: "choice([True, False])", domain: .choice([.bool(true), .bool(false)]), midpoint: .bool(true), count: 2,
      json: #"{"domain_cls": "Categorical", "domain_kwargs": {"categories": [true, false]}, "# + evenly + "}"),
    Fact(
      notation: "ordinal(['s', 'm', 'l'])", domain: .ordinal([.string("s"), .string("m"), .string("l")]),
      midpoint: .string("m"), count: 3,
      json: #"{"domain_cls": "Ordinal", "domain_kwargs": {"categories": ["s", "m", "l"]}, "# + evenly + "}"),
    Fact(
      notation: "ordinal([4, 1, 2])", domain: .ordinal([.int(4), .int(1), .int(2)]), midpoint: .int(1), count: 3,
      json: #"{"domain_cls": "Ordinal", "domain_kwargs": {"categories": [4, 1, 2]}, "# + evenly + "}"),
    Fact(
      notation: "ordinal([5])", domain: .ordinal([.int(5)]), midpoint: .int(5), count: 1,
      json: #"{"domain_cls": "Ordinal", "domain_kwargs": {"categories": [5]}, "# + evenly + "}"),
    Fact(
      notation: "ordinal([1, 2, 8])", domain: .ordinal([.int(1), .int(2), .int(8)]), midpoint: .int(2), count: 3,
      json: #"{"domain_cls": "OrdinalNearestNeighbor", "domain_kwargs": {"categories": [1, 2, 8], "log_scale": false}}"#
    ),
    Fact(
      notation: "ordinal([0.5, 1.0, 3.0])", domain: .ordinal([.double(0.5), .double(1), .double(3)]),
      midpoint: .double(1), count: 3,
      json:
        #"{"domain_cls": "OrdinalNearestNeighbor", "#
        + #""domain_kwargs": {"categories": [0.5, 1.0, 3.0], "log_scale": false}}"#
    ),
    Fact(
      notation: "ordinal([1, 2, 8], kind='equal')", domain: .ordinal([.int(1), .int(2), .int(8)], kind: .equal),
      midpoint: .int(2), count: 3,
      json: #"{"domain_cls": "Ordinal", "domain_kwargs": {"categories": [1, 2, 8]}, "# + evenly + "}"),
    Fact(
      notation: "logordinal([1, 2, 8, 64])", domain: .logordinal([.int(1), .int(2), .int(8), .int(64)]),
      midpoint: .int(8), count: 4,
      json:
        #"{"domain_cls": "OrdinalNearestNeighbor", "#
        + #""domain_kwargs": {"categories": [1, 2, 8, 64], "log_scale": true}}"#),
    Fact(
      notation: "finrange(0.1, 1.0, 10)", domain: .finrange(lower: 0.1, upper: 1, size: 10), midpoint: .double(0.5),
      count: 10, json: finite(lower: "0.1", upper: "1.0", isLogarithmic: false, isWhole: false, size: 10)),
    Fact(
      notation: "finrange(1.0, 9.0, 3, cast_int=True)", domain: .finrange(lower: 1, upper: 9, size: 3, isWhole: true),
      midpoint: .int(5), count: 3,
      json: finite(lower: "1.0", upper: "9.0", isLogarithmic: false, isWhole: true, size: 3)),
    Fact(
      notation: "logfinrange(1.0, 1000.0, 4)", domain: .logfinrange(lower: 1, upper: 1000, size: 4),
      midpoint: .double(99.99999999999994), count: 4,
      json: finite(lower: "1.0", upper: "1000.0", isLogarithmic: true, isWhole: false, size: 4)),
    Fact(
      notation: "logfinrange(8.0, 256.0, 6, cast_int=True)",
      domain: .logfinrange(lower: 8, upper: 256, size: 6, isWhole: true), midpoint: .int(32), count: 6,
      json: finite(lower: "8.0", upper: "256.0", isLogarithmic: true, isWhole: true, size: 6)),
    Fact(
      notation: "finrange(2.0, 2.0, 1)", domain: .finrange(lower: 2, upper: 2, size: 1), midpoint: .double(2), count: 1,
      json: finite(lower: "2.0", upper: "2.0", isLogarithmic: false, isWhole: false, size: 1)),
  ]

  private static func finite(lower: String, upper: String, isLogarithmic: Bool, isWhole: Bool, size: Int) -> String {
    #"{"domain_cls": "FiniteRange", "domain_kwargs": {"lower": \#(lower), "upper": \#(upper), "#
      + #""log_scale": \#(isLogarithmic), "cast_int": \#(isWhole), "size": \#(size)}}"#
  }

  @Test("the default value is Syne Tune's", arguments: facts)
  func defaults(_ fact: Fact) { #expect(isSame(fact.domain.defaultValue, fact.midpoint)) }

  /// Equal, but for the last digit of an exponential: NumPy has one of its own, which differs from the C library's.
  private func isSame(_ a: ParameterValue, _ b: ParameterValue) -> Bool {
    guard case .double(let x) = a, case .double(let y) = b else { return a == b }
    return (x - y).magnitude <= 4 * max(x.ulp, y.ulp)
  }

  @Test("the number of values is Syne Tune's", arguments: facts)
  func counts(_ fact: Fact) { #expect(fact.domain.count == fact.count) }

  @Test("the JSON form is Syne Tune's, byte for byte", arguments: facts)
  func json(_ fact: Fact) {
    let space = ConfigurationSpace([.init("x", fact.domain)])
    #expect(space.syneTuneJSON.jsonText(.python) == #"{"x": "# + fact.json + "}")
  }

  @Test("constants stand in the JSON form as they are")
  func constants() {
    let space = ConfigurationSpace([
      .init("epochs", constant: .int(81)), .init("k", constant: .string("x")), .init("fl", constant: .double(1e-5)),
      .init("bo", constant: .bool(true)),
    ])
    #expect(space.syneTuneJSON.jsonText(.python) == #"{"epochs": 81, "k": "x", "fl": 1e-05, "bo": true}"#)
  }

  @Test("the values of finite ranges are Syne Tune's")
  func finiteValues() {
    func values(_ domain: Domain) -> [ParameterValue] { (0..<(domain.count ?? 0)).map(domain.value) }
    #expect(
      values(.finrange(lower: 0.1, upper: 1, size: 10))
        == [0.1, 0.2, 0.30000000000000004, 0.4, 0.5, 0.6, 0.7000000000000001, 0.8, 0.9, 1.0].map(ParameterValue.double))
    #expect(
      values(.finrange(lower: 0, upper: 1, size: 4))
        == [0.0, 0.3333333333333333, 0.6666666666666666, 1.0].map(ParameterValue.double))
    let logarithmic = values(.logfinrange(lower: 1e-5, upper: 1e-1, size: 5))
    let theirs = [1e-05, 9.999999999999991e-05, 0.0010000000000000002, 0.010000000000000004, 0.1]
    #expect(logarithmic.count == 5)
    for (value, their) in zip(logarithmic, theirs) { #expect(isSame(value, .double(their))) }
    #expect(
      values(.logfinrange(lower: 8, upper: 256, size: 6, isWhole: true))
        == [8, 16, 32, 64, 128, 256].map(ParameterValue.int))
    // Syne Tune lists 1, 2, 2, 3, 3, 4: drawn with these weights, but four values.
    #expect(values(.finrange(lower: 1, upper: 4, size: 6, isWhole: true)) == [1, 2, 3, 4].map(ParameterValue.int))
  }
}
