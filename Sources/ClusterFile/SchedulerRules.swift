import Scheduling

/// The keys of `scheduler` that belong to some of the schedulers.
struct SchedulerRules {
  private typealias Name = SchedulerOptions.Name

  let map: MapReader

  /// Which schedulers read a key; those that are not here are read by all.
  private static let readers: [(key: String, names: [Name])] = [
    ("type", [.asha, .hyperband, .rush]),
    ("brackets", [.pasha, .asha, .hyperband, .costPromotion, .rush, .syncHyperband]),
    ("rung_system_per_bracket", [.pasha, .asha, .hyperband, .costPromotion, .rush]),
    ("rung_levels", rungs), ("rung_increment", rungs), ("reduction_factor", rungs),
    ("grace_period", rungs + [.percentile]),
    ("ranking_criterion", [.pasha]), ("epsilon", [.pasha]), ("epsilon_scaling", [.pasha]),
    ("num_threshold_candidates", [.rush]), ("running_average", [.medianStopping]), ("grace_time", [.medianStopping]),
    ("grace_population", [.medianStopping]), ("rank_cutoff", [.medianStopping]), ("percentile", [.percentile]),
  ]
  private static let rungs: [Name] = [
    .pasha, .asha, .hyperband, .costPromotion, .rush, .syncHyperband, .successiveHalving,
  ]

  /// Whether a key of `scheduler` has a meaning for a scheduler.
  static func reads(_ key: String, _ name: SchedulerOptions.Name) -> Bool {
    readers.first { $0.key == key }?.names.contains(name) ?? true
  }

  /// False: there are mistakes.
  func read(into options: inout SchedulerOptions) -> Bool {
    var isRead = true
    func set<Value>(_ key: String, _ value: Value?, _ path: WritableKeyPath<SchedulerOptions, Value>) {
      if let value { options[keyPath: path] = value } else if map.has(key) { isRead = false }
    }
    let type = map.keyword("type", SchedulerOptions.RungType.self) { word in
      Name(rawValue: word).map { "write name: \($0.rawValue)" }
    }
    set("type", type, \.type)
    set("rung_system_per_bracket", map.bool("rung_system_per_bracket"), \.rungSystemPerBracket)
    set(
      "ranking_criterion", map.keyword("ranking_criterion", RankingOptions.Criterion.self), \.ranking.criterion)
    set("epsilon", map.double("epsilon"), \.ranking.epsilon.orNaN)
    set("epsilon_scaling", map.double("epsilon_scaling"), \.ranking.epsilonScaling.orNaN)
    set("num_threshold_candidates", map.int("num_threshold_candidates", 0...Int(Int32.max)), \.thresholdCandidates)
    set("running_average", map.bool("running_average"), \.median.runningAverage)
    set("grace_time", map.int("grace_time", 1...Int(Int32.max)), \.median.graceTime)
    set("grace_population", map.int("grace_population", 1...Int(Int32.max)), \.median.gracePopulation)
    set("rank_cutoff", map.double("rank_cutoff"), \.median.rankCutoff)
    set("percentile", map.double("percentile"), \.percentile)
    warn(options)
    return isRead
  }

  private func warn(_ options: SchedulerOptions) {
    for (key, names) in Self.readers where map.has(key) && !names.contains(options.name) {
      let list = MapReader.listed(names.map(\.rawValue))
      let chosen = options.name == .external ? "command" : "name: \(options.name.rawValue)"
      map.warn(.contradiction, key, "has no effect with \(chosen); it belongs to \(list)")
    }
    if options.brackets == 1, options.name != .external, map.has("rung_system_per_bracket") {
      map.warn(.contradiction, "rung_system_per_bracket", "has no effect with one bracket")
    }
  }
}

extension Optional<Double> {
  fileprivate var orNaN: Double {
    get { self ?? .nan }
    set { self = newValue }
  }
}

extension MapReader {
  /// A truth value, as YAML 1.2 and 1.1 write it.
  func bool(_ key: String) -> Bool? {
    guard let scalar = scalar(key, "true or false") else { return nil }
    if case .bool(let value) = scalar.value { return value }
    tell(.wrongType, key, "must be true or false, not \(scalar.shown)")
    return nil
  }
}
