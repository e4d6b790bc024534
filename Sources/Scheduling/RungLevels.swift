import TuningModel

extension SchedulerOptions {
  /// The rung levels of the first bracket: increasing, all below `maxResource`. Meant for options without problems.
  ///
  /// With a reduction factor: `grace_period · factor^k`, rounded half to even, while the unrounded product is below
  /// `max_t`. A level that rounding makes equal to the one before (small fractional factors) or to `max_t` is left out.
  public var levels: [Int] {
    var levels: [Int]
    if let rungLevels {
      levels = rungLevels
    } else if let rungIncrement {
      levels = (0..<incrementedLevelCount(rungIncrement)).map { gracePeriod + $0 * rungIncrement }
    } else {
      levels = []
      var exponent = 0.0
      while true {
        let product = Double(gracePeriod) * Mathematics.pow(reductionFactor, exponent)
        guard product < Double(maxResource) else { break }
        let level = Int(product.rounded(.toNearestOrEven))
        if level > levels.last ?? 0 { levels.append(level) }
        exponent += 1
      }
    }
    return levels.filter { $0 < maxResource }
  }

  /// How many levels an increment gives.
  func incrementedLevelCount(_ increment: Int) -> Int {
    gracePeriod < maxResource ? (maxResource - gracePeriod - 1) / increment + 1 : 0
  }

  /// There are at most as many brackets as levels plus one: the trials of the last possible one enter no rung and run to
  /// `maxResource` at once.
  var bracketCount: Int { min(brackets, levels.count + 1) }

  /// The levels of each rung system: one for each bracket, or one that all share.
  var levelsOfSystems: [[Int]] {
    let levels = self.levels
    return (0..<(rungSystemPerBracket ? bracketCount : 1)).map { Array(levels.dropFirst($0)) }
  }

  /// How often each bracket is drawn: bracket `b` in proportion to `s / ((s − b) · level_b)` with `s` the number of
  /// levels, `max_t` counted in, so that each bracket gets about the same share of resources (Li et al., "Hyperband",
  /// JMLR 2018; the form is Syne Tune's). The shares add up to 1.
  public var bracketShares: [Double] {
    let levels = self.levels + [maxResource]
    let weights = (0..<min(brackets, levels.count)).map { bracket in
      Double(levels.count) / (Double(levels.count - bracket) * Double(levels[bracket]))
    }
    let sum = weights.reduce(0, +)
    return weights.map { $0 / sum }
  }
}
