import TuningModel

/// A program of the user's that decides in place of a scheduler: `scheduler: {command: …}`. What is said to it and by it
/// stands in `Docs/scheduler-protocol.md`.
public struct SchedulerProgram: Equatable, Sendable {
  /// How long an answer may take where the cluster file does not say.
  public static let usualPatience = Duration.seconds(60)

  /// The command, split into words as a shell would (quotes, no expansion).
  public var command: [String]
  /// How long the answer to `suggest` may take.
  public var answerWithin: Duration
  /// The user's own, passed on as they are, in the order of the file.
  public var options: [JSONValue.Member]

  public init(
    command: [String], answerWithin: Duration = SchedulerProgram.usualPatience, options: [JSONValue.Member] = []
  ) {
    self.command = command
    self.answerWithin = answerWithin
    self.options = options
  }
}
