/// The time that a run was up: what passed while no coordinator ran it is cut out.
extension Timeline {
  public struct UpTime: Sendable {
    /// A cut, and how much was cut out up to its end.
    private struct Cut: Sendable {
      var start: Double
      var end: Double
      var sum: Double
    }

    private let from: Double
    private var cuts: [Cut] = []

    /// - Parameter downtimes: in order.
    public init(from: Double, without downtimes: [Absence]) {
      self.from = from
      for downtime in downtimes {
        // The clock of then may have been put back.
        let start = max(downtime.start, cuts.last?.end ?? from)
        guard downtime.end > start else { continue }
        cuts.append(Cut(start: start, end: downtime.end, sum: (cuts.last?.sum ?? 0) + downtime.end - start))
      }
    }

    /// Seconds that the run was up by a moment; infinite stays so.
    public func seconds(at time: Double) -> Double {
      guard time.isFinite else { return time }
      var low = 0
      var high = cuts.count
      while low < high {
        let middle = (low + high) / 2
        if cuts[middle].start < time { low = middle + 1 } else { high = middle }
      }
      guard low > 0 else { return time - from }
      let last = cuts[low - 1]
      return time - from - last.sum + max(0, last.end - time)
    }

    /// Where something was cut out, and how much.
    public var gaps: [(at: Double, length: Double)] { cuts.map { (seconds(at: $0.start), $0.end - $0.start) } }
  }
}

extension Timeline.Lane {
  /// The lane in the time that the run was up.
  public func inUpTime(_ time: Timeline.UpTime) -> Timeline.Lane {
    var lane = self
    lane.segments = segments.compactMap { segment in
      var segment = segment
      segment.start = time.seconds(at: segment.start)
      segment.end = time.seconds(at: segment.end)
      return segment.end > segment.start ? segment : nil
    }
    lane.unusable = unusable.map { $0.inUpTime(time) }
    return lane
  }
}

extension Timeline.Absence {
  public func inUpTime(_ time: Timeline.UpTime) -> Timeline.Absence {
    Timeline.Absence(start: time.seconds(at: start), end: time.seconds(at: end), kind: kind)
  }
}
