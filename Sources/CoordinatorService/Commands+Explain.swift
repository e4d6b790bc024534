import Coordination
import HostSystem
import Journal
import Presentation
import TuningModel

extension Commands {
  /// Why each decision about a trial was taken; without a trial why trials wait and slots are idle.
  public static func explain(
    run: String?, trial: Int?, json: Bool, home: String = RunFolder.home
  ) throws -> ExitCode {
    let folder = try RunFolder.find(run, in: home)
    let specification = try folder.specification()
    let service = folder.service
    let isServed = service.isThere
    let reader = try JournalReader(at: folder.journal)
    guard let trial else {
      var explanation = try WaitingExplanation(specification: specification)
      try reader.replay { explanation.take(StampedFact(stamp: $0.stamp, fact: $0.fact)) }
      let now = HostClock.wall
      explanation.service = service
      if case .running = service {
        let answer = ControlSocket.ask(
          .object([.init("op", .string("troubles"))]), at: folder.controlSocket, within: .seconds(5))
        if case .object(let hosts)? = answer?.member("hosts") {
          for host in hosts {
            if case .string(let text) = host.value { explanation.troubles[host.key] = text }
          }
        }
        explanation.active = answer?.whole("active_milliseconds").map { .milliseconds($0) }
      }
      show(
        json
          ? Presentation.explanationJSON(explanation, at: now, isServed: isServed).jsonText(.strict)
          : Presentation.explanation(explanation, at: now, isServed: isServed))
      return .success
    }
    var explanation = try TrialExplanation(trial: TrialID(trial), specification: specification)
    try reader.replay { explanation.take(StampedFact(stamp: $0.stamp, fact: $0.fact)) }
    explanation.finish()
    let text =
      json
      ? Presentation.explanationJSON(explanation, isServed: isServed)?.jsonText(.strict)
      : Presentation.explanation(explanation, isServed: isServed)
    guard let text else { throw ServiceError(.notFound, "run \(folder.name) has no trial \(trial)") }
    show(text)
    return .success
  }
}
