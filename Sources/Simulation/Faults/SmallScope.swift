import AgentCore
import Coordination
import Scheduling
import SearchSpace
import TuningModel
import Wire

/// Everything that can happen in a very small farm, up to some number of steps: two agents with one slot each, two trials, a
/// channel that loses and doubles, a few crashes. Where `FaultSimulation` draws, this tries all.
///
/// Hosts do at once what their agent wants; time stands still but for a step of its own that lets resends and reminders
/// come. States that differ in the order of what happened alone are looked at once: a machine's state follows from what it
/// was told, so a state is known by the digests of that.
public struct SmallScope: Sendable {
  /// How much may go wrong on one path.
  public struct Budget: Hashable, Sendable {
    public var crashes: Int
    public var losses: Int
    public var doubles: Int
    /// Connections that break, with what is on its way down; what is on its way up may still come.
    public var breaks: Int
    /// Half minutes that pass.
    public var waits: Int

    public init(crashes: Int = 2, losses: Int = 1, doubles: Int = 1, breaks: Int = 1, waits: Int = 1) {
      self.crashes = crashes
      self.losses = losses
      self.doubles = doubles
      self.breaks = breaks
      self.waits = waits
    }
  }

  /// What a search has found.
  public struct Outcome: Sendable {
    /// Different states that were looked at.
    public internal(set) var states = 0
    public internal(set) var steps = 0
    /// Whether all states within the depth were looked at.
    public internal(set) var isComplete = true
    /// What was wrong, and the steps that led there.
    public internal(set) var violation: String?
    public internal(set) var path: [String] = []
  }

  /// Searches all orders of `depth` steps after each of the states that a run without faults goes through, `stride` steps
  /// apart. At most `limit` states are looked at.
  public static func search(
    depth: Int, stride: Int, budget: Budget = Budget(), limit: Int = .max
  ) throws -> Outcome {
    var outcome = Outcome()
    for root in try roots(stride: stride, budget: budget) {
      var visited: [UInt64: Int] = [:]
      var path: [String] = []
      explore(root, depth, &visited, &path, &outcome, limit)
      if outcome.violation != nil { return outcome }
    }
    return outcome
  }

  private static func roots(stride: Int, budget: Budget) throws -> [SmallWorld] {
    var world = try SmallWorld(budget: budget)
    var roots = [world]
    var count = 0
    // Messages first, then trials: what a quiet farm does.
    while let step = world.steps.first(where: \.isUsual) {
      world.perform(step)
      count += 1
      if count % stride == 0 { roots.append(world) }
      if count > 400 { break }
    }
    return roots
  }

  private static func explore(
    _ world: SmallWorld, _ depth: Int, _ visited: inout [UInt64: Int], _ path: inout [String], _ outcome: inout Outcome,
    _ limit: Int
  ) {
    let key = world.key
    if let seen = visited[key], seen >= depth { return }
    if visited[key] == nil { outcome.states += 1 }
    visited[key] = depth
    guard depth > 0 else { return }
    if outcome.states >= limit {
      outcome.isComplete = false
      return
    }
    for step in world.steps {
      var next = world
      next.perform(step)
      outcome.steps += 1
      path.append("\(step)")
      if let violation = next.violation {
        outcome.violation = violation
        outcome.path = path
        return
      }
      explore(next, depth - 1, &visited, &path, &outcome, limit)
      if outcome.violation != nil { return }
      path.removeLast()
    }
  }
}

/// A step of the small farm.
enum SmallStep: Equatable, Sendable {
  case up(Int)
  case down(Int)
  case epoch(Int)
  /// What was sent over the newest connection comes before what was sent over the one before.
  case overtakes(Int)
  case loseUp(Int)
  case loseDown(Int)
  case doubleUp(Int)
  case doubleDown(Int)
  case breaks(Int)
  case coordinatorCrashes
  case agentCrashes(Int)
  case powerLoss(Int)
  case halfMinute

  /// Whether a farm without faults does it.
  var isUsual: Bool {
    switch self {
    case .up, .down, .epoch: true
    default: false
    }
  }
}
