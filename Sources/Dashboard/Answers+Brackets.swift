import Chronicle
import Coordination
import Scheduling
import TuningModel

/// The rungs of a scheduler that fills them one after the other, over all brackets of a kind. There is one ladder for each
/// kind: there may be thousands of brackets.
struct FilledLadder {
  struct Rung {
    var reached = 0
    var promoted = 0
    var waiting = 0
    var running = 0
    var best: Double?
  }

  let kinds: [BracketKindView]
  private(set) var rungs: [[Rung]]

  init(_ chronicle: Chronicle) {
    let state = chronicle.state
    kinds = state.scheduler.bracketKinds
    rungs = kinds.map { $0.levels.map { _ in Rung() } }
    guard !kinds.isEmpty else { return }
    let mode = state.specification.experiment.mode
    for index in state.trials.indices {
      let kind = state.scheduler.kind(ofBracket: max(0, state.trials[index].bracket))
      let milestone = Answers.milestone(index, chronicle)
      let reached = kinds[kind].levels.indices.filter { kinds[kind].levels[$0] <= state.trials[index].resource }
      for place in reached {
        rungs[kind][place].reached += 1
        if milestone > kinds[kind].levels[place] || place + 1 < reached.count { rungs[kind][place].promoted += 1 }
        guard let value = chronicle.trials[index].reports.value(upTo: kinds[kind].levels[place]), value.isFinite,
          rungs[kind][place].best.map({ mode.isBetter(value, than: $0) }) ?? true
        else { continue }
        rungs[kind][place].best = value
      }
      switch state.trials[index].status {
      case .active(.held), .paused:
        if let last = reached.last, state.scheduler.canStillBePromoted(TrialID(index)) {
          rungs[kind][last].waiting += 1
        }
      case .active, .pending:
        if let place = kinds[kind].levels.firstIndex(of: milestone) { rungs[kind][place].running += 1 }
      case .completed, .stopped, .failed: break
      }
    }
  }

  func write(_ kind: Int, maximum: Int, _ writer: inout JSONWriter) {
    writer.member("bracket", kind)
    writer.member("begun", kinds[kind].begun)
    writer.member("complete", kinds[kind].complete)
    writer.array("rungs") { writer in
      for (place, rung) in rungs[kind].enumerated() {
        writer.object { writer in
          writer.member("level", kinds[kind].levels[place])
          writer.member("places", kinds[kind].places[place])
          writer.member("trials", rung.reached)
          writer.member("promoted", rung.promoted)
          writer.member("waiting", rung.waiting)
          writer.member("running", rung.running)
          writer.maybe("best", rung.best)
          writer.maybe("cut_off", nil as Double?)
        }
      }
    }
    writer.member("first_maximum", maximum)
    writer.member("maximum", maximum)
    writer.maybe("epsilon", nil as Double?)
    writer.array("rises") { _ in }
  }
}
