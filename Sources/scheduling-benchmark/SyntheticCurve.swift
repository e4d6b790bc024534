import TuningModel

/// A learning curve that falls from a start to a final error, with noise on every value. Slow learners tend to end
/// better, so that rankings cross.
struct SyntheticCurve {
  let secondsPerEpoch: Double
  private let final: Double
  private let start: Double
  private let rate: Double
  private let noise: Double
  private var epoch = 0
  private var generator: SeededGenerator

  init(trial: Int, seed: UInt64, noise: Double, maxResource: Int) {
    self.noise = noise
    generator = SeededGenerator(seed: seed, stream: UInt64(trial))
    // Beta(2, 5), of mean 2/7 and standard deviation 0.16, as a ratio of gamma numbers.
    let low = Self.gamma(2, &generator)
    final = low / (low + Self.gamma(5, &generator))
    start = 0.85 + 0.15 * generator.nextUnit()
    let scale = 1.5 / max(3, Double(maxResource).squareRoot())
    let cross = 0.5 * (final - 2.0 / 7) / 0.16
    rate = Mathematics.exp(0.6 * Self.normal(&generator) + cross) * scale
    secondsPerEpoch = Mathematics.exp(0.35 * Self.normal(&generator))
  }

  /// The value of the next epoch.
  mutating func next() -> Double {
    epoch += 1
    let value =
      final + (start - final) * Mathematics.exp(-rate * Double(epoch)) + noise * Self.normal(&generator)
    return (value * 1e6).rounded() / 1e6
  }

  private static func gamma(_ shape: Int, _ generator: inout SeededGenerator) -> Double {
    var sum = 0.0
    for _ in 0..<shape { sum -= Mathematics.log(1 - generator.nextUnit()) }
    return sum
  }

  /// Marsaglia's polar method.
  private static func normal(_ generator: inout SeededGenerator) -> Double {
    while true {
      let x = 2 * generator.nextUnit() - 1
      let y = 2 * generator.nextUnit() - 1
      let square = x * x + y * y
      if square > 0, square < 1 { return x * (-2 * Mathematics.log(square) / square).squareRoot() }
    }
  }
}
