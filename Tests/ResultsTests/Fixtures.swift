import Coordination
import Foundation
import Journal
import Results
import Scheduling
import SearchSpace
import TestSupport
import TuningModel
import Wire

/// A run's folder with a journal that a test writes as a coordinator would.
final class RecordedRun {
  static let name = "digits-mlp-2026-11-23-19-47-57-123"
  let root = TemporaryFolder("results")
  let journal: Journal
  private var clock = 0

  var folder: String { root.file(Self.name) }
  var journalPath: String { folder + "/journal.sqlite" }

  init(start: RunStart? = nil) throws {
    try FileManager.default.createDirectory(atPath: root.file(Self.name), withIntermediateDirectories: true)
    journal = try Journal.create(at: root.file(Self.name) + "/journal.sqlite")
    try add(.runStarted(start ?? Self.start))
  }

  static let start = RunStart(
    run: name, version: "0.1.0", specificationHash: "ab12", codeHash: "cd34", randomSeed: 42)

  /// Commits facts, a quarter of a second apart.
  func add(_ facts: Fact...) throws {
    try journal.append(
      facts.map { fact in
        clock += 250
        return StampedFact(
          stamp: Stamp(
            wall: Timestamp(microseconds: 1_795_455_627_880_914 + Int64(clock) * 1000), active: .milliseconds(clock)),
          fact: fact)
      })
  }

  /// A trial with its first attempt, up to a milestone.
  func start(_ trial: Int, lr: Double, activation: String = "relu", milestone: Int = 3) throws {
    try add(
      .trialCreated(
        TrialCreation(
          trial: TrialID(trial),
          configuration: Configuration([
            .init("lr", .double(lr)), .init("hidden", .int(8 + trial)), .init("activation", .string(activation)),
            .init("bias", .bool(trial % 2 == 0)), .init("epochs", .int(9)),
          ]), bracket: 0, origin: .searcher(draws: 1))),
      .attemptAssigned(
        AttemptAssignment(
          attempt: TrialAttempt(TrialID(trial), .first), slot: SlotID(agent: AgentID(0), index: 0),
          milestone: milestone, resumeFrom: nil, reason: .created)))
  }

  func report(
    _ trial: Int, attempt: Int = 1, epoch: Int, _ fields: [JSONValue.Member], _ disposition: ReportDisposition = .ranked
  ) throws {
    try add(Self.report(trial, attempt: attempt, epoch: epoch, fields, disposition))
  }

  static func report(
    _ trial: Int, attempt: Int = 1, epoch: Int, _ fields: [JSONValue.Member], _ disposition: ReportDisposition = .ranked
  ) -> Fact {
    .reportReceived(
      ReceivedReport(
        attempt: TrialAttempt(TrialID(trial), Attempt(attempt)), sequence: epoch,
        readAt: Timestamp(microseconds: 1_795_455_630_500_000 + Int64(epoch)), resource: epoch, value: nil,
        fields: [.init("epoch", .int(epoch))] + fields, disposition: disposition))
  }

  func writer(_ specification: RunSpecification = RecordedRun.specification) -> ResultsWriter {
    ResultsWriter(folder: folder, journal: journalPath, specification: specification)
  }

  static let specification = RunSpecification(
    experiment: Experiment(
      name: "digits-mlp", entryPoint: [".venv/bin/python", "scripts/train_digits.py", "--fast"],
      space: ConfigurationSpace([
        .init("lr", .real(RealRange(lower: 1e-5, upper: 0.1, scale: .log))),
        .init("hidden", .integer(IntegerRange(lower: 8, upper: 256, isLogarithmic: true))),
        .init("activation", .choice([.string("relu"), .string("tanh, scaled")])),
        .init("bias", .choice([.bool(true), .bool(false)])), .init("epochs", constant: .int(9)),
      ]), metric: "val_accuracy", mode: .max, resourceAttribute: "epoch",
      metadata: [.init(key: "note", value: .string("first run")), .init(key: "max_t", value: .int(1))]),
    scheduler: SchedulerOptions(name: .pasha, mode: .max, maxResource: 9),
    searcher: SearcherOptions(randomSeed: 42))
}

/// Runs a program to its end.
func run(_ program: String, _ arguments: [String]) throws -> (status: Int32, output: Data) {
  let process = Process()
  process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
  process.arguments = [program] + arguments
  let pipe = Pipe()
  process.standardOutput = pipe
  try process.run()
  let output = pipe.fileHandleForReading.readDataToEndOfFile()
  process.waitUntilExit()
  return (process.terminationStatus, output)
}
