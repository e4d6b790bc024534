import Coordination
import Scheduling
import TuningModel
import Wire

extension Presentation {
  /// What a fact has to say to somebody who watches, if anything. `state` is the run's state after the fact.
  public static func lines(for stamped: StampedFact, in state: RunState) -> [String] {
    text(for: stamped, in: state).map { "\(clock(stamped.stamp.wall))  \($0)" }
  }

  static func text(for stamped: StampedFact, in state: RunState) -> [String] {
    switch stamped.fact {
    case .runStarted(let start): [opening(start, state)]
    case .runResumed: [resumed(state)]
    case .runDraining(let reason, let promotes): [draining(reason, promotes: promotes, state)]
    case .runClosing(let end, let suspends): [closing(end, suspends: suspends, state)]
    case .runSuspended: [suspended(state)]
    case .trainingBegan(let training): [began(training, state)]
    case .runFinished(let end): [finished(state, end.reason)]
    case .runExtended: ["the run is extended: it takes new trials again"]
    case .agentAdmitted(let admission):
      admission.origin == .joined ? ["agent \(admission.agent) (\(printable(admission.name))) was admitted"] : []
    case .agentGreeted(let greeting): greeted(greeting, state)
    case .agentPrepared(let agent, let failure): prepared(agent, failure, state)
    case .agentReachability(let agent, let reachability): reached(agent, reachability, state)
    case .attemptAssigned(let assignment): [assigned(assignment, state)] + moves(assignment, state)
    case .attemptProceeded(let attempt, let milestone):
      ["trial \(attempt.trial) goes on in place to \(resource(milestone, state))"]
    case .attemptRefused(let attempt, let refusal, let consequence):
      [
        "trial \(attempt.trial) was not started: \(detail(refusal))\(restart(attempt.trial, consequence, state))"
      ]
    case .attemptStarted(let attempt, _): started(attempt, at: stamped.stamp, state)
    case .reportReceived(let report): reported(report, state)
    case .attemptEnded(let attempt, let end, let consequence): ended(attempt, end, consequence, state)
    case .trialStopped(let trial): ["trial \(trial) was stopped"] + dropped(trial, state)
    case .agentSlots(let agent, _): slots(agent, at: stamped.stamp, state)
    case .hostAdded(let host): ["host \(printable(host.name)) joins the run"]
    case .hostMarked(let name, let mark): [marked(name, mark, state)] + idleness(state)
    case .specificationChanged: ["the changed cluster file counts from here on"]
    case .scheduling(let decision): decided(decision, state)
    case .operatorCommand(let command): ["operator: \(word(command))"]
    case .trialCreated(let creation) where creation.origin == .operator:
      ["operator: trial \(creation.trial) is enqueued, \(configuration(creation.configuration))"]
    case .addressChosen, .joinTokenIssued, .joinTokenUsed, .trialCreated, .withheldReportSettled,
      .attemptHeld, .attemptOrdered, .checkpointsDropped, .checkpointCopied, .checkpointsDeleted:
      []
    }
  }

  private static func suspended(_ state: RunState) -> String {
    let left = state.trials.filter(\.isActive)
    let hosts = Set(left.compactMap { $0.slot?.agent }).sorted().map { host($0, state) }
    let sealed =
      left.isEmpty
      ? "all trials are paused and sealed"
      : "\(names(left.map(\.id))) may go on, since nobody answers on \(hosts.joined(separator: ", ")); all others are "
        + "paused and sealed"
    return "\(sealed); `pasha-coord resume \(state.start?.run ?? "")` goes on"
  }

  private static func opening(_ start: RunStart, _ state: RunState) -> String {
    let specification = state.specification
    let scheduler = specification.scheduler
    let goal = specification.experiment.mode == .max ? "maximise" : "minimise"
    let name =
      specification.program.map { printable($0.command.joined(separator: " ")) } ?? scheduler.name.rawValue.uppercased()
    var parts = [
      "\(name): \(goal) \(printable(specification.experiment.metric))",
      "\(printable(specification.experiment.resourceAttribute)) up to \(scheduler.maxResource)",
    ]
    if let limit = specification.stop.maxTrialsStarted { parts.append(count(limit, "trial")) }
    if let limit = specification.stop.maxWallclockTime { parts.append("at most \(duration(limit))") }
    if let count = specification.stop.trainBest {
      parts.append(count == 1 ? "then the best one is trained" : "then the best \(count) are trained")
    }
    return "run \(start.run) — " + parts.joined(separator: ", ")
  }

