extension NoisyPairs {
  /// What comparisons read of the trials.
  struct Past {
    let slots: [Slot]
    let history: [LearningCurve.Point]
    let curves: [LearningCurve]
    let window: ClosedRange<Int>

    /// Whether the order of two trials is another than it was with the `earlier` values.
    func changed(_ a: Member, _ b: Member, from earlier: (Double, Double)) -> Bool {
      if a.value == b.value || earlier.0 == earlier.1, slots[b.slot].trial < slots[a.slot].trial {
        return (b.value > a.value) != (earlier.1 > earlier.0)
      }
      return (a.value > b.value) != (earlier.0 > earlier.1)
    }

    /// The state of a pair that meets in the window for the first time: over what both have in common below the window,
    /// and now.
    func firstState(_ a: Member, _ b: Member) -> UInt8 {
      let isInOrder = slots[a.slot].trial < slots[b.slot].trial
      let (low, high) = isInOrder ? (a, b) : (b, a)
      var (i, j) = (slots[low.slot].history.lowerBound, slots[high.slot].history.lowerBound)
      let (lowEnd, highEnd) = (slots[low.slot].history.upperBound, slots[high.slot].history.upperBound)
      let isGreaterNow = low.value > high.value
      var state = PairStates.unseen
      var wasGreater = false
      while i < lowEnd, j < highEnd {
        if history[i].resource == history[j].resource {
          let isGreater = history[i].value > history[j].value
          if state == PairStates.unseen {
            state = PairStates.steady
          } else if isGreater != wasGreater {
            if state == PairStates.crossed { return PairStates.noisy }
            state = PairStates.crossed
          }
          wasGreater = isGreater
          i += 1
          j += 1
        } else if history[i].resource < history[j].resource {
          i += 1
        } else {
          j += 1
        }
      }
      if state == PairStates.unseen { return PairStates.steady }
      return isGreaterNow == wasGreater ? state : state + 1
    }

    /// The values at the highest resource below `limit` that both have in the window.
    func lastInCommon(_ a: Int, _ b: Int, below limit: Int) -> (Double, Double)? {
      let (first, second) = (curves[slots[a].runner], curves[slots[b].runner])
      var i = first.count(through: limit - 1) - 1
      var j = second.count(through: limit - 1) - 1
      while i >= 0, j >= 0 {
        let (x, y) = (first.points[i], second.points[j])
        guard x.resource >= window.lowerBound, y.resource >= window.lowerBound else { return nil }
        if x.resource == y.resource { return (x.value, y.value) }
        if x.resource > y.resource { i -= 1 } else { j -= 1 }
      }
      return nil
    }
  }
}
