import TuningModel

/// The pairs of trials that crossed and crossed back, and how far apart they are: what epsilon is measured by.
///
/// A pair counts when both trials have a finite value at some resource of the window; it counts with its distance at
/// the highest such resource. It is noisy when, over all resources up to there at which both have a finite value, their
/// order changed and changed back. The order is `a > b` with the lower trial id first, so a tie belongs to one side.
///
/// Reports come in increasing resource for each trial, so the resources that a pair has in common are completed in
/// increasing order as well: a report touches the pairs of its trial with those that have a value at the same resource,
/// once each, and needs of the past only whether the pair changed its order before and where both stood last.
struct NoisyPairs: Sendable {
  let window: ClosedRange<Int>

  /// A trial with a value in the window.
  struct Slot: Sendable {
    var runner: Int
    var trial: TrialID
    /// Its last point in the window.
    var resource: Int
    var value: Double
    /// Its points below the window, in `history`.
    var history: Range<Int>
  }

  /// A trial's value at one resource of the window, and its point before; resource 0 where none is in the window.
  struct Member: Sendable {
    var slot: Int
    var value: Double
    var earlierResource: Int
    var earlierValue: Double
  }

  private(set) var slots: [Slot] = []
  private var slotOfRunner: [Int32] = []
  private var history: [LearningCurve.Point] = []
  private var columns: [[Member]] = []
  private var columnOfResource: [Int: Int] = [:]
  private(set) var states = PairStates()
  var tally = DistanceTally()
  /// How many pairs reports touched so far.
  private(set) var touchedPairs = 0
  /// How often all pairs were gone through, to lay out distances.
  var layouts = 0

  init(window: ClosedRange<Int>) {
    self.window = window
  }

  /// Takes in one point of a trial's curve. Points of a trial come in increasing resource, none twice.
  mutating func absorb(_ trial: TrialID, _ runner: Int, point: Int, of curves: [LearningCurve]) {
    let new = curves[runner].points[point]
    guard window.contains(new.resource) else { return }
    let slot = slot(of: trial, runner, curves)
    let column = column(of: new.resource)
    var newcomer = Member(slot: slot, value: new.value, earlierResource: 0, earlierValue: 0)
    if slots[slot].resource > 0 {
      newcomer.earlierResource = slots[slot].resource
      newcomer.earlierValue = slots[slot].value
    }
    touchedPairs += columns[column].count
    Self.compare(
      newcomer, with: columns[column], Past(slots: slots, history: history, curves: curves, window: window),
      at: new.resource, &states, &tally)
    columns[column].append(newcomer)
    slots[slot].resource = new.resource
    slots[slot].value = new.value
  }

  private mutating func slot(of trial: TrialID, _ runner: Int, _ curves: [LearningCurve]) -> Int {
    while slotOfRunner.count <= runner { slotOfRunner.append(-1) }
    if slotOfRunner[runner] >= 0 { return Int(slotOfRunner[runner]) }
    slotOfRunner[runner] = Int32(slots.count)
    let start = history.count
    history += curves[runner].points.prefix(curves[runner].count(through: window.lowerBound - 1))
    slots.append(Slot(runner: runner, trial: trial, resource: 0, value: 0, history: start..<history.count))
    states.grow()
    return slots.count - 1
  }

  private mutating func column(of resource: Int) -> Int {
    if let column = columnOfResource[resource] { return column }
    columnOfResource[resource] = columns.count
    columns.append([])
    return columns.count - 1
  }

  static func distance(_ a: Double, _ b: Double) -> Double { min(abs(a - b), .greatestFiniteMagnitude) }

  // MARK: Comparing

  /// Takes the pairs of `newcomer` with `members`, who all have a value at `resource`, one step further.
  private static func compare(
    _ newcomer: Member, with members: [Member], _ past: Past, at resource: Int, _ states: inout PairStates,
    _ tally: inout DistanceTally
  ) {
    for member in members {
      let pair = PairStates.index(newcomer.slot, member.slot)
      let state = states[pair]
      if state == PairStates.unseen {
        let first = past.firstState(newcomer, member)
        states[pair] = first
        if first == PairStates.noisy { tally.add(distance(newcomer.value, member.value)) }
        continue
      }
      var earlier = (newcomer.earlierValue, member.earlierValue)
      if newcomer.earlierResource != member.earlierResource || newcomer.earlierResource == 0 {
        earlier = past.lastInCommon(newcomer.slot, member.slot, below: resource) ?? earlier
      }
      if state == PairStates.noisy {
        tally.move(from: distance(earlier.0, earlier.1), to: distance(newcomer.value, member.value))
      } else if past.changed(newcomer, member, from: earlier) {
        states[pair] = state + 1
        if state + 1 == PairStates.noisy { tally.add(distance(newcomer.value, member.value)) }
      }
    }
  }
}
