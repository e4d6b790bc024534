import Coordination
import Presentation
import Scheduling
import Testing
import TuningModel

@testable import Coordination

/// `explain` has a sentence with the numbers for every decision of every scheduler.
struct ExplainFamilyTests {
  private func sentences(_ scheduler: SchedulerOptions, trials: Int = 25) throws -> (VirtualFarm, [TrialID: [String]]) {
    var specification = Sample.specification(trials: trials)
    specification.scheduler = scheduler
    if scheduler.name == .costPromotion { specification.experiment.costAttribute = "cost" }
    var farm = try Sample.farm(specification)
    farm.begin()
    farm.run()
    var told: [TrialID: [String]] = [:]
    for trial in farm.coordinator.state.trials {
      var explanation = try TrialExplanation(trial: trial.id, specification: specification)
      for fact in farm.journal { explanation.take(fact) }
      explanation.finish()
      let text = try #require(Presentation.explanation(explanation, isServed: false))
      told[trial.id] = text.split(separator: "\n").map(String.init)
    }
    return (farm, told)
  }

  private func number(_ value: Double) -> String { Presentation.number(value) }

  @Test(arguments: [
    SchedulerOptions(name: .asha, maxResource: 9, type: .stopping),
    SchedulerOptions(name: .rush, maxResource: 9, type: .stopping, thresholdCandidates: 3),
    SchedulerOptions(name: .medianStopping, maxResource: 9, median: MedianOptions(gracePopulation: 3)),
    SchedulerOptions(name: .percentile, maxResource: 9, percentile: 50),
  ])
  func aStopIsExplained(_ scheduler: SchedulerOptions) throws {
    let (farm, told) = try sentences(scheduler)
    var rules: Set<StopDecision.Rule> = []
    for stamped in farm.journal {
      guard case .scheduling(.stop(let stop)) = stamped.fact else { continue }
      rules.insert(stop.rule)
      let words = ["the scheduler stops it at epoch \(stop.level)", number(stop.value)]
      let bound = [.median, .percentile].contains(stop.rule) ? "50 %" : number(stop.bound)
      let place = "place \(stop.rank + 1) of \(stop.count)"
      let line = told[stop.trial]?.first { line in (words + [bound, place]).allSatisfy(line.contains) }
      #expect(line != nil, "\(stop): \(told[stop.trial] ?? [])")
      #expect(told[stop.trial]?.contains { $0.contains("the scheduler has stopped it") } ?? false)
    }
    #expect(!rules.isEmpty)
  }

  @Test func thresholdsAndCostsAreExplained() throws {
    let (rush, ofRush) = try sentences(SchedulerOptions(name: .rush, maxResource: 9, thresholdCandidates: 5))
    var thresholds = 0
    for stamped in rush.journal {
      guard case .scheduling(.thresholdSet(let change)) = stamped.fact else { continue }
      thresholds += 1
      let words = ["sets the threshold at epoch \(change.level)", number(change.value)]
      #expect(ofRush[change.trial]?.contains { line in words.allSatisfy(line.contains) } ?? false)
    }
    #expect(thresholds > 0)
    let (cost, ofCost) = try sentences(SchedulerOptions(name: .costPromotion, maxResource: 9))
    var promotions = 0
    for stamped in cost.journal {
      guard case .scheduling(.promotion(let promotion)) = stamped.fact,
        case .cost(let spent, let share) = promotion.rule
      else { continue }
      promotions += 1
      let words = ["promoted from epoch \(promotion.fromLevel)", number(spent), "share of \(number(share))"]
      #expect(ofCost[promotion.trial]?.contains { line in words.allSatisfy(line.contains) } ?? false)
    }
    #expect(promotions > 0)
    // A trial that was left in its rung is told what it lacks.
    #expect(ofCost.values.contains { $0.last?.contains("down to it they have cost") ?? false })
  }

  @Test(arguments: [SchedulerOptions.Name.syncHyperband, .successiveHalving])
  func aFullRungIsExplained(_ name: SchedulerOptions.Name) throws {
    let (farm, told) = try sentences(SchedulerOptions(name: name, maxResource: 9, brackets: 3))
    var promotions = 0
    for stamped in farm.journal {
      guard case .scheduling(.promotion(let promotion)) = stamped.fact, case .share(let count) = promotion.rule
      else { continue }
      promotions += 1
      let words = ["the best \(count) of the full rung go on", "down to \(number(promotion.cutOff))"]
      #expect(told[promotion.trial]?.contains { line in words.allSatisfy(line.contains) } ?? false)
    }
    #expect(promotions > 0)
    #expect(told.values.contains { $0.last?.contains("its bracket is complete without it") ?? false })
  }

  @Test(arguments: [
    (RankingOptions.Criterion.ranking, "is not settled"), (.rankBiasedOverlap, "the overlap of the two orders is"),
    (.reciprocalRankRegret, "the regret of the order is"), (.softRankingStd, "more than epsilon"),
  ])
  func aRaiseIsExplainedByItsCriterion(_ criterion: RankingOptions.Criterion, _ words: String) throws {
    let ranking = RankingOptions(
      criterion: criterion, epsilon: criterion == .rankBiasedOverlap ? 0.9 : nil,
      epsilonScaling: criterion == .softRankingStd ? 0.05 : nil)
    let (farm, told) = try sentences(SchedulerOptions(maxResource: 81, ranking: ranking), trials: 60)
    var raises = 0
    for stamped in farm.journal {
      guard case .scheduling(.maximumRaised(let raise)) = stamped.fact else { continue }
      raises += 1
      #expect(
        told[raise.trial]?.contains { $0.contains("rises from \(raise.from) to \(raise.to)") && $0.contains(words) }
          ?? false)
    }
    #expect(raises > 0)
  }
}
