import ClusterFile
import Coordination
import Testing
import TuningModel

/// The keys of `scheduler` for a program of the user's.
struct ProgramSectionTests {
  private func file(_ scheduler: String) -> String { Fixture.file(scheduler: "scheduler: {\(scheduler)}") }

  @Test func aProgramIsRead() throws {
    let decoded = try Fixture.decode(
      file(
        "command: python3 'my scheduler.py' --fast, max_t: 81, answer_within: 5s, "
          + "options: {patience: 3, names: [a, 1], deep: {x: 0.5}}"))
    #expect(decoded.warnings.isEmpty)
    #expect(decoded.specification.scheduler.name == .external && decoded.specification.scheduler.maxResource == 81)
    #expect(
      decoded.specification.program
        == SchedulerProgram(
          command: ["python3", "my scheduler.py", "--fast"], answerWithin: .seconds(5),
          options: [
            .init("patience", .int(3)), .init("names", .array([.string("a"), .int(1)])),
            .init("deep", .object([.init("x", .double(0.5))])),
          ]))
  }

  @Test func whatIsLeftOutHasItsUsualValue() throws {
    let specification = try Fixture.decode(file("command: [./program, a b], max_t: 9")).specification
    #expect(specification.program == SchedulerProgram(command: ["./program", "a b"], answerWithin: .seconds(60)))
    #expect(try Fixture.decode(file("max_t: 9")).specification.program == nil)
  }

  @Test(arguments: [
    ("name: asha, command: python3 a.py", "scheduler.name and command cannot be given together"),
    ("name: external", "for a program of your own leave name out and write command: python3 my_scheduler.py"),
    ("command: ''", "scheduler.command must not be empty"),
    ("command: {a: 1}", "scheduler.command must be a command such as python3 my_scheduler.py, not a map"),
    ("command: python3 'a.py", "scheduler.command must close each quote"),
    ("command: x, answer_within: soon", "scheduler.answer_within must be a duration"),
    ("command: x, answer_within: 0s", "scheduler.answer_within must be 100.0ms…1d, not 0s"),
    ("command: x, options: 3", "scheduler.options must be a map such as {patience: 3}, not 3"),
    ("command: x, options: {a: .nan}", "scheduler.options.a must be a finite number"),
  ])
  func mistakesAreTold(_ scheduler: String, _ message: String) {
    let mistakes = Fixture.mistakes(file("max_t: 27, \(scheduler)"))
    #expect(mistakes.count == 1 && mistakes[0].contains(message), "\(mistakes)")
  }

  @Test func keysOfOtherSchedulersHaveNoEffect() {
    let warnings = Fixture.warnings(file("max_t: 27, command: x, reduction_factor: 4, type: promotion, epsilon: 1"))
    #expect(warnings.count { $0.contains("has no effect with command; it belongs to") } == 3, "\(warnings)")
    let alone = Fixture.warnings(file("max_t: 27, answer_within: 3s, options: {}"))
    #expect(alone.count { $0.contains("has no effect without command") } == 2, "\(alone)")
  }
}