  private static func resumed(_ state: RunState) -> String {
    let facts = "\(state.start?.run ?? "") goes on: \(count(state.factCount - 1, "fact")) replayed"
    let awaited = state.agents.filter { $0.history.awaitedSince != nil }
    guard !awaited.isEmpty else { return facts }
    let trials = awaited.flatMap { $0.slots.compactMap { $0 } }.count
    return
      "\(facts); \(count(awaited.count, "agent")) with \(count(trials, "trial")) under way \(awaited.count == 1 ? "is" : "are") awaited"
  }

  /// The host of an agent, as the cluster file names it.
  static func host(_ agent: AgentID, _ state: RunState) -> String { printable(state[agent]?.name ?? "agent \(agent)") }

  static func holder(_ holder: CheckpointHolder, _ state: RunState) -> String {
    switch holder {
    case .agent(let agent): host(agent, state)
    case .coordinator: "the coordinator"
    case .store: "the store"
    }
  }

  private static func marked(_ name: String, _ mark: HostMark, _ state: RunState) -> String {
    let name = printable(name)
    switch mark {
    case .inUse: return "host \(name) is in use again"
    case .draining: return "host \(name) is drained: it gets no new work, its trials go on to their milestones"
    case .leaving: return "host \(name) leaves: its trials are paused, its checkpoints brought here"
    case .removed: return "host \(name) has left the run"
    }
  }

  /// Nobody takes trials any more: a run that says nothing of that looks as if it hung.
  private static func idleness(_ state: RunState) -> [String] {
    let names = state.hosts.map(\.name) + state.agents.filter { $0.origin == .joined }.map(\.name)
    guard state.end == nil, state.closing == nil, !names.contains(where: { state.mark(of: $0) == .inUse }) else {
      return []
    }
    return ["no host takes new trials: `pasha-coord hosts add` brings one in, `pasha-coord stop` ends the run"]
  }

  private static func reported(_ report: ReceivedReport, _ state: RunState) -> [String] {
    guard let trial = state[report.attempt.trial] else { return [] }
    if let setback = trial.setback, setback.attempt == report.attempt, setback.sequence == report.sequence,
      let began = report.resource
    {
      return [
        "trial \(trial.id) went on at \(Presentation.resource(began, state)) from a checkpoint taken for "
          + "\(Presentation.resource(setback.covered, state)): that one was damaged and an older one is used, or the script "
          + "did not read it, or saves less often than it reports"
      ] + value(report, trial, state)
    }
    return value(report, trial, state)
  }

  private static func value(_ report: ReceivedReport, _ trial: TrialState, _ state: RunState) -> [String] {
    if case .rejected(let why) = report.disposition {
      // The first of each trial is worth a line; the count stands in the tables.
      guard trial.rejectedReports == 1 else { return [] }
      let text = JSONValue.object(report.fields).jsonText(.compact)
      return ["trial \(trial.id): unusable report, \(explanation(why, state)): \(printable(String(text.prefix(160))))"]
    }
    guard let resource = report.resource, let value = report.value, report.disposition == .ranked else { return [] }
    let isBest = state.totals.bestTrial == trial.id && trial.best?.resource == resource && trial.best?.value == value
    guard trial.reachedMilestone || isBest else { return [] }
    let best = isBest ? "  best so far" : ""
    return [
      "trial \(trial.id) at \(Presentation.resource(resource, state)): "
        + "\(printable(state.specification.experiment.metric)) \(number(value))\(best)"
    ]
  }

  private static func explanation(_ why: ReportDisposition.RejectionReason, _ state: RunState) -> String {
    let experiment = state.specification.experiment
    let metric = printable(experiment.metric)
    let resource = printable(experiment.resourceAttribute)
    switch why {
    case .metricMissing: return "\(metric) is missing"
    case .metricNotANumber: return "\(metric) is not a number"
    case .resourceMissing: return "\(resource) is missing"
    case .resourceNotWhole: return "\(resource) is not a whole number"
    case .resourceBelowOne: return "\(resource) is below 1"
    }
  }

