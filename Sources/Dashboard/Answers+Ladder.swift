import Chronicle
import Coordination
import Hummingbird
import Presentation
import Scheduling
import TuningModel

/// The rungs, and how PASHA's maximum rose.
extension Answers {
  func ladder(_ parameters: inout QueryReader) async throws -> Response {
    try parameters.finish()
    return try await look { chronicle, writer in
      let view = LadderView(chronicle)
      let filled = FilledLadder(chronicle)
      let maximum = chronicle.state.specification.scheduler.maxResource
      writer.object { writer in
        writer.member("grows", chronicle.state.specification.scheduler.name == .pasha)
        writer.array("brackets") { writer in
          for system in view.ladder.indices { writer.object { view.write(system, &$0) } }
          for kind in filled.kinds.indices { writer.object { filled.write(kind, maximum: maximum, &$0) } }
        }
      }
    }
  }
}

/// The answer of `/api/v1/ladder`.
struct LadderView {
  let chronicle: Chronicle
  let ladder: [RungSystemView]
  /// By system and level.
  private var running: [[Int: Int]]
  private var waiting: [[Int: Int]]
  private let maximum: Int

  init(_ chronicle: Chronicle) {
    self.chronicle = chronicle
    ladder = chronicle.state.scheduler.ladder
    maximum = chronicle.state.specification.scheduler.maxResource
    running = ladder.map { _ in [:] }
    waiting = ladder.map { _ in [:] }
    guard !ladder.isEmpty else { return }
    for index in chronicle.state.trials.indices {
      let system = max(0, min(ladder.count - 1, chronicle.state.trials[index].bracket))
      switch chronicle.state.trials[index].status {
      case .active(.held), .paused:
        if let level = chronicle.state.scheduler.standing(of: TrialID(index))?.level {
          waiting[system][level, default: 0] += 1
        }
      case .active, .pending: running[system][Answers.milestone(index, chronicle), default: 0] += 1
      case .completed, .stopped, .failed: break
      }
    }
  }

  func write(_ system: Int, _ writer: inout JSONWriter) {
    let rises = chronicle.rises.filter { $0.raise.system == system }
    writer.member("bracket", system)
    writer.array("rungs") { writer in
      for rung in ladder[system].rungs { writer.object { write(rung, system, &$0) } }
      writer.object { top(system, &$0) }
    }
    writer.member("first_maximum", max(1, rises.first?.raise.from ?? ladder[system].currentMaximum))
    writer.member("maximum", max(1, ladder[system].currentMaximum))
    writer.maybe("epsilon", ladder[system].epsilon)
    writer.array("rises") { writer in for rise in rises { writer.object { write(rise, &$0) } } }
  }

  private func write(_ rung: RungView, _ system: Int, _ writer: inout JSONWriter) {
    let best = chronicle.state.scheduler.entries(system: system, level: rung.level).first?.value
    writer.member("level", rung.level)
    writer.member("trials", rung.entries)
    writer.member("promoted", rung.promoted)
    writer.member("waiting", waiting[system][rung.level] ?? 0)
    writer.member("running", running[system][rung.level] ?? 0)
    writer.maybe("best", best)
    writer.maybe("cut_off", chronicle.state.scheduler.cutOff(system: system, level: rung.level))
  }

  /// The maximum resource, which is no rung.
  private func top(_ system: Int, _ writer: inout JSONWriter) {
    let mode = chronicle.state.specification.experiment.mode
    var count = 0
    var best: Double?
    for index in chronicle.state.trials.indices where chronicle.state.trials[index].resource >= maximum {
      guard ladder.count == 1 || chronicle.state.trials[index].bracket == system else { continue }
      count += 1
      if let value = chronicle.state.trials[index].best?.value, best.map({ mode.isBetter(value, than: $0) }) ?? true {
        best = value
      }
    }
    writer.member("level", maximum)
    writer.member("trials", count)
    writer.member("promoted", 0)
    writer.member("waiting", 0)
    writer.member("running", running[system][maximum] ?? 0)
    writer.maybe("best", best)
    writer.maybe("cut_off", nil as Double?)
  }

  private func write(_ rise: Rise, _ writer: inout JSONWriter) {
    let raise = rise.raise
    writer.member("sequence", rise.sequence)
    writer.member("at", rise.wall)
    writer.member("active_seconds", rise.seconds)
    writer.member("from", max(1, raise.from))
    writer.member("to", max(1, raise.to))
    writer.member("top_level", max(1, raise.topLevel))
    writer.member("previous_level", max(1, raise.previousLevel))
    writer.member("criterion", raise.criterion.rawValue)
    writer.member("position", raise.position)
    writer.member("trial", raise.trial.rawValue)
    writer.member("trial_value", raise.trialValue)
    writer.maybe("trial_top_value", rise.trialTop)
    writer.member("holder", raise.holder.rawValue)
    writer.member("holder_value", raise.holderValue)
    writer.maybe("holder_top_value", rise.holderTop)
    writer.member("epsilon", raise.epsilon)
    writer.maybe("score", raise.score)
    writer.member("text", Presentation.rise(raise, in: chronicle.state))
  }
}
