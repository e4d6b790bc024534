/// Tabulated learning curves: what trials would report, and when.
public struct CurveTable: Sendable, Equatable {
  /// The curve of one configuration.
  public struct Row: Sendable, Equatable {
    /// The configuration's number; no two rows have the same.
    public var id: Int
    /// The metric after epoch 1, 2, …; a value that is not a finite number stands for training that went astray.
    public var values: [Double]
    /// When each value is reported, in seconds since the start of training; as many as values, never decreasing.
    public var seconds: [Double]

    public init(id: Int, values: [Double], seconds: [Double]) {
      self.id = id
      self.values = values
      self.seconds = seconds
    }
  }

  public var name: String
  public var rows: [Row]

  public init(name: String, rows: [Row]) {
    self.name = name
    self.rows = rows
  }

  /// Epochs of the longest curve; 0 without rows.
  public var longestCurve: Int { rows.reduce(0) { max($0, $1.values.count) } }
}
