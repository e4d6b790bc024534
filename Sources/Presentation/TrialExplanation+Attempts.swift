import Coordination
import Scheduling
import TuningModel
import Wire

/// Starts, stops and ends of a trial's attempts, its checkpoints and its hosts.
extension TrialExplanation {
  func assigned(_ assignment: AttemptAssignment, _ before: Before, at stamp: Stamp) -> String {
    let goal = "slot \(assignment.slot) on \(host(assignment.slot.agent)), to \(resource(assignment.milestone))"
    let why =
      switch assignment.reason {
      case .created: "it is new"
      case .promoted: "it was promoted"
      case .restarted: wasRefused ? "the attempt before was refused" : "the attempt before was lost"
      case .resumed: "it goes on where it was interrupted"
      case .training: "it is one of the best, and trained further"
      }
    let waited = waitingSince.map { stamp.active - $0 }.flatMap { wait in
      wait >= .seconds(1) ? ", after \(Presentation.duration(wait)) of waiting for a slot" : nil
    }
    return "attempt \(assignment.attempt.attempt) is given \(goal), as \(why)\(waited ?? ""); "
      + place(assignment, before.trial)
  }

  /// Why there: what became of its checkpoint.
  private func place(_ assignment: AttemptAssignment, _ trial: TrialState?) -> String {
    guard let newest = trial?.seals.last else {
      return (trial?.attempt == nil ? "" : "it has no checkpoint and begins again; ") + "any free slot would do"
    }
    guard let generation = assignment.resumeFrom else {
      return "its checkpoint cannot be had, so that it begins again"
    }
    let seal = trial?.seals.last { $0.seal.generation == generation }?.seal
    let covered = seal?.coveredResource.map { " of \(resource($0))" } ?? ""
    let older = generation == newest.seal.generation ? "" : " (an older one: the newest cannot be had)"
    guard let source = assignment.source else { return "its checkpoint\(covered) is there\(older)" }
    let size = seal.map { ", \(Presentation.bytes($0.bytes))" } ?? ""
    let home = Presentation.holder(source, state)
    return "its checkpoint\(covered) comes from \(home)\(size)\(older), where no slot was free for it"
  }

  func refused(
    _ attempt: TrialAttempt, _ refusal: StartRefusal, _ consequence: EndConsequence, _ before: Before
  ) -> String {
    let place = before.trial?.slot.map { host($0.agent) } ?? "its host"
    return "\(place) did not start attempt \(attempt.attempt): \(Presentation.detail(refusal)); "
      + outcome(consequence)
  }

  func held(at reached: Int) -> String? {
    guard own?.reachedMilestone == true else { return nil }
    return "held at \(resource(reached)): its process waits for what is decided"
  }

  func ordered(_ order: AttemptOrder, _ reason: OrderReason) -> String {
    let what =
      switch order {
      case .pause: "is paused"
      case .stop: "is stopped"
      case .complete: "is to end by itself"
      }
    return "\(what): \(cause(reason))"
  }

  private func cause(_ reason: OrderReason) -> String {
    switch reason {
    case .milestone:
      guard let first = state.waiting.first(where: { $0 != trial }) else {
        return "it is not promoted now, and its slot has other work"
      }
      return "it is not promoted now, and trial \(first) waits for a slot"
    case .nothingToPromote: return "no trial is promoted any more"
    case .maximumResource: return "it is trained up to the maximum resource"
    case .runEnds: return "the run ends, or is paused"
    case .operatorAsked: return "an operator asked for it"
    case .agentLost: return "its host is lost"
    case .hostLeaves: return "its host takes no more trials"
    case .searchEnds: return "the search is over, and others are trained"
    case .schedulerDecided: return "the scheduler has stopped it"
    }
  }

  func ended(_ attempt: TrialAttempt, _ end: AttemptEnd, _ consequence: EndConsequence, _ before: Before) -> String {
    let place = before.trial?.slot.map { host($0.agent) } ?? "its host"
    var text = "attempt \(attempt.attempt) ended (\(Presentation.cause(end)))"
    if let seal = end.seal {
      let covered = seal.coveredResource.map { " of \(resource($0))" } ?? ""
      text += ", its checkpoint\(covered) is sealed on \(place) (\(Presentation.bytes(seal.bytes)))"
    } else if let why = Presentation.unsealed(end) {
      text += ", its checkpoint is not sealed on \(place): \(why)"
    }
    return text + "; " + outcome(consequence)
  }

  private func outcome(_ consequence: EndConsequence) -> String {
    switch consequence {
    case .paused: return "it is paused"
    case .pending(.restarted):
      let limit = state.specification.failures.maxRestarts
      return "it starts again (restart \(own?.restarts ?? 0), \(limit) at most)"
    case .pending(.resumed): return "it goes on when there is a slot again"
    case .pending: return "it waits for a slot"
    case .completed: return "it is completed"
    case .stopped: return "it is stopped"
    case .failed(let kind): return "it failed: \(failure(kind))"
    }
  }

  func failure(_ kind: FailureKind) -> String {
    let tail =
      Presentation.printable(own?.failureMessage ?? "", keepsNewlines: true)
      .split(separator: "\n", omittingEmptySubsequences: true).last.map { " (\($0))" } ?? ""
    switch kind {
    case .code: return "an error in its code\(tail)"
    case .noReport: return "it made no usable report\(tail)"
    case .outOfMemory: return "out of memory, which does not count against max_failures"
    case .host: return "its hosts failed it too often, which does not count against max_failures"
    case .quota: return "its checkpoint is larger than checkpoints.quota"
    }
  }

  // MARK: Checkpoints and hosts

  func copied(_ generation: Int, _ holder: CheckpointHolder) -> String {
    let seal = own?.seals.last { $0.seal.generation == generation }?.seal
    let covered = seal?.coveredResource.map { " of \(resource($0))" } ?? ""
    return "its checkpoint\(covered) is with \(Presentation.holder(holder, state)) now"
  }

  func dropped(_ kept: [Int], _ before: Before) -> String? {
    let gone = before.trial?.seals.filter { !kept.contains($0.seal.generation) } ?? []
    guard !gone.isEmpty else { return nil }
    // After its end nothing of a run gives up a checkpoint by itself.
    if state.end != nil {
      return "its checkpoint is removed: somebody cleaned up after the run with `pasha-coord clean`"
    }
    let why =
      state.specification.checkpoints.keepBest != nil && (own?.status.isFinal == true || state.closing != nil)
      ? "checkpoints.keep_best is \(state.specification.checkpoints.keepBest ?? 0), and others are better"
      : "it is not where it was sealed"
    return "its checkpoint is given up: \(why)"
  }

  func reached(_ agent: AgentID, _ reachability: Reachability) -> String {
    switch reachability {
    case .reachable: return "\(host(agent)) answers again"
    case .suspect: return "\(host(agent)), where it runs, is silent"
    case .unreachable:
      let limit = Presentation.duration(state.specification.cluster.lostAfter)
      return "\(host(agent)), where it runs, is unreachable; it may go on there for \(limit)"
    case .lost: return "\(host(agent)), where it ran, is lost"
    }
  }

  func marked(_ name: String, _ mark: HostMark) -> String {
    let name = Presentation.printable(name)
    switch mark {
    case .inUse: return "\(name), where it runs, is in use again"
    case .draining: return "\(name), where it runs, is drained: it goes on to its milestone there"
    case .leaving: return "\(name), where it runs, leaves the run"
    case .removed: return "\(name), where it ran, has left the run"
    }
  }
}
