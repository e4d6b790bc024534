import SearchSpace
import Testing
import TuningModel

struct ConfigurationSpaceTests {
  let space = ConfigurationSpace([
    .init("lr", .loguniform(lower: 1e-5, upper: 0.1)), .init("act", .choice([.string("relu"), .string("tanh")])),
    .init("epochs", constant: .int(81)), .init("width", .randint(lower: 1, upper: 3)),
  ])

  @Test("a configuration has the space's names in their order")
  func order() {
    var generator = SeededGenerator(seed: 1)
    let configuration = space.sample(&generator)
    #expect(configuration.entries.map(\.name) == ["lr", "act", "epochs", "width"])
    #expect(configuration["epochs"] == .int(81))
    #expect(space.contains(configuration))
    #expect(space.contains(space.defaultConfiguration))
  }

  @Test("the number of configurations is the product of the domains', and infinite with a continuous one")
  func count() {
    #expect(space.count == nil)
    let finite = ConfigurationSpace(space.entries.filter { $0.name != "lr" })
    #expect(finite.count == 6)
    #expect(Set((0..<6).map(finite.configuration)).count == 6)
    for index in 0..<6 { #expect(finite.contains(finite.configuration(at: index))) }
    #expect(ConfigurationSpace([.init("epochs", constant: .int(1))]).count == 1)
    #expect(ConfigurationSpace().count == 1)
    let huge = ConfigurationSpace((0..<5).map { .init("p\($0)", .randint(lower: 1, upper: 1 << 40)) })
    #expect(huge.count == nil)
    #expect(ConfigurationSpace([.init("all", .randint(lower: .min, upper: .max))]).count == nil)
  }

  @Test("a point is completed with defaults and constants, and values become the domain's own")
  func completion() {
    let completed = space.completed(Configuration([.init("width", .double(2)), .init("lr", .double(0.01))]))
    #expect(
      completed?.entries == [
        .init("lr", .double(0.01)), .init("act", .string("relu")), .init("epochs", .int(81)), .init("width", .int(2)),
      ])
    #expect(space.completed(Configuration([.init("width", .int(4))])) == nil)
    #expect(space.completed(Configuration([.init("widht", .int(2))])) == nil)
    #expect(space.completed(Configuration([.init("epochs", .int(80))])) == nil)
    #expect(space.completed(Configuration())?.entries == space.defaultConfiguration.entries)
  }

  @Test("configurations are the same when their numbers agree to seven digits, whatever their constants")
  func matching() {
    func key(_ lr: Double, _ epochs: Int = 81) -> ConfigurationKey? {
      space.matchKey(
        of: Configuration([
          .init("lr", .double(lr)), .init("act", .string("tanh")), .init("epochs", .int(epochs)),
          .init("width", .int(1)),
        ]))
    }
    #expect(key(0.01) != nil)
    #expect(key(0.01) == key(0.010000000000000002))
    #expect(key(0.01) == key(0.01, 3))
    #expect(key(0.01) != key(0.010001))
    #expect(key(0.5) == nil)
    #expect(space.matchKey(of: Configuration()) == nil)
  }

  @Test("a number written with fewer digits is the one in the list")
  func castToList() {
    let domain = Domain.finrange(lower: 0.1, upper: 1, size: 10)
    #expect(domain.cast(.double(0.3)) == .double(0.30000000000000004))
    #expect(domain.cast(.double(0.25)) == nil)
    #expect(domain.cast(.double(2)) == nil)
    let logarithmic = Domain.logfinrange(lower: 1e-5, upper: 1e-1, size: 5)
    #expect(logarithmic.cast(.double(1e-4)) == logarithmic.value(at: 1))
    #expect(Domain.choice([.double(0.1), .double(1)]).cast(.int(1)) == .double(1))
    #expect(Domain.choice([.int(1), .int(2)]).cast(.double(2)) == .int(2))
    #expect(Domain.choice([.int(1), .int(2)]).cast(.double(2.0000001)) == nil)
    #expect(Domain.choice([.string("1")]).cast(.int(1)) == nil)
    #expect(Domain.randint(lower: 1, upper: 4).cast(.double(2.5)) == nil)
    #expect(Domain.uniform(lower: 0, upper: 1).cast(.double(.nan)) == nil)
    #expect(Domain.uniform(lower: 0, upper: 1).cast(.string("0.5")) == nil)
  }
}

struct ParameterTextTests {
  @Test("arguments are what Python's str() gives")
  func arguments() {
    let expected: [(ParameterValue, String)] = [
      (.int(-3), "-3"), (.double(1e-5), "1e-05"), (.double(0.0001), "0.0001"), (.double(1e16), "1e+16"),
      (.double(1), "1.0"), (.double(0.30000000000000004), "0.30000000000000004"), (.bool(true), "True"),
      (.bool(false), "False"), (.string("a b"), "a b"), (.string("--x"), "--x"), (.string(""), ""),
    ]
    for (value, text) in expected { #expect(value.argumentText == text) }
  }

  @Test("a value comes back from its JSON form")
  func json() {
    for value: ParameterValue in [.int(1), .double(1), .bool(false), .string("1")] {
      #expect(ParameterValue(json: value.json) == value)
    }
    #expect(ParameterValue(json: .null) == nil)
    #expect(ParameterValue(json: .array([])) == nil)
    let configuration = Configuration([.init("lr", .double(0.1)), .init("act", .string("relu"))])
    #expect(configuration.json.jsonText() == #"{"lr":0.1,"act":"relu"}"#)
  }
}
