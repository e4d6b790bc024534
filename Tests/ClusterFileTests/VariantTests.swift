import ClusterFile
import Coordination
import Scheduling
import Testing

@Suite("Variants of a cluster file")
struct VariantTests {
  private func specification(_ text: String) throws -> RunSpecification {
    try ClusterFile.decode(text: text, fileName: "cluster.yml", baseDirectory: Fixture.folder).specification
  }

  private func varied(_ text: String, _ variant: ClusterFileVariant) throws -> String {
    try variant.text(of: text, fileName: "cluster.yml", baseDirectory: Fixture.folder)
  }

  @Test(
    "only what is to change does, for every scheduler",
    arguments: SchedulerOptions.Name.allCases.filter { $0 != .external })
  func schedulers(name: SchedulerOptions.Name) throws {
    // One of them needs it.
    let text = Fixture.example.replacing("resource_attr: epoch", with: "resource_attr: epoch\n  cost_attr: cost")
    let before = try specification(text)
    let variant = ClusterFileVariant(name: "digits-\(name.rawValue)", scheduler: name, seed: 3, atLimit: .now)
    let after = try specification(varied(text, variant))
    var expected = before
    expected.experiment.name = "digits-\(name.rawValue)"
    expected.searcher.randomSeed = 3
    expected.stop.atLimit = .now
    expected.scheduler = after.scheduler
    #expect(after == expected)
    #expect(after.scheduler.name == name)
    #expect(after.scheduler.maxResource == 81)
    #expect(after.scheduler.mode == .max)
  }

  @Test("the same scheduler keeps all its options, another one those that it reads")
  func options() throws {
    let text = Fixture.example.replacing(
      "random_seed: 42}", with: "random_seed: 42, ranking_criterion: soft_ranking, epsilon: 0.25}")
    let own = try varied(text, ClusterFileVariant(name: "a", scheduler: .pasha, seed: 42))
    #expect(try specification(own).scheduler == specification(text).scheduler)
    let other = try varied(text, ClusterFileVariant(name: "a", scheduler: .asha, seed: 42))
    #expect(!other.contains("epsilon") && !other.contains("ranking_criterion"))
    let decoded = try ClusterFile.decode(text: other, fileName: "cluster.yml", baseDirectory: Fixture.folder)
    #expect(decoded.warnings.isEmpty, "\(decoded.warnings)")
  }

  @Test("words that mean something in YAML come back as they were")
  func quoting() throws {
    let text = """
      experiment:
        name: odd
        entry_point: |
          python3 train.py --title "a: b"
        env: &env {A: "1", B: 'it''s # no comment', C: "tab\\tand \\"quote\\" \\\\ end", D: "", E: "true"}
        config_space:
          flag: {type: choice, values: [yes, "no", "007", ~x, "a, b", "null", '- y', "1.0e-3"]}
          "odd-key": {type: choice, values: [0x1F, 1_000, -3]}
          rate: 1.0e-3
          off: "off"
          epochs: 81
        metric: "loss: [val]"
        metadata: {env: *env, list: [1, {deep: [~, null, .5]}], text: "ü\\u2028é"}
      scheduler:
        max_t: 81
        points_to_evaluate: []
      stop_criterion: {max_wallclock_time: 1h30m}
      """
    let before = try specification(text)
    let after = try specification(varied(text, ClusterFileVariant(name: "odd-1", scheduler: .pasha, seed: 9)))
    var expected = before
    expected.experiment.name = "odd-1"
    expected.searcher.randomSeed = 9
    #expect(after == expected)
  }

  @Test("a section that is missing or empty is made; the text is the same each time")
  func sections() throws {
    let text = """
      experiment: {name: a, entry_point: train, config_space: {x: {type: uniform, lower: 0, upper: 1}}, metric: loss}
      scheduler: {max_t: 9}
      stop_criterion:
      """
    let variant = ClusterFileVariant(name: "b", scheduler: .asha, seed: 0, atLimit: .finishRunning)
    let changed = try varied(text, variant)
    #expect(try specification(changed).stop.atLimit == .finishRunning)
    #expect(try varied(text, variant) == changed)
    #expect(try varied(changed, variant) == changed)
  }

  @Test("a file with mistakes tells them")
  func mistakes() {
    let text = "experiment: {name: a}\nscheduler: {max_t: 0}\n"
    #expect(throws: ClusterFileError.self) {
      try varied(text, ClusterFileVariant(name: "b", scheduler: .asha, seed: 0))
    }
  }
}
