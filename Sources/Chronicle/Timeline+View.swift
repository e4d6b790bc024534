/// A piece of the timeline for a screen.
extension Timeline {
  /// A segment as it is shown; `kind` is nil where several are merged, `trial` where they are of several trials.
  public struct ShownSegment: Equatable, Sendable {
    public var start: Double
    public var end: Double
    public var kind: Kind?
    public var trial: Int32?
    public var attempt: Int32?
    /// The part of the time in which a trial was there.
    public var busy: Double
  }

  /// The segments of a lane between two times on so many pixels, in order and without overlaps. Those narrower than a pixel
  /// are merged with their neighbours until what comes out is a pixel wide, so that there are two for each pixel at most.
  public static func shown(_ lane: Lane, from: Double, to: Double, width: Int) -> [ShownSegment] {
    let pixel = (to - from) / Double(max(1, width))
    guard pixel > 0 else { return [] }
    var shown: [ShownSegment] = []
    var group = Group()
    var index = firstEnding(after: from, lane.segments)
    while index < lane.segments.count, lane.segments[index].start < to {
      let segment = lane.segments[index]
      index += 1
      let start = max(segment.start, from)
      let end = min(segment.end, to)
      guard end > start else { continue }
      if end - start >= pixel || (group.isOpen && end - group.start > 2 * pixel) {
        group.flush(into: &shown)
      }
      if end - start >= pixel {
        shown.append(
          ShownSegment(
            start: start, end: end, kind: segment.kind, trial: segment.trial, attempt: segment.attempt, busy: 1))
      } else {
        group.add(segment, start, end)
        if end - group.start >= pixel { group.flush(into: &shown) }
      }
    }
    group.flush(into: &shown)
    return shown
  }

  /// Those of some absences that reach into a piece of time, cut off at its ends.
  public static func shown(_ absences: [Absence], from: Double, to: Double) -> [Absence] {
    absences.compactMap { absence in
      let start = max(absence.start, from)
      let end = min(absence.end, to)
      return end > start ? Absence(start: start, end: end, kind: absence.kind) : nil
    }
  }

  private static func firstEnding(after time: Double, _ segments: [Segment]) -> Int {
    var low = 0
    var high = segments.count
    while low < high {
      let middle = (low + high) / 2
      if segments[middle].end <= time { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// Neighbours that are too narrow to be seen one by one.
  private struct Group {
    var start = 0.0
    var end = 0.0
    var busy = 0.0
    var count = 0
    var first: Segment?
    var isOneTrial = true

    var isOpen: Bool { count > 0 }

    mutating func add(_ segment: Segment, _ from: Double, _ to: Double) {
      if count == 0 {
        start = from
        busy = 0
        isOneTrial = true
        first = segment
      }
      if first?.trial != segment.trial { isOneTrial = false }
      busy += to - from
      end = to
      count += 1
    }

    mutating func flush(into shown: inout [ShownSegment]) {
      guard count > 0, let first else { return }
      let isSingle = count == 1
      shown.append(
        ShownSegment(
          start: start, end: end, kind: isSingle ? first.kind : nil, trial: isOneTrial ? first.trial : nil,
          attempt: isSingle ? first.attempt : nil, busy: isSingle ? 1 : min(1, busy / (end - start))))
      count = 0
    }
  }
}
