import Scheduling
import TuningModel

/// Workers that ask for work and report, in virtual time. Once there is nothing to start and nothing to promote,
/// nothing is asked any more and the trials that run go on to their milestones.
struct SimulatedRun {
  private struct Step {
    var time: Double
    var order: Int
    var trial: Int

    func precedes(_ other: Step) -> Bool { (time, order) < (other.time, other.order) }
  }

  private let trials: Int
  private let workers: Int
  private let maxResource = 200
  private var curves: [SyntheticCurve] = []
  private var resource: [Int] = []
  private var scheduler: TrialScheduler
  private var queue: [Step] = []
  private var order = 0
  private var isDrained = false
  private let seed: UInt64
  private let noise: Double
  private let clock = ContinuousClock()
  private var figures = Figures()

  init(
    name: String, _ options: SchedulerOptions, trials: Int, workers: Int, seed: UInt64, noise: Double
  ) throws(SchedulerOptionProblem) {
    self.trials = trials
    self.workers = workers
    self.seed = seed
    self.noise = noise
    scheduler = try TrialScheduler(options)
    figures.name = name
    figures.workers = workers
  }

  mutating func measure() -> Figures {
    let start = clock.now
    for _ in 0..<workers { suggest(at: 0) }
    while let step = next() {
      resource[step.trial] += 1
      let value = curves[step.trial].next()
      if report(step.trial, resource: resource[step.trial], value: value) {
        push(step.trial, at: step.time + curves[step.trial].secondsPerEpoch)
      } else {
        suggest(at: step.time)
      }
    }
    figures.wall = clock.now - start
    figures.trials = curves.count
    figures.maximum = scheduler.ladder.first?.currentMaximum ?? maxResource
    return figures
  }

  /// Whether the trial goes on.
  private mutating func report(_ trial: Int, resource: Int, value: Double) -> Bool {
    let id = TrialID(trial)
    let cost = Double(resource) * curves[trial].secondsPerEpoch
    let start = clock.now
    let outcome = scheduler.record(id, resource: resource, value: value, cost: cost)
    for decision in scheduler.review(after: id) { scheduler.apply(decision) }
    figures.addReport(clock.now - start)
    let goesOn = outcome == .continues && !scheduler.isStopped(id)
    if outcome == .reachedMaximum || scheduler.isStopped(id) { scheduler.retire(id) }
    return goesOn
  }

  private mutating func suggest(at time: Double) {
    guard !isDrained else { return }
    let start = clock.now
    var trial: Int?
    let proposal = scheduler.propose(bracket: bracket)
    for decision in proposal.decisions { scheduler.apply(decision) }
    if let promotion = proposal.promotion {
      trial = promotion.trial.rawValue
    } else if curves.count < trials {
      scheduler.add(TrialID(curves.count), bracket: bracket)
    } else {
      isDrained = true
    }
    figures.addSuggestion(clock.now - start)
    guard !isDrained else { return }
    if trial == nil {
      trial = curves.count
      curves.append(SyntheticCurve(trial: curves.count, seed: seed, noise: noise, maxResource: maxResource))
      resource.append(0)
    }
    if let trial { push(trial, at: time + curves[trial].secondsPerEpoch) }
  }

  /// Drawn anew for each suggestion, the same at each asking.
  private var bracket: Int {
    var generator = SeededGenerator(seed: seed, stream: 0x6272 &+ UInt64(order))
    return scheduler.bracket(forUnit: generator.nextUnit())
  }

  // MARK: The queue, a binary heap

  private mutating func push(_ trial: Int, at time: Double) {
    queue.append(Step(time: time, order: order, trial: trial))
    order += 1
    var child = queue.count - 1
    while child > 0, queue[child].precedes(queue[(child - 1) / 2]) {
      queue.swapAt(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
  }

  private mutating func next() -> Step? {
    guard let first = queue.first else { return nil }
    queue.swapAt(0, queue.count - 1)
    queue.removeLast()
    var parent = 0
    while true {
      var child = 2 * parent + 1
      guard child < queue.count else { return first }
      if child + 1 < queue.count, queue[child + 1].precedes(queue[child]) { child += 1 }
      guard queue[child].precedes(queue[parent]) else { return first }
      queue.swapAt(child, parent)
      parent = child
    }
  }
}