  private static func ended(
    _ attempt: TrialAttempt, _ end: AttemptEnd, _ consequence: EndConsequence, _ state: RunState
  ) -> [String] {
    let trial = attempt.trial
    switch consequence {
    case .paused: return unsealed(trial, end)
    case .pending(let reason) where reason == .restarted || end.cause == .hostFault:
      // The line of its host has told it.
      if end.cause == .leaseExpired { return [] }
      return ["trial \(trial) was lost (\(cause(end)))\(restart(trial, consequence, state))"]
    case .pending: return unsealed(trial, end)
    case .completed: return [trained(trial, state)] + unsealed(trial, end)
    case .stopped: return ["trial \(trial) was stopped"] + dropped(trial, state)
    case .failed:
      let tail = printable(end.errorTail, keepsNewlines: true)
        .split(separator: "\n", omittingEmptySubsequences: true).suffix(8).map { "    \($0)" }
      return ["trial \(trial) failed (\(cause(end)))"] + tail + dropped(trial, state)
    }
  }

  /// A checkpoint that its host could not keep: what it held is trained again if the trial is promoted.
  private static func unsealed(_ trial: TrialID, _ end: AttemptEnd) -> [String] {
    unsealed(end).map { ["trial \(trial): its checkpoint is not sealed: \($0)"] } ?? []
  }

  /// Why a checkpoint was not sealed, if it was to be.
  static func unsealed(_ end: AttemptEnd) -> String? {
    guard end.seal == nil, let line = end.errorTail.split(separator: "\n").last(where: { $0.hasPrefix(unsealedMark) })
    else { return nil }
    return printable(String(line.dropFirst(unsealedMark.count)))
  }

  private static let unsealedMark = "pasha: the checkpoint is not sealed: "

