import Coordination
import Presentation
import Scheduling
import Testing
import TuningModel
import Wire

@testable import Coordination

/// The sentences of `explain` hold the numbers of the facts, and miss none that concerns the trial.
struct ExplainTests {
  private func explain(_ trial: Int, _ farm: VirtualFarm, through count: Int? = nil) throws -> TrialExplanation {
    var explanation = try TrialExplanation(trial: TrialID(trial), specification: farm.specification)
    for fact in farm.journal.prefix(count ?? farm.journal.count) { explanation.take(fact) }
    explanation.finish()
    return explanation
  }

  private func number(_ value: Double) -> String { Presentation.number(value) }

  /// What the trial's facts say that must stand in a sentence, found here by other means than the explanation's.
  private func expected(_ id: TrialID, _ farm: VirtualFarm) throws -> [(kind: String, words: [String])] {
    var scheduler = try TrialScheduler(farm.specification.scheduler)
    var expected: [(kind: String, words: [String])] = []
    for stamped in farm.journal {
      let kind = stamped.fact.kind
      switch stamped.fact {
      case .trialCreated(let creation):
        scheduler.add(creation.trial)
        if creation.trial == id { expected.append((kind, ["created"])) }
      case .attemptAssigned(let assignment) where assignment.attempt.trial == id:
        expected.append((kind, ["attempt \(assignment.attempt.attempt)", "slot \(assignment.slot)"]))
      case .attemptEnded(let attempt, _, _) where attempt.trial == id:
        expected.append((kind, ["attempt \(attempt.attempt) ended"]))
      case .attemptProceeded(let attempt, let milestone) where attempt.trial == id:
        expected.append((kind, ["in place to epoch \(milestone)"]))
      case .attemptOrdered(let attempt, _, _) where attempt.trial == id: expected.append((kind, []))
      case .reportReceived(let report) where report.disposition == .ranked:
        let (resource, value) = (report.resource ?? 0, report.value ?? .nan)
        _ = scheduler.record(report.attempt.trial, resource: resource, value: value)
        let rung = scheduler.entries(system: 0, level: resource)
        guard report.attempt.trial == id, let place = rung.firstIndex(where: { $0.trial == id }) else { continue }
        expected.append(
          (kind, ["reached epoch \(resource) with loss \(number(value)): place \(place + 1) of \(rung.count) there"]))
      case .scheduling(let decision):
        scheduler.apply(decision)
        if case .promotion(let promotion) = decision, promotion.trial == id {
          expected.append(
            (
              kind,
              [
                "from epoch \(promotion.fromLevel) to epoch \(promotion.milestone)", "loss \(number(promotion.value))",
                "place \(promotion.rank + 1) of \(promotion.rungSize) there", "cut-off is \(number(promotion.cutOff))",
              ]
            ))
        }
        if case .maximumRaised(let raise) = decision, raise.trial == id || raise.holder == id {
          expected.append(
            (
              kind,
              [
                "from \(raise.from) to \(raise.to)", "trial \(raise.trial) ", "trial \(raise.holder) ",
                "\(number(abs(raise.trialValue - raise.holderValue))) apart", "epsilon, \(number(raise.epsilon))",
              ]
            ))
        }
      default: break
      }
    }
    return expected
  }

  @Test(arguments: [1, 2, 3] as [UInt64], [SchedulerOptions.Name.pasha, .asha])
  func everyDecisionHasItsSentence(seed: UInt64, name: SchedulerOptions.Name) throws {
    var farm = try Sample.farm(Sample.specification(trials: 24, max: 27, scheduler: name), seed: seed)
    farm.begin()
    farm.run()
    var raises = 0
    for trial in farm.coordinator.state.trials {
      var steps = try explain(trial.id.rawValue, farm).steps[...]
      for (kind, words) in try expected(trial.id, farm) {
        guard
          let place = steps.firstIndex(where: { step in
            step.kind == kind && words.allSatisfy { step.text.contains($0) }
          })
        else {
          Issue.record("trial \(trial.id) has no sentence of \(kind) with \(words)")
          continue
        }
        steps = steps[(place + 1)...]
        if kind == "maximum_raised" { raises += 1 }
      }
    }
    if name == .pasha { #expect(raises > 0) }
  }

  /// At each moment a paused trial says why it stays: what it says holds of the scheduler.
  @Test(arguments: [1, 2] as [UInt64]) func whatKeepsAPausedTrialIsTrue(seed: UInt64) throws {
    var farm = try Sample.farm(Sample.specification(trials: 24, max: 27), seed: seed)
    farm.begin()
    var told: Set<String> = []
    while farm.step() {
      let state = farm.coordinator.state
      for trial in state.trials where trial.status == .paused {
        let text = try explain(trial.id.rawValue, farm).standing(isServed: true)
        let standing = try #require(state.scheduler.standing(of: trial.id))
        let rung = state.scheduler.entries(system: 0, level: standing.level)
        #expect(rung[standing.rank].trial == trial.id && rung.count == standing.size)
        #expect(text.contains("epoch \(standing.level), place \(standing.rank + 1) of \(rung.count) there"), "\(text)")
        if state.scheduler.ladder[0].currentMaximum <= standing.level {
          #expect(
            text.contains("the current maximum resource is \(state.scheduler.ladder[0].currentMaximum), "), "\(text)")
          told.insert("maximum")
        } else if let cutOff = standing.cutOff, standing.value > cutOff {
          #expect(text.contains("the cut-off is \(number(cutOff)), it has \(number(standing.value))"), "\(text)")
          #expect(!text.contains("good enough"))
          told.insert("cut-off")
        }
        var scheduler = state.scheduler
        if scheduler.proposePromotion()?.trial == trial.id, state.end == nil {
          #expect(text.contains("which is good enough: it is promoted when a slot is free"), "\(text)")
          told.insert("next")
        }
      }
    }
    #expect(told.isSuperset(of: ["maximum", "cut-off"]), "\(told)")
  }

