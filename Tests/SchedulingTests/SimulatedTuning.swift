import Scheduling
import TuningModel

/// What happens to a scheduler from outside, in the order in which it happens.
enum OutsideEvent {
  /// A worker is free: promote, or start trial `next` (if any) in this bracket.
  case suggest(bracket: Int, next: Int?)
  case report(trial: Int, resource: Int, value: Double)
  case retire(trial: Int)
}

/// What a journal would hold.
enum JournalEntry: Equatable {
  case added(trial: Int, bracket: Int)
  case reported(trial: Int, resource: Int, value: UInt64)
  case retired(trial: Int)
  case decided(SchedulingDecision)
}

/// Drives a scheduler through events and writes the journal.
struct LiveRun {
  var scheduler: TrialScheduler
  private(set) var journal: [JournalEntry] = []
  private(set) var lastOutcome = RecordOutcome.continues

  init(_ scheduler: TrialScheduler) { self.scheduler = scheduler }

  mutating func handle(_ event: OutsideEvent) {
    switch event {
    case .suggest(let bracket, let next):
      let proposal = scheduler.propose(bracket: bracket)
      take(proposal.decisions)
      if proposal.promotion == nil, let next {
        scheduler.add(TrialID(next), bracket: bracket)
        journal.append(.added(trial: next, bracket: bracket))
      }
    case .report(let trial, let resource, let value):
      lastOutcome = scheduler.record(
        TrialID(trial), resource: resource, value: value, cost: Self.cost(trial, resource))
      journal.append(.reported(trial: trial, resource: resource, value: value.bitPattern))
      take(scheduler.review(after: TrialID(trial)))
    case .retire(let trial):
      scheduler.retire(TrialID(trial))
      journal.append(.retired(trial: trial))
    }
  }

  /// What training to a resource has cost: each trial at a price of its own, tenths that no double holds exactly.
  static func cost(_ trial: Int, _ resource: Int) -> Double { Double(trial % 7 + 1) * 0.1 * Double(resource) }

  /// Decisions of which the process ended before it could write them.
  mutating func takeWhatIsDue() { take(scheduler.reviewAll()) }

  private mutating func take(_ decisions: [SchedulingDecision]) {
    for decision in decisions {
      scheduler.apply(decision)
      journal.append(.decided(decision))
    }
  }

  static func replay(_ journal: some Sequence<JournalEntry>, into scheduler: TrialScheduler) -> TrialScheduler {
    var scheduler = scheduler
    for entry in journal {
      switch entry {
      case .added(let trial, let bracket): scheduler.add(TrialID(trial), bracket: bracket)
      case .reported(let trial, let resource, let value):
        _ = scheduler.record(
          TrialID(trial), resource: resource, value: Double(bitPattern: value), cost: cost(trial, resource))
      case .retired(let trial): scheduler.retire(TrialID(trial))
      case .decided(let decision): scheduler.apply(decision)
      }
    }
    return scheduler
  }
}

/// Workers, trials and curves from a seed, with all that real trials do: noise, ties, values that are not finite,
/// resources left out, reported again and jumped over, trials that fail.
struct RandomTuning {
  struct Habits {
    var trials = 60
    var workers = 4
    var noise = 0.05
    /// Decimal places of a value; few give ties.
    var digits = 6
    var notFinite = 0.0
    var skipped = 0.0
    var repeated = 0.0
    var jumped = 0.0
    var failed = 0.0
    /// Ids out of order and far apart.
    var oddIDs = false
  }

  private let habits: Habits
  private let options: SchedulerOptions
  private var generator: SeededGenerator
  private var running: [Int] = []
  private var started: [(final: Double, rate: Double)] = []
  private var resource: [Int: Int] = [:]

  init(_ habits: Habits, _ options: SchedulerOptions, seed: UInt64) {
    self.habits = habits
    self.options = options
    generator = SeededGenerator(seed: seed, stream: 7)
  }

  func id(_ ordinal: Int) -> Int { habits.oddIDs ? (ordinal * 37) % 101 * 1000 + ordinal : ordinal }

  /// Runs to the end: until nothing runs and nothing can be suggested. `each` is told every event with what was
  /// journaled for it.
  mutating func run(_ live: inout LiveRun, each: (OutsideEvent, ArraySlice<JournalEntry>, LiveRun) throws -> Void)
    rethrows
  {
    var ordinalOf: [Int: Int] = [:]
    while true {
      if running.count < habits.workers {
        let bracket = Int(generator.nextBelow(UInt64(live.scheduler.bracketCount)))
        let next = started.count < habits.trials ? id(started.count) : nil
        let before = live.journal.count
        let event = OutsideEvent.suggest(bracket: bracket, next: next)
        live.handle(event)
        try each(event, live.journal[before...], live)
        switch live.journal.dropFirst(before).last {
        case .added(let trial, _):
          ordinalOf[trial] = started.count
          started.append((generator.nextUnit(), 0.05 + generator.nextUnit()))
          running.append(trial)
          continue
        case .decided(.promotion(let promotion)):
          running.append(promotion.trial.rawValue)
          continue
        default:
          if running.isEmpty { return }
        }
      }
      let index = Int(generator.nextBelow(UInt64(running.count)))
      let trial = running[index]
      let before = live.journal.count
      let event = self.event(of: trial, ordinal: ordinalOf[trial] ?? 0)
      live.handle(event)
      try each(event, live.journal[before...], live)
      let isStopped = live.scheduler.isStopped(TrialID(trial))
      if isStopped { live.handle(.retire(trial: trial)) }
      if case .retire = event {
        running.remove(at: index)
      } else if isStopped {
        running.remove(at: index)
      } else if live.lastOutcome != .continues, live.lastOutcome != .repeated {
        running.remove(at: index)
        if live.lastOutcome == .reachedMaximum { live.handle(.retire(trial: trial)) }
      }
    }
  }

  private mutating func event(of trial: Int, ordinal: Int) -> OutsideEvent {
    if generator.nextUnit() < habits.failed { return .retire(trial: trial) }
    var epoch = resource[trial, default: 0]
    if epoch > 0, generator.nextUnit() < habits.repeated {
      return .report(trial: trial, resource: 1 + Int(generator.nextBelow(UInt64(epoch))), value: generator.nextUnit())
    }
    epoch += 1
    while generator.nextUnit() < habits.skipped { epoch += 1 }
    if generator.nextUnit() < habits.jumped { epoch += Int(generator.nextBelow(UInt64(options.maxResource))) }
    resource[trial] = epoch
    if generator.nextUnit() < habits.notFinite {
      return .report(trial: trial, resource: epoch, value: [.nan, .infinity, -.infinity][Int(generator.nextBelow(3))])
    }
    let (final, rate) = started[ordinal]
    let noise = habits.noise * (generator.nextUnit() + generator.nextUnit() - 1)
    let loss = final + (1 - final) * Mathematics.exp(-rate * Double(epoch)) + noise
    let scale = Mathematics.pow(10, Double(habits.digits))
    let value = ((options.mode == .min ? loss : 1 - loss) * scale).rounded() / scale
    return .report(trial: trial, resource: epoch, value: value)
  }
}

extension TrialScheduler {
  /// What would be promoted, asked of a copy.
  func offer(bracket: Int = 0) -> Promotion? {
    var copy = self
    return copy.proposePromotion(bracket: bracket)
  }
}
