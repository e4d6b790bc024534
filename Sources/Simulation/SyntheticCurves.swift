import TuningModel

/// Learning curves that nobody measured, for a forecast before anything was trained.
///
/// The value of configuration i after epoch e is a + (s − a)·exp(−r·e) + noise, to be minimised: it falls from a start s
/// to a final value a. Final values are Beta(2, 5), so that few configurations are good; starts are uniform in 0.85…1;
/// rates are log-normal, and scaled so that curves of any length are settled at their ends; slow learners tend to end
/// better, so that rankings cross. Each seed has a noise of its own between 0.001 and 0.03, log-uniform: the noise of the
/// curves decides how far PASHA goes, and it is not known beforehand.
public struct SyntheticCurves: Sendable, Equatable {
  /// `max_t`, at least 1.
  public var epochs: Int
  public var seed: UInt64

  static let leastNoise = 0.001
  static let mostNoise = 0.03

  public init(epochs: Int, seed: UInt64) {
    self.epochs = epochs
    self.seed = seed
  }

  /// Standard deviation of the noise of every value.
  var noise: Double {
    var generator = SeededGenerator(seed: seed, stream: .max)
    let ratio = Self.mostNoise / Self.leastNoise
    return Self.leastNoise * Mathematics.exp(generator.nextUnit() * Mathematics.log(ratio))
  }

  /// The values of a configuration after epoch 1, 2, ….
  public func values(of configuration: Int) -> [Double] {
    var generator = SeededGenerator(seed: seed, stream: UInt64(truncatingIfNeeded: configuration))
    // As a ratio of gamma numbers; mean 2/7, standard deviation 0.16.
    let low = Self.gamma(2, &generator)
    let final = low / (low + Self.gamma(5, &generator))
    let start = 0.85 + 0.15 * generator.nextUnit()
    let scale = 1.5 / max(3, Double(epochs).squareRoot())
    let rate = Mathematics.exp(0.6 * Self.normal(&generator) + 0.5 * (final - 2.0 / 7) / 0.16) * scale
    let noise = self.noise
    return (0..<epochs).map { epoch in
      final + (start - final) * Mathematics.exp(-rate * Double(epoch + 1)) + noise * Self.normal(&generator)
    }
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
