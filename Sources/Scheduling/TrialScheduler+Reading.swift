import TuningModel

/// A rung system as it stands.
public struct RungSystemView: Equatable, Sendable {
  /// The rungs, lowest first.
  public var rungs: [RungView]
  /// The resource up to which trials are promoted at present; `max_t` where it does not grow.
  public var currentMaximum: Int
  /// The level whose order of trials is compared with that of the level below; nil for ASHA and below two rungs.
  public var comparedLevel: Int?
  /// PASHA's epsilon as recorded last.
  public var epsilon: Double?
}

public struct RungView: Equatable, Sendable {
  public var level: Int
  public var entries: Int
  public var promoted: Int
}

/// A trial's entry in a rung.
public struct RungEntryView: Equatable, Sendable {
  public var trial: TrialID
  public var value: Double
  public var isPromoted: Bool

  public init(trial: TrialID, value: Double, isPromoted: Bool) {
    self.trial = trial
    self.value = value
    self.isPromoted = isPromoted
  }
}

/// Brackets of one kind of a scheduler that fills rungs one after the other.
public struct BracketKindView: Equatable, Sendable {
  /// The rungs, lowest first, `max_t` among them, with the places of one bracket.
  public var levels: [Int]
  public var places: [Int]
  /// How many of this kind were begun, and how many of those are complete.
  public var begun: Int
  public var complete: Int
}

extension TrialScheduler {
  /// The kinds of brackets of a scheduler that fills rungs one after the other; empty for others.
  public var bracketKinds: [BracketKindView] {
    guard let halving else { return [] }
    return halving.kinds.enumerated().map { kind, plans in
      let brackets = halving.brackets.indices.filter { $0 % halving.kinds.count == kind }
      return BracketKindView(
        levels: plans.map(\.level), places: plans.map(\.size), begun: brackets.count,
        complete: brackets.count { halving.brackets[$0].isComplete })
    }
  }

  /// Of which kind a bracket is.
  public func kind(ofBracket bracket: Int) -> Int { halving.map { bracket % $0.kinds.count } ?? 0 }

  /// Whether the trial waits in a rung from which it can be promoted. What cannot be promoted any more needs no
  /// checkpoint, once it does not run.
  public func canStillBePromoted(_ trial: TrialID) -> Bool {
    guard let place = trials[trial], peers == nil else { return false }
    if let external { return external.canStillBePromoted(place.runner) }
    if let halving { return halving.canStillBePromoted(place.runner) }
    return !options.isStopping && systems[place.system].runners[place.runner].canBePromoted
  }

  /// Whether a decision has stopped the trial: what it still reports is not ranked.
  public func isStopped(_ trial: TrialID) -> Bool {
    guard let place = trials[trial], halving == nil else { return false }
    if let external { return external.members[place.runner].isStopped }
    return peers?.peers[place.runner].isStopped ?? systems[place.system].runners[place.runner].isStopped
  }

  /// The rung systems: one for each bracket, or one that all share; empty where there are none.
  public var ladder: [RungSystemView] {
    systems.map { system in
      RungSystemView(
        rungs: system.rungs.map {
          RungView(level: $0.level, entries: $0.entries.count, promoted: $0.promotedCount)
        },
        currentMaximum: system.currentMaximum, comparedLevel: system.maximum?.top.map { system.levels[$0] },
        epsilon: system.maximum?.epsilon)
    }
  }

  /// The levels at which trials wait, are promoted or are stopped, of the first bracket; empty where there are none.
  public var levels: [Int] {
    if halving != nil { return options.levels }
    return systems.first?.levels ?? []
  }

  /// The entries of a rung, best first; empty where there is no such rung.
  public func entries(system: Int, level: Int) -> [RungEntryView] {
    guard systems.indices.contains(system), let rung = systems[system].levels.firstIndex(of: level) else { return [] }
    let runners = systems[system].runners
    return systems[system].rungs[rung].entries.all.map { entry in
      RungEntryView(
        trial: runners[entry.runner].trial, value: entry.value,
        isPromoted: runners[entry.runner].isPromoted(inRung: rung))
    }
  }

  /// The value that is just good enough in a rung; nil where there is none, below two trials, and without a finite value.
  public func cutOff(system: Int, level: Int) -> Double? {
    guard systems.indices.contains(system) else { return nil }
    return systems[system].rungs.first { $0.level == level }?.cutOff(systems[system].mode)
  }

  /// The threshold of a rung (`rush`); nil: none is set.
  public func threshold(system: Int, level: Int) -> Double? {
    guard systems.indices.contains(system) else { return nil }
    return systems[system].rungs.first { $0.level == level }?.threshold
  }

  /// PASHA's epsilon as all reports so far give it, for showing: measured now, whatever was recorded. Nil for ASHA.
  public mutating func measuredEpsilon(system: Int = 0) -> EpsilonMeasurement? {
    guard systems.indices.contains(system) else { return nil }
    return systems[system].measureEpsilon()
  }

  /// Counts of work done for decisions since the caches were built; for tests, which must not measure time.
  package var pairWork: (touchedPairs: Int, layouts: Int) {
    systems.reduce((0, 0)) { ($0.0 + ($1.cache.pairs?.touchedPairs ?? 0), $0.1 + ($1.cache.pairs?.layouts ?? 0)) }
  }
}
