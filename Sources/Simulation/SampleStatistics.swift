/// Mean and spread of a sample.
public struct SampleStatistics: Sendable, Equatable {
  public var count: Int
  public var mean: Double
  /// Sample standard deviation (divisor n − 1); 0 for a single value.
  public var deviation: Double

  /// nil without values.
  public init?(_ values: [Double]) {
    guard !values.isEmpty else { return nil }
    count = values.count
    let mean = values.reduce(0, +) / Double(values.count)
    self.mean = mean
    // The second pass is exact where the sum of squares would cancel.
    let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    deviation = values.count > 1 ? (squares / Double(values.count - 1)).squareRoot() : 0
  }

  /// The mean's standard error.
  public var standardError: Double { deviation / Double(count).squareRoot() }
}
