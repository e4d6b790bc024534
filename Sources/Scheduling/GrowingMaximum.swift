/// PASHA's current maximum resource and the epsilon that was recorded last.
struct GrowingMaximum: Sendable {
  /// The index of the top rung, whose order is compared with that of the rung below; nil where there is no rung below.
  private(set) var top: Int?
  private(set) var current: Int
  /// The last recorded epsilon. It counts until the pairs of trials in the present window give one.
  var epsilon = 0.0
  /// Whether the maximum can still rise.
  private(set) var canRise: Bool
  /// Whether the last recorded report was looked at and called for no decision. Set by `review`, which would find
  /// nothing again; not needed to be right in a replay.
  var isReviewed = true
  /// Whether the next report is to be looked at although nothing entered the top rung: after a raise.
  var isFresh = true

  private let levels: [Int]
  private let maxResource: Int

  /// The top is the second rung at first. With fewer than two rungs there is no order to compare: the maximum is
  /// `maxResource` from the start.
  init(levels: [Int], maxResource: Int) {
    self.levels = levels
    self.maxResource = maxResource
    top = levels.count >= 2 ? 1 : nil
    current = levels.count >= 2 ? levels[1] : maxResource
    canRise = levels.count >= 2
  }

  /// The resources at which pairs of trials are compared for epsilon: above the rung below, up to the top rung.
  var window: ClosedRange<Int>? {
    top.map { levels[$0 - 1] + 1...levels[$0] }
  }

  /// The maximum after the present one.
  var next: Int {
    guard let top, top + 1 < levels.count else { return maxResource }
    return levels[top + 1]
  }

  mutating func raise(to maximum: Int, epsilon: Double) {
    current = min(maximum, maxResource)
    self.epsilon = epsilon
    if top != nil { top = levels.lastIndex { $0 <= self.current }.map { max(1, $0) } }
    canRise = canRise && current < maxResource
    isReviewed = true
    isFresh = true
  }
}
