import Coordination
import Scheduling
import TuningModel

/// The keys of `scheduler` for a program of the user's: `command`, `answer_within`, `options`.
struct ProgramSection {
  let map: MapReader

  /// How long an answer may take at least and at most.
  private static let patience = Duration.milliseconds(100)...Duration.seconds(86_400)

  /// Whether a program decides, whatever is wrong with what stands there.
  var isThere: Bool { map.has("command") }

  /// nil: there is none, or there are mistakes.
  func decode() -> SchedulerProgram? {
    guard isThere else {
      for key in ["answer_within", "options"] where map.has(key) {
        map.warn(.contradiction, key, "has no effect without command")
      }
      return nil
    }
    if map.has("name") {
      map.tell(
        .contradiction, "name",
        "and command cannot be given together: remove name to let the program decide, or command to use a scheduler of "
          + "pasha's")
    }
    let words = CommandReader(
      map: map, key: "command", example: "python3 my_scheduler.py", shellAdvice: "sh -c '…'"
    ).words()
    let patience = map.duration("answer_within", Self.patience)
    let options = map.map("options", example: "{patience: 3}").map { options in
      options.pairs.map { pair in
        JSONValue.Member(pair.key, MetadataSection.json(pair.value, options.fullPath(pair.key), map.mistakes))
      }
    }
    guard let words, !map.has("name"), patience != nil || !map.has("answer_within"),
      options != nil || !map.has("options")
    else { return nil }
    return SchedulerProgram(
      command: words, answerWithin: patience ?? SchedulerProgram.usualPatience, options: options ?? [])
  }
}