  /// Why an attempt was not started. Agents name attempts as `9#1`.
  static func detail(_ refusal: StartRefusal) -> String {
    printable(refusal.detail).replacing(/\b([0-9]+)#([0-9]+)\b/) { "attempt \($0.output.2) of trial \($0.output.1)" }
  }

  /// The last line of what an attempt left to say, ours before its own and without the mark.
  static func lastWords(_ tail: String) -> String? {
    let mark = "pasha: "
    let lines = tail.split(separator: "\n")
    let ours = lines.filter { $0.hasPrefix(mark) }
    // That a checkpoint is not sealed follows from what went wrong before.
    let line = ours.last { !$0.hasPrefix(unsealedMark) } ?? ours.last ?? lines.last
    return line.map { printable(String($0.hasPrefix(mark) ? $0.dropFirst(mark.count) : $0)) }
  }

  static let told = "as it was told to"

  static func cause(_ end: AttemptEnd) -> String {
    switch end.cause {
    // Those whom it was sent for need not know how a process is told; one that had to be killed has lost what it had not
    // written yet.
    case .paused, .stopped:
      if let signal = end.signal { return signal == 15 ? told : "\(told), by signal \(signal)" }
    case .hostFault: break
    default:
      if let signal = end.signal { return "signal \(signal)" }
    }
    switch end.cause {
    case .failed: return end.exitStatus.map { "exit status \($0)" } ?? "it could not be started"
    case .outOfMemory: return "out of memory"
    case .leaseExpired: return "its host is lost"
    case .hostFault: return lastWords(end.errorTail) ?? "its processes were lost"
    case .quotaExceeded: return "its checkpoint is over the quota"
    case .exited, .paused, .stopped: return end.exitStatus.map { "exit status \($0)" } ?? "it ended"
    }
  }

  private static func decided(_ decision: SchedulingDecision, _ state: RunState) -> [String] {
    switch decision {
    case .promotion(let p): return ["trial \(p.trial) is promoted from \(p.fromLevel) to \(p.milestone): \(reason(p))"]
    case .maximumRaised(let raise): return [rise(raise)]
    case .epsilonMeasured: return []
    case .stop(let stop): return ["trial \(stop.trial) is stopped at \(resource(stop.level, state)): \(reason(stop))"]
    case .thresholdSet(let change):
      return ["trial \(change.trial) sets the threshold at \(resource(change.level, state)): \(number(change.value))"]
    }
  }

  /// Why PASHA's maximum rose, in short.
  private static func rise(_ raise: MaximumRaise) -> String {
    "the maximum rises from \(raise.from) to \(raise.to): trial \(raise.trial) took place \(raise.position + 1) at "
      + "\(raise.topLevel), where trial \(raise.holder) stood at \(raise.previousLevel)"
  }

  /// Why a trial was promoted: `0.41 is rank 2 of 9, cut-off 0.43`.
  private static func reason(_ p: Promotion) -> String {
    let place = "\(number(p.value)) is rank \(p.rank + 1) of \(p.rungSize)"
    switch p.rule {
    case .quantile: return "\(place), cut-off \(number(p.cutOff))"
    case .cost(let spent, let share): return "\(place); down to it the rung cost \(number(spent)) of \(number(share))"
    case .share(let count): return "\(place), and the best \(count) go on"
    case .external: return "the scheduler's program says so"
    }
  }

  /// Why a trial was stopped: `0.41 is rank 7 of 9, cut-off 0.38`.
  private static func reason(_ stop: StopDecision) -> String {
    let place = "\(number(stop.value)) is rank \(stop.rank + 1) of \(stop.count)"
    switch stop.rule {
    case .quantile: return "\(place), cut-off \(number(stop.bound))"
    case .threshold: return "\(number(stop.value)) is worse than the threshold \(number(stop.bound))"
    case .external: return "the scheduler's program says so"
    case .median: return "\(place) (their means, or values), more than \(number(stop.bound * 100)) % before it"
    case .percentile: return "\(place), and the best \(number(stop.bound * 100)) %, rounded up, go on"
    }
  }

  /// Why the run takes no trial from an operator.
  public static func refusalOfTrials(_ state: RunState) -> String {
    if state.specification.scheduler.name == .external { return "the scheduler's program names the trials of this run" }
    if let end = state.end {
      return "the run is over: \(reason(end.reason, state)); `pasha-coord extend` lets it go on"
    }
    if let drain = state.drain {
      return "the run takes no new trials: \(reason(drain.reason, state)); `pasha-coord extend` lets it take more"
    }
    if state.training != nil { return "the search is over, and its best trials are being trained" }
    if let closing = state.closing { return closing.suspends ? "the run is being paused" : "the run is ending" }
    return
      "all \(state.trials.count) trials of max_num_trials_started are started; `pasha-coord extend` lets it take more"
  }

  static func word(_ command: OperatorCommand) -> String {
    switch command {
    case .pauseRun: "pause"
    case .stopRun: "stop"
    case .stopTrial(let trial): "stop trial \(trial)"
    case .pauseTrial(let trial): "pause trial \(trial)"
    case .resumeTrial(let trial): "resume trial \(trial)"
    }
  }

  /// `epoch 9`.
  public static func resource(_ value: Int, _ state: RunState) -> String {
    "\(printable(state.specification.experiment.resourceAttribute)) \(value)"
  }

  private static func draining(_ reason: RunEnd.Reason, promotes: Bool, _ state: RunState) -> String {
    let rest =
      state.specification.scheduler.isStopping
      ? "those that run go on" : promotes ? "promotions go on" : "running trials go to their milestones"
    return self.reason(reason, state) + "; " + rest
  }

  private static func closing(_ end: RunEnd, suspends: Bool, _ state: RunState) -> String {
    let active = state.activeTrials.count
    let what =
      active == 0
      ? "" : ": pausing \(count(active, "trial")) and sealing \(active == 1 ? "its checkpoint" : "their checkpoints")"
    let why = end.reason == .schedulerFailed ? " (\(reason(end.reason, state)))" : ""
    return (suspends ? "pausing the run\(why)" : "ending the run (\(reason(end.reason, state)))") + what
  }

  /// Why a run ended, in words.
  public static func reason(_ reason: RunEnd.Reason, _ state: RunState) -> String {
    switch reason {
    case .trialsStarted:
      state.trials.count == 1 ? "its one trial was started" : "all \(state.trials.count) trials were started"
    case .trialsCompleted: "\(count(state.totals.completed, "trial")) completed"
    case .trialsFinished: "enough trials finished"
    case .evaluations: count(state.totals.reports, "report") + (state.totals.reports == 1 ? " was made" : " were made")
    case .wallclockTime: "the time is up"
    case .cost: "the cost is spent"
    case .metricValue: "the metric is good enough"
    case .spaceExhausted: "every configuration was tried"
    case .tooManyFailures: "too many trials failed"
    case .noUsableHost: "no host can run the trials"
    case .stoppedByOperator: "stopped by an operator"
    case .pausedByOperator: "paused by an operator"
    case .schedulerFinished: "the scheduler's program has nothing more to start"
    case .schedulerFailed: "the scheduler's program failed"
    }
  }
}
