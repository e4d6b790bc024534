import ClusterFile
import Coordination
import Foundation
import SearchSpace
import Testing
import TuningModel

struct ValuesTests {
  /// The constant that a text is, or the mistake.
  private func constant(_ written: String) -> ConfigurationSpace.Content? {
    try? Fixture.decode(Fixture.file(space: "c: \(written)")).specification.experiment.space["c"]
  }

  @Test("a value is what a user means by it")
  func constants() {
    let expected: [(String, ParameterValue)] = [
      ("81", .int(81)), ("-3", .int(-3)), ("+3", .int(3)), ("0", .int(0)), ("1_000", .int(1000)), ("0x1F", .int(31)),
      ("0o17", .int(15)), ("1e-5", .double(1e-5)), ("1.0e-5", .double(1e-5)), ("1E3", .double(1000)),
      (".5", .double(0.5)), ("5.", .double(5)), ("-0.0", .double(-0.0)), ("1_0.5", .double(10.5)),
      ("9223372036854775807", .int(.max)), ("-9223372036854775808", .int(.min)), ("true", .bool(true)),
      ("FALSE", .bool(false)), ("yes", .string("yes")), ("no", .string("no")), ("on", .string("on")),
      ("off", .string("off")), ("y", .string("y")), ("'true'", .string("true")), ("\"1\"", .string("1")),
      ("!!str 1", .string("1")), ("!!float 1", .int(1)), ("1:30", .string("1:30")),
      ("2026-11-23", .string("2026-11-23")), ("1e", .string("1e")), ("e5", .string("e5")), ("1-2", .string("1-2")),
      ("nan", .string("nan")), ("inf", .string("inf")), ("Infinity", .string("Infinity")), ("0x", .string("0x")),
      ("_1", .string("_1")), ("1_", .string("1_")), ("1.2.3", .string("1.2.3")), (".", .string(".")),
      ("\"\"", .string("")), ("'a b'", .string("a b")), ("--x", .string("--x")), ("größe", .string("größe")),
    ]
    for (written, value) in expected { #expect(constant(written) == .constant(value), "\(written)") }
  }

  @Test(
    "a value that could be misread is refused",
    arguments: ["010", "00", "99999999999999999999", ".nan", ".inf", "-.Inf", "1e400", "", "~", "null", "!custom 1"])
  func refused(_ written: String) { #expect(constant(written) == nil) }

  @Test("numbers are taken where numbers belong, however they are written")
  func numbers() throws {
    let file = try Fixture.decode(
      Fixture.file(
        space: "a: {type: loguniform, lower: 1e-5, upper: 1}\nb: {type: randint, lower: 1.0, upper: 1e3}"))
    #expect(
      file.specification.experiment.space.entries.map(\.content) == [
        .domain(.loguniform(lower: 1e-5, upper: 1)), .domain(.randint(lower: 1, upper: 1000)),
      ])
    func mistake(_ bound: String) -> String {
      let found = Fixture.mistakes(Fixture.file(space: "a: {type: uniform, lower: \(bound), upper: 1}"))
      return found[0].split(separator: "a.lower ").last.map(String.init) ?? ""
    }
    #expect(mistake("'0'") == "must be a number, not text; remove the quotes")
    #expect(mistake("zero") == "must be a number, not zero")
    #expect(mistake(".nan") == "must be a finite number, not .nan")
    #expect(mistake("-.inf") == "must be a finite number, not -.inf")
    #expect(mistake("-1e400") == "must be a finite number, not -1e400")
    #expect(mistake("[0]") == "must be a number, not a list")
    #expect(mistake("true") == "must be a number, not true")
    #expect(mistake("010") == "must be a number, and 010 begins with 0, which some read as octal; write it without")
  }

  @Test("whether the page is served, and at which port first")
  func page() throws {
    for (written, page) in [
      ("on", PageOptions()), ("true", PageOptions()), ("off", PageOptions(isServed: false)),
      ("no", PageOptions(isServed: false)), ("9000", PageOptions(port: 9000)),
    ] {
      #expect(try Fixture.decode(Fixture.file(rest: "page: \(written)")).specification.page == page, "\(written)")
    }
    for written in ["0", "65536", "never", "[1]", "{port: 1}", "'9000 '", "1.5"] {
      let mistakes = Fixture.mistakes(Fixture.file(rest: "page: \(written)"))
      #expect(mistakes.count == 1 && mistakes[0].contains("page must be"), "\(written): \(mistakes)")
    }
  }

  @Test("every type of domain is read")
  func domains() throws {
    let expected: [(String, Domain)] = [
      ("type: uniform, lower: -1, upper: 1", .uniform(lower: -1, upper: 1)),
      ("type: loguniform, lower: 0.1, upper: 1", .loguniform(lower: 0.1, upper: 1)),
      ("type: reverseloguniform, lower: 0, upper: 0.9", .reverseloguniform(lower: 0, upper: 0.9)),
      ("type: randint, lower: -1, upper: 1", .randint(lower: -1, upper: 1)),
      ("type: lograndint, lower: 1, upper: 9", .lograndint(lower: 1, upper: 9)),
      ("type: choice, values: [a, no]", .choice([.string("a"), .string("no")])),
      ("type: choice, values: [1, 2.5]", .choice([.double(1), .double(2.5)])),
      ("type: choice, values: ['1', '2']", .choice([.string("1"), .string("2")])),
      ("type: ordinal, values: [1, 2]", .ordinal([.int(1), .int(2)], kind: .nearest)),
      ("type: ordinal, values: [b, a]", .ordinal([.string("b"), .string("a")], kind: .equal)),
      ("type: ordinal, values: [1, 2], kind: nn-log", .logordinal([.int(1), .int(2)])),
      ("type: logordinal, values: [1, 2]", .logordinal([.int(1), .int(2)])),
      ("type: finrange, lower: 0, upper: 1, size: 3", .finrange(lower: 0, upper: 1, size: 3)),
      (
        "type: logfinrange, lower: 1, upper: 8, size: 4, cast_int: true",
        .logfinrange(lower: 1, upper: 8, size: 4, isWhole: true)
      ),
    ]
    for (written, domain) in expected {
      let file = try Fixture.decode(Fixture.file(space: "x: {\(written)}"))
      #expect(file.specification.experiment.space["x"] == .domain(domain), "\(written)")
    }
  }

  @Test("a domain that is wrong is told at its part")
  func wrongDomains() {
    func mistake(_ written: String) -> String { Fixture.mistakes(Fixture.file(space: "x: {\(written)}"))[0] }
    #expect(
      mistake("type: lograndint, lower: 0, upper: 9")
        == "cluster.yml:5:34: experiment.config_space.x.lower must be at least 1 for lograndint, not 0; "
        + "use randint for a range with 0")
    #expect(mistake("type: reverseloguniform, lower: 0, upper: 1").contains("x.upper must be below 1"))
    #expect(mistake("type: finrange, lower: 0, upper: 1, size: 0").contains("x.size must be 1…100000, not 0"))
    #expect(mistake("type: finrange, lower: 0, upper: 1, size: 3, cast_int: 1").contains("true or false, not 1"))
    #expect(
      mistake("type: ordinal, values: [2, 1], kind: nn").contains("x.values[1] must be above the value before it"))
    #expect(mistake("type: choice, values: [[a]]").contains("x.values[0] must be a number, text, true or false"))
    #expect(mistake("type: choice, values: 3").contains("x.values must be a list such as [relu, tanh], not 3"))
    #expect(mistake("type: choice, values: [no, true]").contains("must be text like the first value"))
    #expect(mistake("lower: 0, upper: 1").contains("x.type is missing; choose one of uniform"))
    #expect(mistake("type: LogUniform, lower: 1, upper: 2").contains("not LogUniform; write loguniform"))
    #expect(mistake("type: quniform, lower: 1, upper: 2, q: 1").contains("write finrange or logfinrange with size"))
  }

  @Test("durations are read in their units")
  func durations() throws {
    func duration(_ written: String) -> Duration? {
      try? Fixture.decode(Fixture.file(stop: "stop_criterion: {max_wallclock_time: \(written)}"))
        .specification.stop.maxWallclockTime
    }
    let expected: [(String, Int)] = [
      ("90", 90), ("90s", 90), ("30m", 1800), ("2h", 7200), ("1d", 86_400), ("1h30m", 5400), ("1d12h", 129_600),
      ("1.5h", 5400), ("'2 h'", 7200), ("1m30s", 90), ("'10'", 10), ("5min", 300),
    ]
    for (written, seconds) in expected { #expect(duration(written) == .seconds(seconds), "\(written)") }
    #expect(duration("500ms") == .milliseconds(500))
    #expect(duration("0.25") == .milliseconds(250))
    for written in [
      "0", "-5", "2 weeks", "h", "1h1h", "30m1h", "1h30", "", ".nan", "1e3h", "20y", "4000d", "[1]", ".5h",
    ] {
      #expect(duration(written) == nil, "\(written)")
    }
  }

  @Test("the entry point is split as a shell splits it")
  func entryPoint() {
    func words(_ written: String) -> [String]? {
      let text = Fixture.file().replacingOccurrences(
        of: "entry_point: python3 train.py", with: "entry_point: \(written)")
      return try? Fixture.decode(text).specification.experiment.entryPoint
    }
    #expect(words("python3  train.py") == ["python3", "train.py"])
    #expect(words(#"python3 "my script.py" 'two  words' a\ b"#) == ["python3", "my script.py", "two  words", "a b"])
    #expect(words(#"x "a\"b\$c\d" 'it'\''s' "" ''"#) == ["x", #"a"b$c\d"#, "it's", "", ""])
    #expect(words("|\n    python3\n    train.py --x '1\n    2'") == ["python3", "train.py", "--x", "1\n2"])
    #expect(words("[python3, my script.py, 3, '']") == ["python3", "my script.py", "3", ""])
    #expect(words("sh -c 'a | b'") == ["sh", "-c", "a | b"])
    for wrong in ["\"x 'y\"", #"'x "y'"#, #"x\"#, "[]", "''", "[[a]]", "{a: b}", "\"''\"", "A=1 python3 x"] {
      #expect(words(wrong) == nil, "\(wrong)")
    }
  }

  @Test("names of runs and variables are checked")
  func names() {
    for name in ["a b", "-x", "_x", "ä", "a/b", "..", String(repeating: "x", count: 65)] {
      let text = Fixture.file().replacingOccurrences(of: "name: test", with: "name: '\(name)'")
      #expect(Fixture.mistakes(text).first?.contains("experiment.name must be") == true, "\(name)")
    }
    #expect(Fixture.mistakes(Fixture.file().replacingOccurrences(of: "name: test", with: "name: 2026-a_B")) == ["ok"])
    for name in ["1A", "A-B", "'A B'", "''", "'A=B'", "PASHA_RUN"] {
      #expect(Fixture.mistakes(Fixture.file(experiment: "env: {\(name): x}")).count == 1, "\(name)")
    }
    for name in ["'-lr'", "'a b'", "'a=b'", "''", "st_checkpoint_dir", "\"a\\tb\""] {
      #expect(Fixture.mistakes(Fixture.file(space: "\(name): 1")).count == 1, "\(name)")
    }
  }
}
