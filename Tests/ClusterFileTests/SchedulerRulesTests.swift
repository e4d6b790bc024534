import ClusterFile
import Scheduling
import Testing
import TuningModel

/// The keys of `scheduler` that belong to some schedulers.
@Suite struct SchedulerRulesTests {
  private func options(_ scheduler: String, experiment: String = "metric: x") throws -> SchedulerOptions {
    try Fixture.decode(Fixture.file(experiment: experiment, scheduler: "scheduler: {max_t: 27, \(scheduler)}"))
      .specification.scheduler
  }

  @Test func everySchedulerIsRead() throws {
    #expect(try options("name: asha, type: stopping").type == .stopping)
    #expect(try options("name: hyperband").brackets == 4)
    #expect(try options("name: hyperband, brackets: 2, rung_system_per_bracket: true").rungSystemPerBracket)
    #expect(try options("name: sync_hyperband").brackets == 4)
    #expect(try options("name: cost_promotion", experiment: "metric: x\ncost_attr: seconds").name == .costPromotion)
    #expect(try options("name: percentile, percentile: 70").percentile == 70)
    #expect(
      try options(
        "name: median_stopping, running_average: false, grace_time: 3, grace_population: 4, rank_cutoff: 0.4"
      ).median == MedianOptions(runningAverage: false, graceTime: 3, gracePopulation: 4, rankCutoff: 0.4))
    for name in ["fifo", "successive_halving"] { #expect(try options("name: \(name)").name.rawValue == name) }
  }

  @Test func theThresholdsOfRushAreSetByTheGivenPoints() throws {
    #expect(try options("name: rush").thresholdCandidates == 1)
    #expect(try options("name: rush, num_threshold_candidates: 7").thresholdCandidates == 7)
    #expect(try options("name: rush, points_to_evaluate: [{lr: 0.5}, {lr: 0.25}]").thresholdCandidates == 2)
    #expect(
      try Fixture.decode(Fixture.file(scheduler: "scheduler: {max_t: 9, name: rush, points_to_evaluate: []}")).warnings
        .contains { $0.description.contains("rush without points_to_evaluate") })
  }

  @Test(arguments: RankingOptions.Criterion.allCases)
  func everyCriterionIsRead(_ criterion: RankingOptions.Criterion) throws {
    let options = try options("ranking_criterion: \(criterion.rawValue), epsilon: 0.25, epsilon_scaling: 0.5")
    #expect(options.ranking == RankingOptions(criterion: criterion, epsilon: 0.25, epsilonScaling: 0.5))
  }

  @Test(arguments: [
    ("type: halting", "scheduler.type must be promotion or stopping, not halting"),
    ("type: asha", "scheduler.type must be promotion or stopping, not asha; write name: asha"),
    ("type: stopping", "scheduler.type stopping goes with asha, hyperband and rush, not with pasha"),
    ("name: cost_promotion", "scheduler.name cost_promotion needs experiment.cost_attr"),
    ("name: percentile, percentile: 0", "scheduler.percentile must be above 0 and at most 100, not 0.0"),
    ("name: median_stopping, rank_cutoff: 2", "scheduler.rank_cutoff must be from 0 to 1, not 2.0"),
    ("name: median_stopping, running_average: 3", "scheduler.running_average must be true or false, not 3"),
    ("ranking_criterion: soft", "scheduler.ranking_criterion must be soft_ranking_auto, soft_ranking"),
    ("ranking_criterion: soft_ranking", "scheduler.epsilon is needed with ranking_criterion: soft_ranking"),
    ("ranking_criterion: rbo, epsilon_scaling: 3", "scheduler.epsilon_scaling must be above 0 and at most 1"),
    ("ranking_criterion: soft_ranking, epsilon: -1", "scheduler.epsilon must be a number of at least 0, not -1.0"),
    ("name: hyperband, reduction_factor: 1", "scheduler.reduction_factor must be a number of at least 1.1, not 1.0"),
    ("name: median", "; write median_stopping"),
    (
      "name: sync_hyperband, rung_levels: [1, 3, 9], reduction_factor: -5",
      "scheduler.reduction_factor must be a number of at least 1.1, not -5.0"
    ),
  ])
  func mistakesAreTold(_ scheduler: String, _ message: String) {
    let mistakes = Fixture.mistakes(Fixture.file(scheduler: "scheduler: {max_t: 27, \(scheduler)}"))
    #expect(mistakes.count == 1 && mistakes[0].contains(message), "\(mistakes)")
  }

  @Test func withoutAMaximumTheRestIsLookedAtAsWell() {
    let mistakes = Fixture.mistakes(Fixture.file(scheduler: "scheduler: {max_t: 0, reduction_factor: 1}"))
    #expect(mistakes.count == 2, "\(mistakes)")
    #expect(mistakes.contains { $0.contains("max_t") } && mistakes.contains { $0.contains("reduction_factor") })
  }

  @Test func aKeyThatHasNoEffectIsTold() throws {
    let file = try Fixture.decode(
      Fixture.file(scheduler: "scheduler: {max_t: 27, name: fifo, epsilon: 1, brackets: 2}"))
    #expect(
      file.warnings.map(\.description).filter { $0.contains("has no effect with name: fifo") }.count == 2,
      "\(file.warnings)")
  }
}
