import Coordination
import Scheduling
import TuningModel
import Wire

/// Watches what is committed and what leaves the coordinator, apart from it.
struct FaultMonitor: Sendable {
  /// What the committed facts give, applied one by one, never by a replay.
  private(set) var shadow: RunState
  private struct Ranked: Hashable {
    var trial: TrialID
    var resource: Int
  }
  private var ranked: Set<Ranked> = []
  private var maximum: [Int: Int] = [:]
  private(set) var facts: [StampedFact] = []
  private(set) var lost = 0
  private(set) var restarts = 0
  private(set) var reports = 0

  init(_ specification: RunSpecification) throws {
    shadow = try RunState(specification: specification)
    guard specification.scheduler.name == .pasha else { return }
    // PASHA's maximum begins at the second rung of each bracket.
    let levels = shadow.scheduler.levels
    for system in 0..<shadow.scheduler.bracketCount {
      let own = levels.dropFirst(system)
      maximum[system] = own.count >= 2 ? own.dropFirst().first : specification.scheduler.maxResource
    }
  }

  // MARK: Facts

  /// Takes a committed fact in, and says what is wrong with it.
  mutating func take(_ stamped: StampedFact) -> String? {
    let trial = stamped.fact.trial
    let before = trial.flatMap { shadow[$0] }
    shadow.apply(stamped)
    facts.append(stamped)
    if let problem = problem(stamped.fact, before: before) { return "\(problem) (fact \(facts.count))" }
    guard let trial, let after = shadow[trial] else { return nil }
    return Self.edgeProblem(trial, from: before?.status, to: after.status)
  }

  private mutating func problem(_ fact: Fact, before: TrialState?) -> String? {
    switch fact {
    case .reportReceived(let report):
      reports += 1
      if before?.attempt != report.attempt.attempt {
        return "a report of \(report.attempt), which is not the current one"
      }
      if report.sequence != (before?.lastSequence ?? 0) + 1 {
        return "report \(report.sequence) of \(report.attempt) after \(before?.lastSequence ?? 0)"
      }
      if report.disposition == .ranked {
        // What a trial does past its milestone counts when it is promoted, not before.
        if before?.reachedMilestone == true { return "a report of \(report.attempt) past its milestone is ranked" }
        return rank(report.attempt.trial, report.resource)
      }
    case .withheldReportSettled(let attempt, let sequence, .ranked):
      let report = before?.withheld.first { $0.attempt == attempt && $0.sequence == sequence }
      return rank(attempt.trial, report?.resource)
    case .attemptAssigned(let assignment):
      if assignment.reason == .restarted { restarts += 1 }
      let expected = before?.attempt?.next ?? .first
      if assignment.attempt.attempt != expected { return "attempt \(assignment.attempt) where \(expected) is next" }
      if before?.isActive == true { return "\(assignment.attempt) is assigned while the trial is active" }
      if let agent = shadow[assignment.slot.agent], !agent.isPrepared {
        return "\(assignment.attempt) on an agent that is not ready"
      }
    case .attemptStarted(let attempt, _), .attemptHeld(let attempt, _), .attemptProceeded(let attempt, _),
      .attemptOrdered(let attempt, _, _), .attemptEnded(let attempt, _, _), .attemptRefused(let attempt, _, _):
      if before?.attempt != attempt.attempt || before?.isActive != true {
        return "a fact about \(attempt), which is not the current attempt: \(fact)"
      }
      if case .attemptEnded(_, let end, _) = fact { return endProblem(attempt, end, before) }
    case .agentReachability(_, .lost): lost += 1
    case .scheduling(let decision): return problem(decision)
    default: break
    }
    return nil
  }

  private func endProblem(_ attempt: TrialAttempt, _ end: AttemptEnd, _ before: TrialState?) -> String? {
    let isGivenUp = end.cause == .hostFault || end.cause == .leaseExpired
    if let before, !isGivenUp, end.lastSequence > before.lastSequence {
      return "\(attempt) ended with report \(end.lastSequence), and \(before.lastSequence) is the last in the journal"
    }
    return nil
  }

  private mutating func rank(_ trial: TrialID, _ resource: Int?) -> String? {
    guard let resource else { return "a report without a resource is ranked" }
    return ranked.insert(Ranked(trial: trial, resource: resource)).inserted
      ? nil : "trial \(trial) is ranked twice at \(resource)"
  }

  private mutating func problem(_ decision: SchedulingDecision) -> String? {
    switch decision {
    case .maximumRaised(let raise):
      let known = maximum[raise.system]
      maximum[raise.system] = raise.to
      if raise.to <= raise.from { return "the maximum resource falls from \(raise.from) to \(raise.to)" }
      if let known, known != raise.from { return "the maximum resource is raised from \(raise.from), and was \(known)" }
    case .promotion(let promotion):
      let highest = maximum[promotion.system] ?? shadow.specification.scheduler.maxResource
      if promotion.milestone > highest { return "trial \(promotion.trial) is promoted past the maximum of \(highest)" }
      if promotion.milestone <= promotion.fromLevel { return "trial \(promotion.trial) is promoted to where it is" }
      if !isAmongTheBest(promotion) {
        return "trial \(promotion.trial) is promoted from place \(promotion.rank) of \(promotion.rungSize)"
      }
    default: break
    }
    return nil
  }

