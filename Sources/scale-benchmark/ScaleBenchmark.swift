import Foundation
import TuningModel

/// What a large run costs: a journal of many facts read again, and many agents that report at once.
///
///     scale-benchmark fill FACTS FOLDER
///     scale-benchmark journal FACTS FOLDER
///     scale-benchmark page FACTS FOLDER
///     scale-benchmark agents CONTROL_SOCKET AGENTS REPORTS_PER_SECOND SECONDS
///
/// `fill` makes the folder of a run with so many facts, and no more; the others print one line of JSON. `journal` makes the folder of a run with so many facts, whose agents report as training does, unless it is there
/// already, and reads it as `resume` does. `page` does so with trials that report a hundred times each, reads it as the page's
/// server does, and asks what the page asks. `agents` lets so many agents join a run at the same moment, each with keys and
/// connections of its own; they report so much together, and stay until the run dismisses them.
@main struct ScaleBenchmark {
  static func main() {
    let words = Array(CommandLine.arguments.dropFirst())
    do {
      if words.count == 3, words[0] == "fill", let facts = Int(words[1]), facts > 0 {
        _ = try JournalScale(facts: facts, folder: words[2]).prepare()
      } else if words.count == 3, words[0] == "journal", let facts = Int(words[1]), facts > 0 {
        show(try JournalScale(facts: facts, folder: words[2]).measure())
      } else if words.count == 3, words[0] == "page", let facts = Int(words[1]), facts > 0 {
        show(try PageScale(journal: JournalScale(facts: facts, folder: words[2], gracePeriod: 60)).measure())
      } else if words.count == 5, words[0] == "agents", let agents = Int(words[2]), let rate = Double(words[3]),
        let seconds = Double(words[4]), agents > 0, rate > 0, seconds > 0
      {
        let crowd = try Crowd(control: words[1], agents: agents, rate: rate, seconds: seconds)
        show(crowd.measure())
        crowd.stayUntilDismissed()
      } else {
        tell(
          "usage: scale-benchmark fill|journal|page FACTS FOLDER\n"
            + "       scale-benchmark agents SOCKET AGENTS RATE SECONDS")
        exit(64)
      }
    } catch {
      tell("\(error)")
      exit(70)
    }
  }

  /// A figure of the line.
  static func figure(_ name: String, _ value: Double) -> JSONValue.Member { .init(name, .double(value)) }
  static func figure(_ name: String, _ value: Int) -> JSONValue.Member { .init(name, .int(value)) }

  private static func show(_ figures: [JSONValue.Member]) {
    FileHandle.standardOutput.write(Data((JSONValue.object(figures).jsonText(.strict) + "\n").utf8))
  }

  private static func tell(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }
}