  /// Whatever the scheduler decided about a trial, or because of it, is told with its numbers, and at every moment
  /// something is said of each trial.
  @Test(arguments: FamilyTests.kinds)
  func everySchedulersDecisionsAreTold(_ scheduler: SchedulerOptions) throws {
    var farm = try Sample.farm(FamilyTests.specification(scheduler, trials: 25), seed: 3)
    farm.begin()
    var kinds: Set<String> = []
    while farm.step() {
      let trial = farm.coordinator.state.trials.count / 2
      let text = try explain(trial, farm).standing(isServed: true)
      #expect(text.count > 10 && !text.contains("in no rung yet"), "\(text)")
    }
    for stamped in farm.journal {
      guard case .scheduling(let decision) = stamped.fact else { continue }
      let (id, words): (TrialID, [String])
      switch decision {
      case .promotion(let promotion):
        id = promotion.trial
        words =
          switch promotion.rule {
          case .quantile: ["the cut-off is \(number(promotion.cutOff))"]
          case .cost(let spent, let share): ["down to it cost \(number(spent)), ", "share of \(number(share))"]
          case .share(let count): ["the best \(count) of the full rung go on"]
          case .external: ["by the scheduler's program"]
          }
      case .stop(let stop):
        id = stop.trial
        words = [
          "the scheduler stops it at epoch \(stop.level)", "place \(stop.rank + 1) of \(stop.count) there",
          stop.rule == .median || stop.rule == .percentile ? "\(number(stop.bound * 100)) %" : number(stop.bound),
        ]
      case .thresholdSet(let change):
        id = change.trial
        words = ["sets the threshold at epoch \(change.level)", number(change.value)]
      case .maximumRaised(let raise):
        id = raise.trial
        words = ["from \(raise.from) to \(raise.to)", raise.score.map(number) ?? "the two orders are to be equal"]
      case .epsilonMeasured: continue
      }
      kinds.insert(stamped.fact.kind)
      let steps = try explain(id.rawValue, farm).steps.filter { $0.kind == stamped.fact.kind }
      #expect(steps.contains { step in words.allSatisfy { step.text.contains($0) } }, "\(words) in \(steps)")
    }
    #expect(scheduler.name == .fifo || !kinds.isEmpty)
  }

  @Test func aRunOfATrialReadsLikeThis() throws {
    var farm = try Sample.farm(Sample.specification(trials: 12, max: 9), slots: 2, seed: 4)
    farm.begin()
    farm.run()
    var lines: [String] = []
    for trial in farm.coordinator.state.trials {
      let explanation = try explain(trial.id.rawValue, farm)
      lines += ["trial \(trial.id)"] + explanation.steps.map { "  \($0.kind): \($0.text)" }
      lines.append("  now: \(explanation.standing(isServed: false))")
    }
    try Transcript.check("explained-run.txt", lines)
  }

  @Test func faultsMovesAndTheTrainingAreTold() throws {
    var farm = try TrainingTests.farm(
      TrainingTests.specification(2, StopCriterion(maxTrialsStarted: 10)), agents: 2, slots: 1, seed: 2)
    farm.begin()
    for _ in 0..<12 { _ = farm.step() }
    for (name, attempt) in farm.agents[0].attempts where attempt.end == nil {
      farm.agents[0].attempts[name]?.end = AttemptEnd(cause: .hostFault, lastSequence: attempt.log.count)
    }
    farm.greet(0)
    farm.run()
    let state = farm.coordinator.state
    let lost = try #require(state.trials.first { $0.restarts == 1 })
    let restart = try explain(lost.id.rawValue, farm).steps.map(\.text)
    #expect(
      restart.contains { $0.contains("ended (its processes were lost)") && $0.contains("(restart 1, 3 at most)") })
    #expect(restart.contains { $0.contains("as the attempt before was lost") })
    let moved = try #require(state.trials.first { $0.moves > 0 })
    let texts = try explain(moved.id.rawValue, farm).steps.map(\.text)
    #expect(texts.contains { $0.contains("comes from host") && $0.contains("where no slot was free for it") })
    let training = try #require(state.training)
    let best = try explain(training.trials[0].rawValue, farm).steps.map(\.text)
    #expect(
      best.contains { $0.contains("the search is over (all 10 trials were started): it is number 1 of the best 2") })
    let other = try #require(state.trials.first { !training.trials.contains($0.id) && $0.status == .paused })
    let kept = try explain(other.id.rawValue, farm)
    #expect(kept.steps.contains { $0.text.contains("not among the best 2, which are trained") })
    #expect(kept.standing(isServed: false).contains("the search is over, and it is not among the best 2"))
  }

  @Test func aTrialThatIsNotThereHasNoSteps() throws {
    let explanation = try explain(7, Sample.farm(Sample.specification()))
    #expect(explanation.steps.isEmpty)
    #expect(Presentation.explanation(explanation, isServed: true) == nil)
  }
}