  /// Whether the best are promoted, one in as many as the next level is larger than this one (Li et al., "A System for
  /// Massively Parallel Hyperparameter Tuning", algorithm 2; where levels do not grow by the reduction factor, as Syne Tune
  /// has it); trials that are equally good share a place.
  private func isAmongTheBest(_ promotion: Promotion) -> Bool {
    let options = shadow.specification.scheduler
    guard promotion.rank < promotion.rungSize else { return false }
    if case .share(let count) = promotion.rule { return promotion.rank < count }
    guard options.mode == .min ? promotion.value <= promotion.cutOff : promotion.value >= promotion.cutOff else {
      return false
    }
    let place = Double(promotion.rank) * Double(promotion.milestone) / Double(promotion.fromLevel)
    return place <= Double(promotion.rungSize - 1) || promotion.value == promotion.cutOff
  }

  /// The edges of a trial's states.
  private static func edgeProblem(_ id: TrialID, from before: TrialStatus?, to after: TrialStatus) -> String? {
    guard before != after else { return nil }
    let isAllowed =
      switch (before, after) {
      case (nil, .pending(.created)): true
      case (.pending, .active(.assigned)), (.pending, .stopped), (.pending, .pending): true
      case (.active(.assigned), .active(.running)), (.active(.assigned), .active(.held)): true
      case (.active(.running), .active(.held)), (.active(.held), .active(.running)): true
      case (.active, .pending), (.active, .paused), (.active, .completed), (.active, .stopped), (.active, .failed): true
      case (.paused, .pending), (.paused, .stopped): true
      default: false
      }
    return isAllowed ? nil : "trial \(id) goes from \(before?.word ?? "nothing") to \(after.word)"
  }

  // MARK: Effects

  /// Whether a message follows from what is committed.
  func check(_ message: CoordinatorMessage) -> String? {
    switch message {
    case .acknowledgeReports(let name, let through):
      guard let trial = shadow[name.trial], let attempt = trial.attempt else {
        return "\(name) is acknowledged and unknown"
      }
      if attempt < name.attempt || attempt == name.attempt && trial.lastSequence < through && trial.isActive {
        return "reports of \(name) up to \(through) are acknowledged, and are not in the journal"
      }
    case .acknowledgeEnd(let name):
      if let trial = shadow[name.trial], trial.attempt == name.attempt, trial.isActive {
        return "the end of \(name) is acknowledged, and is not in the journal"
      }
    case .start(let start):
      if shadow[start.attempt.trial]?.attempt.map({ $0 < start.attempt.attempt }) ?? true {
        return "\(start.attempt) is started, and is not in the journal"
      }
    case .proceed(let name, let milestone):
      guard let trial = shadow[name.trial], trial.attempt == name.attempt else { return nil }
      if trial.milestone < milestone {
        return "\(name) is told to go on to \(milestone), and that is not in the journal"
      }
    default: break
    }
    return nil
  }

  // MARK: The end

  /// What is wrong when all is over.
  func finalProblem(_ hosts: [FaultHost], _ vault: [TrialID: [Int: Int]]) -> String? {
    for trial in shadow.trials {
      switch trial.status {
      case .completed, .stopped, .failed, .paused: break
      // Nobody has resumed it, or the word did not come through.
      case .pending where trial.isPausedByOperator: break
      case .pending:
        // The end of the run has kept it from going on.
        if !isEndedEarly { return "trial \(trial.id) is \(trial.status.word) at the end" }
      case .active:
        // Its host was out of reach when the run ended, and is not known to be lost.
        guard let agent = trial.slot.flatMap({ shadow[$0.agent] }), agent.reachability == .unreachable else {
          return "trial \(trial.id) is \(trial.status.word) at the end"
        }
      }
      if let newest = trial.seals.last, !isThere(newest, of: trial.id, hosts, vault) {
        return "the newest checkpoint of trial \(trial.id) is at none of the places that are believed to have it"
      }
    }
    return logProblem(hosts)
  }

  /// Whether the run was ended, and did not come to its end.
  private var isEndedEarly: Bool {
    guard let end = shadow.end else { return true }
    switch end.reason {
    case .trialsStarted: return shadow.specification.stop.atLimit == .now
    case .spaceExhausted, .schedulerFinished: return false
    default: return true
    }
  }

  func isThere(
    _ seal: TrialState.SealedCheckpoint, of trial: TrialID, _ hosts: [FaultHost], _ vault: [TrialID: [Int: Int]]
  ) -> Bool {
    seal.holders.contains { holder in
      switch holder {
      case .place(let place):
        hosts.contains { $0.place == place.name && $0.disk.seals[trial]?[seal.seal.generation] != nil }
      case .coordinator: vault[trial]?[seal.seal.generation] != nil
      case .store: false
      }
    }
  }

  /// Each report that a trial printed is in the journal once, unless its attempt was given up.
  private func logProblem(_ hosts: [FaultHost]) -> String? {
    var kept: [TrialAttempt: Int] = [:]
    var givenUp: Set<TrialAttempt> = []
    for stamped in facts {
      switch stamped.fact {
      case .reportReceived(let report): kept[report.attempt, default: 0] += 1
      case .attemptEnded(let attempt, let end, _):
        if end.cause == .leaseExpired || end.cause == .hostFault { givenUp.insert(attempt) }
      case .attemptRefused(let attempt, _, _): givenUp.insert(attempt)
      default: break
      }
    }
    for host in hosts {
      for (name, record) in host.disk.attempts.sorted(by: { $0.key < $1.key })
      where !givenUp.contains(name) && !record.isCopy {
        let count = kept[name] ?? 0
        // An attempt that the end of the run has left alone on a host that was away.
        if shadow[name.trial]?.attempt == name.attempt, shadow[name.trial]?.isActive == true { continue }
        if count != record.log.count {
          return "\(name) printed \(record.log.count) reports, and the journal has \(count) of them"
        }
      }
    }
    return nil
  }
}
