import SearchSpace
import TuningModel

/// A configuration for a new trial, with its origin.
public struct Suggestion: Hashable, Sendable {
  public enum Origin: Hashable, Sendable {
    /// The point at this place of the list that the searcher was given.
    case point(Int)
    /// Drawn at random; the last of this many draws.
    case random(draws: Int)
  }

  public let configuration: Configuration
  public let origin: Origin

  public init(configuration: Configuration, origin: Origin) {
    self.configuration = configuration
    self.origin = origin
  }
}

/// Random search: the given points first, in their order, then configurations drawn from the space; none twice.
///
/// What is suggested is a function of the seed, the ordinal of the trial and the set of configurations that were
/// observed, nothing else: a run that is taken up again needs no state of the searcher but the configurations of its
/// trials, and a suggestion that was never made into a trial changes nothing. The numbers for ordinal k are stream k of
/// the seed.
///
/// As Syne Tune's random searcher, at most `maximumDraws` configurations are drawn for a suggestion. Where all of them
/// were there already, a finite space is walked from a random place to the next configuration that was not; Syne Tune
/// gives up there. So `nil` means for a finite space that every configuration was suggested.
public struct RandomSearcher: Sendable {
  public static let maximumDraws = 100

  private let space: ConfigurationSpace
  private let seed: UInt64
  private let points: [Point]
  /// How many configurations the space has; nil: infinitely many.
  private let size: Int?
  private var observed: Set<ConfigurationKey> = []
  /// Points before this one were observed.
  private var firstPoint = 0

  private struct Point: Sendable {
    let index: Int
    let configuration: Configuration
    let key: ConfigurationKey
  }

  /// Points may be incomplete: what is missing is completed with the domains' defaults. A point that does not belong to
  /// the space is left out; the cluster file's reader refuses such points before.
  public init(space: ConfigurationSpace, seed: UInt64, pointsToEvaluate: [Configuration] = []) {
    self.space = space
    self.seed = seed
    size = space.count
    points = pointsToEvaluate.enumerated().compactMap { index, point in
      guard let configuration = space.completed(point), let key = space.matchKey(of: configuration) else { return nil }
      return Point(index: index, configuration: configuration, key: key)
    }
  }

  /// Notes a configuration as tried: one that became a trial, of this run or replayed, or one that an operator gave.
  public mutating func observe(_ configuration: Configuration) {
    if let key = space.matchKey(of: configuration) { observed.insert(key) }
  }

  /// A configuration that was not observed, for the trial with this ordinal; nil: there is none, or none was found. The
  /// searcher does not take it as tried before it is observed.
  public mutating func suggest(ordinal: Int) -> Suggestion? {
    while firstPoint < points.count, observed.contains(points[firstPoint].key) { firstPoint += 1 }
    if firstPoint < points.count {
      let point = points[firstPoint]
      return Suggestion(configuration: point.configuration, origin: .point(point.index))
    }
    if let size, observed.count >= size { return nil }
    var generator = SeededGenerator(seed: seed, stream: UInt64(truncatingIfNeeded: ordinal))
    for draw in 1...Self.maximumDraws {
      let configuration = space.sample(&generator)
      if isNew(configuration) { return Suggestion(configuration: configuration, origin: .random(draws: draw)) }
    }
    return size.flatMap { nextUnobserved(of: $0, &generator) }
  }

  /// Walks a finite space from a random place. Few steps are needed until few configurations are left.
  private func nextUnobserved(of size: Int, _ generator: inout SeededGenerator) -> Suggestion? {
    guard size > 0 else { return nil }
    let start = Int(generator.nextBelow(UInt64(size)))
    for index in [start..<size, 0..<start].joined() {
      let configuration = space.configuration(at: index)
      if isNew(configuration) {
        return Suggestion(configuration: configuration, origin: .random(draws: Self.maximumDraws + 1))
      }
    }
    return nil
  }

  private func isNew(_ configuration: Configuration) -> Bool {
    guard let key = space.matchKey(of: configuration) else { return false }
    return !observed.contains(key)
  }
}
