import ClusterFile
import Foundation
import Testing

struct CrossChecksTests {
  @Test("the constant that max_resource_attr names stands for max_t")
  func maximumResource() throws {
    let space = "lr: {type: uniform, lower: 0, upper: 1}\nepochs: 81"
    let inferred = try Fixture.decode(
      Fixture.file(experiment: "max_resource_attr: epochs", space: space, scheduler: ""))
    #expect(inferred.specification.scheduler.maxResource == 81)
    #expect(
      Fixture.mistakes(Fixture.file(space: space, scheduler: "")) == [
        "cluster.yml:1:1: scheduler.max_t is missing; give the largest resource of a trial, as in scheduler: "
          + "{max_t: 81}; or, if the script ends by itself after --epochs epochs, write max_resource_attr: epochs "
          + "under experiment"
      ])
    #expect(
      Fixture.warnings(Fixture.file(experiment: "max_resource_attr: epochs", space: space)) == [
        "cluster.yml:9:20: scheduler.max_t is 27 and the constant epochs is 81; 27 counts, and a trial is given its "
          + "milestone as epochs"
      ])
    #expect(
      Fixture.mistakes(
        Fixture.file(experiment: "max_resource_attr: epochs", space: "epochs: -1", scheduler: "")) == [
          "cluster.yml:5:13: experiment.config_space.epochs must be at least 1, not -1: it is the largest resource of "
            + "a trial"
        ])
    #expect(
      Fixture.mistakes(Fixture.file(experiment: "max_resource_attr: lr")) == [
        "cluster.yml:7:22: experiment.max_resource_attr must name a constant of config_space, not the domain lr: each "
          + "leg of a trial is given its milestone there"
      ])
  }

  @Test("points must belong to the space")
  func points() {
    func mistakes(_ points: String) -> [String] {
      Fixture.mistakes(
        Fixture.file(
          space: "lr: {type: loguniform, lower: 0.001, upper: 1}\nact: {type: choice, values: [relu, tanh]}\nepochs: 9",
          scheduler: "scheduler: {max_t: 9, points_to_evaluate: \(points)}"))
    }
    #expect(mistakes("[{lr: 0.5, act: tanh, epochs: 9.0}, {}]") == ["ok"])
    let place = "cluster.yml:9:"
    #expect(
      mistakes("[{lr: 7, actt: relu}, 3, {act: gelu, epochs: 8}]") == [
        place + "49: scheduler.points_to_evaluate[0].lr must be a number in 0.001…1.0, not 7",
        place + "52: scheduler.points_to_evaluate[0].actt is not in config_space; did you mean act?",
        place + "65: scheduler.points_to_evaluate[1] must be a map such as {lr: 0.01}, not 3",
        place + #"74: scheduler.points_to_evaluate[2].act must be one of "relu", "tanh", not "gelu""#,
        place + "88: scheduler.points_to_evaluate[2].epochs must be 9, the constant of config_space, not 8",
      ])
    #expect(
      mistakes("{lr: 1}") == [
        place + "43: scheduler.points_to_evaluate must be a list such as [{lr: 0.01}], not a map"
      ])
    #expect(
      Fixture.warnings(
        Fixture.file(scheduler: "scheduler: {max_t: 9, points_to_evaluate: [{lr: 0.5}, {}]}")
      )
      .map { $0.contains("[1] is the same configuration as [0]") } == [true])
  }

  @Test("keys of the experiment that do not go together are told")
  func contradictions() {
    #expect(
      Fixture.mistakes(Fixture.file(experiment: "metric: loss\nresource_attr: loss\ncost_attr: loss")) == [
        "cluster.yml:6:11: experiment.metric must be another key than resource_attr, which is loss too",
        "cluster.yml:8:14: experiment.cost_attr must be another key than metric, not loss",
      ])
    #expect(
      Fixture.mistakes(Fixture.file(stop: "stop_criterion: {max_cost: 5}")) == [
        "cluster.yml:8:28: stop_criterion.max_cost needs experiment.cost_attr, the key under which the script reports "
          + "what the step cost"
      ])
    #expect(
      Fixture.mistakes(Fixture.file(rest: "n_workers: 2\ncluster: {n_workers: 3}")) == [
        "cluster.yml:10:22: cluster.n_workers is 3, and n_workers at the top is 2; keep one of them"
      ])
    #expect(
      Fixture.mistakes(Fixture.file(rest: "cluster: {lost_after: 10s, heartbeat: 5s}")) == [
        "cluster.yml:9:23: cluster.lost_after must leave room for at least four heartbeats: "
          + "lost_after is 10s, heartbeat 5s"
      ])
    #expect(
      Fixture.mistakes(Fixture.file(rest: "cluster: {lost_after: 10s, heartbeat: 1s}")) == [
        "cluster.yml:9:23: cluster.lost_after is 10s, and a trial must have ended, with checkpoints.grace (10s) for it, "
          + "before its host counts as lost (cluster.lost_after, 10s): make lost_after at least 13s, or grace at most 7s"
      ])
    #expect(
      Fixture.mistakes(Fixture.file(rest: "cluster: {lost_after: 60s}\ncheckpoints: {grace: 1h}")) == [
        "cluster.yml:10:22: checkpoints.grace is 1h, and a trial must have ended, with checkpoints.grace (1h) for it, "
          + "before its host counts as lost (cluster.lost_after, 1m): make lost_after at least 1h4m1s, or grace at most 46s"
      ])
    for room in [
      "cluster: {lost_after: 13s, heartbeat: 1s}",
      "cluster: {lost_after: 2s, heartbeat: 500ms}\ncheckpoints: {grace: 800ms}",
    ] {
      #expect(Fixture.mistakes(Fixture.file(rest: room)) == ["ok"])
    }
    // A run that was begun with such a file is not lost.
    #expect(throws: Never.self) {
      try ClusterFile.decode(
        text: Fixture.file(rest: "cluster: {lost_after: 10s, heartbeat: 1s}"), fileName: "cluster.yml",
        baseDirectory: Fixture.folder, checksFiles: false)
    }
    #expect(Fixture.mistakes(Fixture.file(experiment: "metric: st_cost")).count == 1)
    #expect(Fixture.mistakes(Fixture.file(experiment: "metadata: {st_x: 1, backend: 2, n: .inf}")).count == 3)
  }

  @Test("scheduler options that make no sense together are told at their place")
  func schedulerOptions() {
    let both = Fixture.mistakes(
      Fixture.file(scheduler: "scheduler: {max_t: 9, rung_levels: [3, 1], rung_increment: 2, brackets: 0}"))
    #expect(
      both.map { String($0.prefix { $0 != " " }) } == ["cluster.yml:7:36:", "cluster.yml:7:36:", "cluster.yml:7:73:"])
    #expect(both.allSatisfy { $0.contains("scheduler.rung_levels ") || $0.contains("scheduler.brackets ") })
    #expect(
      Fixture.mistakes(Fixture.file(scheduler: "scheduler: {max_t: 9, grace_period: 27}")) == [
        "cluster.yml:7:37: scheduler.grace_period (27) must be below max_t (9)"
      ])
    #expect(
      Fixture.mistakes(
        Fixture.file(experiment: "max_resource_attr: epochs", space: "epochs: 1", scheduler: "")
      ).map { $0.hasPrefix("cluster.yml:5:13: scheduler.max_t must be") } == [true])
    #expect(
      Fixture.mistakes(Fixture.file(scheduler: "scheduler: {max_t: 9, rung_levels: [3, x, 2.5]}")) == [
        "cluster.yml:7:40: scheduler.rung_levels[1] must be a whole number of at least 1, not x",
        "cluster.yml:7:43: scheduler.rung_levels[2] must be a whole number of at least 1, not 2.5",
      ])
  }

  @Test("what is worth a look is a warning, and the file can be used")
  func warnings() {
    func warning(_ text: String) -> String { Fixture.warnings(text).joined(separator: "\n") }
    #expect(Fixture.warnings(Fixture.file()) == [])
    let endless = "the run goes on until it is stopped (Ctrl-C, or pasha-coord stop)"
    #expect(warning(Fixture.file(stop: "")) == "cluster.yml:1:1: there is no stop_criterion: " + endless)
    #expect(
      warning(Fixture.file(stop: "stop_criterion: {min_metric_value: 0}"))
        == "cluster.yml:8:1: stop_criterion has no limit of trials, reports, time or cost: " + endless)
    #expect(
      warning(Fixture.file(stop: "stop_criterion: {max_num_evaluations: 9, max_metric_value: 0}"))
        == "cluster.yml:8:60: stop_criterion.max_metric_value is for mode max; with mode min it ends the run as "
        + "soon as the best value is no better than it, which may be at once; did you mean min_metric_value?")
    #expect(
      warning(Fixture.file(space: "epochs: 3"))
        == "cluster.yml:4:3: experiment.config_space holds no domain, only constants: there is one configuration to try"
    )
    #expect(
      warning(Fixture.file(rest: "n_workers: 8\ncluster: {slots: 4}"))
        == "cluster.yml:9:12: n_workers is 8, more than the 4 slots: 4 trials run at once")
    #expect(
      warning(Fixture.file(stop: "stop_criterion: {max_num_evaluations: 9, at_limit: now}"))
        == "cluster.yml:8:52: stop_criterion.at_limit has no effect without max_num_trials_started")
    let piped = Fixture.file().replacingOccurrences(of: "python3 train.py", with: "python3 train.py | tee log")
    #expect(warning(piped).hasPrefix("cluster.yml:3:16: experiment.entry_point is not run by a shell: '|' reaches"))
    #expect(Fixture.mistakes(piped) == ["ok"])
  }
}
