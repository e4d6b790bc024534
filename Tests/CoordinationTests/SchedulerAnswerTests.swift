import Coordination
import SearchSpace
import Testing
import TuningModel

/// The lines of a scheduler's program, and the lines that it is told.
struct SchedulerAnswerTests {
  private var specification: RunSpecification {
    var specification = Sample.programSpecification(max: 27)
    specification.experiment.space = ConfigurationSpace([
      .init("x", .uniform(lower: 0, upper: 1)), .init("kind", .choice([.string("a"), .string("b")])),
      .init("epochs", constant: .int(27)),
    ])
    return specification
  }

  private func read(_ line: String) throws(SchedulerAnswerError) -> SchedulerAnswer {
    try SchedulerAnswer(line: Array(line.utf8), for: specification)
  }

  @Test func everyAnswerIsRead() throws {
    #expect(try read(#"{"start": {}}"#) == .start(configuration: nil, milestone: nil))
    #expect(try read(#"{"start": {"milestone": 3.0}}"#) == .start(configuration: nil, milestone: 3))
    #expect(try read(#"{"promote": 7, "milestone": 9}"#) == .promote(TrialID(7), milestone: 9))
    #expect(try read(#" {"milestone": 9, "promote": 7}"#) == .promote(TrialID(7), milestone: 9))
    #expect(try read(#"{"promote": 7}"#) == .promote(TrialID(7), milestone: 27))
    #expect(try read(#"{"wait": true}"#) == .wait)
    #expect(try read(#"{"finish": true}"#) == .finish)
    #expect(try read(#"{"stop": 7}"#) == .stop(TrialID(7)))
    #expect(try read(#"{"log": "a\nb"}"#) == .log("a\nb"))
  }

  @Test func whatAConfigurationLeavesOutGetsItsDefault() throws {
    let answer = try read(#"{"start": {"config": {"x": 1}, "milestone": 2}}"#)
    #expect(
      answer
        == .start(
          configuration: Configuration([
            .init("x", .double(1)), .init("kind", .string("a")), .init("epochs", .int(27)),
          ]), milestone: 2))
  }

  @Test(arguments: [
    ("hello", "is not JSON (byte 0: 'h' where a value must stand)"), ("[1]", "is no JSON object"),
    ("", "is not JSON"), ("{}", "must have exactly one of the keys start, promote, wait, finish, stop, log"),
    (#"{"stop": 1, "log": ""}"#, "must have exactly one of the keys"),
    (#"{"stop": 1, "milestone": 3}"#, "has the key milestone, which does not go with stop"),
    (#"{"stop": -1}"#, "must give stop the number of a trial, not -1"),
    (#"{"stop": 1.5}"#, "must give stop the number of a trial, not 1.5"),
    (#"{"promote": "1"}"#, #"must give promote the number of a trial, not "1""#),
    (#"{"promote": 1, "milestone": 28}"#, "must give a milestone from 1 to max_t, which is 27, not 28"),
    (#"{"promote": 1, "milestone": 0}"#, "must give a milestone from 1 to max_t, which is 27, not 0"),
    (#"{"promote": 1e300}"#, "must give promote the number of a trial"),
    (#"{"wait": false}"#, #"must say {"wait": true}"#), (#"{"start": true}"#, "must give start an object"),
    (#"{"start": {"rung": 3}}"#, "has the key start.rung; there are config and milestone"),
    (#"{"start": {"config": {"y": 1}}}"#, "names y, which is not in config_space; the names there are x, kind, epochs"),
    (#"{"start": {"config": {"x": 2}}}"#, "gives x the value 2, outside its domain"),
    (#"{"start": {"config": {"x": null}}}"#, "must give x a number, text or truth value"),
    (#"{"start": {"config": {"epochs": 9}}}"#, "must leave epochs as it is in config_space, 27"),
    (#"{"log": 3}"#, "must give log a text"),
  ])
  func whatCannotBeUsedIsTold(line: String, message: String) {
    #expect {
      try read(line)
    } throws: { error in
      (error as? SchedulerAnswerError)?.message.hasPrefix(message) == true
    }
  }

  @Test func helloSaysWhatTheRunIs() throws {
    let hello = SchedulerTelling(specification).hello
    #expect(hello.text("event") == "hello" && hello.whole("version") == 1 && hello.text("mode") == "min")
    #expect(hello.whole("max_t") == 27 && hello.text("metric") == "loss" && hello.text("resource_attr") == "epoch")
    #expect(hello.member("config_space")?.member("x")?.text("domain_cls") == "Float")
    #expect(hello.member("options")?.whole("patience") == 3)
  }

  @Test func whatWasWithheldIsToldOnceItCounts() {
    var telling = SchedulerTelling(specification)
    let attempt = TrialAttempt(TrialID(2), .first)
    func report(_ sequence: Int, _ disposition: ReportDisposition) -> Fact {
      .reportReceived(
        ReceivedReport(
          attempt: attempt, sequence: sequence, readAt: Timestamp(microseconds: 0), resource: sequence, value: 0.5,
          fields: [.init("loss", .double(0.5))], disposition: disposition))
    }
    #expect(
      telling.events(of: report(1, .ranked)).map { $0.jsonText() }
        == [#"{"event":"report","trial":2,"resource":1,"value":0.5,"fields":{"loss":0.5}}"#])
    #expect(telling.events(of: report(2, .withheld)).isEmpty)
    #expect(telling.events(of: report(3, .withheld)).isEmpty)
    #expect(
      telling.events(of: .withheldReportSettled(attempt, sequence: 2, .ranked)).map { $0.whole("resource") } == [2])
    #expect(telling.events(of: .withheldReportSettled(attempt, sequence: 3, .stale)).isEmpty)
    #expect(telling.events(of: report(4, .stale)).isEmpty)
    #expect(
      telling.events(of: .trialStopped(TrialID(2))).map { SchedulerTelling.asHistory($0).jsonText() }
        == [#"{"event":"ended","trial":2,"how":"stopped","replay":true}"#])
  }
}
