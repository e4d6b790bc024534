import TuningModel

/// What is to come, soonest first: a binary heap. Of two steps at the same instant, the one of the leg that began first
/// comes first.
struct EventQueue: Sendable {
  struct Step: Equatable, Sendable {
    var time: Instant
    /// Counts the legs of the run, in the order in which they began.
    var leg: Int
    var slot: Int

    func precedes(_ other: Step) -> Bool { time == other.time ? leg < other.leg : time < other.time }
  }

  private var steps: [Step] = []

  mutating func push(_ step: Step) {
    steps.append(step)
    var child = steps.count - 1
    while child > 0, steps[child].precedes(steps[(child - 1) / 2]) {
      steps.swapAt(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
  }

  mutating func pop() -> Step? {
    guard let first = steps.first else { return nil }
    steps.swapAt(0, steps.count - 1)
    steps.removeLast()
    var parent = 0
    while true {
      var child = 2 * parent + 1
      guard child < steps.count else { return first }
      if child + 1 < steps.count, steps[child + 1].precedes(steps[child]) { child += 1 }
      guard steps[child].precedes(steps[parent]) else { return first }
      steps.swapAt(child, parent)
      parent = child
    }
  }
}
