import Simulation
import TuningModel

extension Presentation {
  /// What a run spent, and what other ways would have spent, for scripts.
  public static func savingsJSON(_ savings: Savings) -> JSONValue {
    .object([
      .init("slots", .int(savings.slots)),
      .init("run", json(savings.run)),
      .init("again", savings.again.map { json($0) } ?? .null),
      .init("other", savings.other.map { json($0) } ?? .null),
      .init("full", json(savings.full)),
    ])
  }

  private static func json(_ way: Savings.Way) -> JSONValue {
    .object([
      .init("label", .string(way.label)),
      .init("trials", .int(way.trials)),
      .init("epochs", .int(way.epochs)),
      .init("assumed_epochs", .int(way.assumedEpochs)),
      .init("extra_epochs", .int(way.extraEpochs)),
      .init("training_seconds", way.seconds.map { .double($0) } ?? .null),
      .init("assumed_seconds", .double(way.assumedSeconds)),
      .init("wall_seconds", way.wallSeconds.map { .double($0) } ?? .null),
      .init("max_resource", .int(way.maxResource)),
      .init("best", way.best.map { .double($0) } ?? .null),
    ])
  }
}
