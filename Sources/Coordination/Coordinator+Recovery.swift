import TuningModel
import Wire

/// What people are told of recoveries that no fact tells: nothing follows from it.
extension Coordinator {
  /// The agents that ran under the coordinator before this one come back.
  struct Resumption: Equatable, Sendable {
    /// Those that are awaited still.
    var awaited: Set<AgentID>
    let agents: Int
    let trials: Int
    let until: Instant
    var found = 0
    var lateReports = 0
  }

  /// After so many heartbeats it is told which agents are there; those that come later are told of each.
  static let reunionHeartbeats = 12
  /// Late and repeated messages are counted, and told so often at most.
  static let countersPause = Duration.seconds(600)
  /// Attempts that came back after they were given up, of which each is told.
  static let mostToldStale = 1_000

  /// Whether the agent's coming back is told by the summary of the resumption.
  public static func isToldBySummary(_ afterResume: Duration, heartbeat: Duration) -> Bool {
    afterResume <= heartbeat * reunionHeartbeats
  }

  mutating func beginResumption(_ turn: inout Turn) {
    let awaited = state.agents.filter { $0.history.awaitedSince != nil }.map(\.id)
    guard !awaited.isEmpty else { return }
    resumption = Resumption(
      awaited: Set(awaited), agents: awaited.count, trials: state.activeTrials.count,
      until: turn.now + state.specification.cluster.heartbeat * Self.reunionHeartbeats)
  }

  /// An awaited agent said hello, with what runs there.
  mutating func noteReunion(_ id: AgentID, _ inventory: [AttemptInventory], _ turn: inout Turn) {
    guard resumption?.awaited.remove(id) != nil else { return }
    // An agent may name anything, and anything twice: an attempt counts once, and no sum overflows.
    var seen: Set<TrialAttempt> = []
    for item in inventory where isCurrent(item.attempt, on: id) && seen.insert(item.attempt).inserted {
      resumption?.found += 1
      let late = max(0, item.lastSequence - (state[item.attempt.trial]?.lastSequence ?? 0))
      let (sum, isTooLarge) = (resumption?.lateReports ?? 0).addingReportingOverflow(late)
      resumption?.lateReports = isTooLarge ? .max : sum
    }
    finishResumption(&turn)
  }

  /// Tells what came of the resumption, once all are there or the time is over.
  mutating func finishResumption(_ turn: inout Turn) {
    guard let resumption else { return }
    // One that was given up, or is gone, is not awaited any more.
    let awaited = resumption.awaited.filter { state[$0].map { $0.reachability != .lost } ?? false }.sorted()
    guard awaited.isEmpty || turn.now >= resumption.until else { return }
    self.resumption = nil
    let back = resumption.agents - resumption.awaited.count
    var text =
      "after the resume \(back) of \(resumption.agents) agents are back, with \(resumption.found) of "
      + "\(resumption.trials) trials under way; \(resumption.lateReports) reports come late"
    if !awaited.isEmpty {
      let names = awaited.prefix(8).compactMap { state[$0]?.name }.joined(separator: ", ")
      let more = awaited.count > 8 ? " and \(awaited.count - 8) more" : ""
      text += "; awaited still: \(names)\(more)"
    }
    turn.effects.append(.note(text))
  }

  /// An agent came with something that runs and is over for this run.
  mutating func noteStaleAttempt(_ item: AttemptInventory, on id: AgentID, _ turn: inout Turn) {
    if case .ended = item.phase { return }
    // One that claims ever more of them fills neither the log nor the memory.
    guard toldStale.count < Self.mostToldStale, toldStale.insert(item.attempt).inserted else { return }
    let name = state[id]?.name ?? ""
    let now: String
    if let current = state[item.attempt.trial]?.attempt, current > item.attempt.attempt {
      now = "the trial has gone on as attempt \(current)"
    } else {
      now = "the trial is \(state[item.attempt.trial]?.status.word ?? "not of this run")"
    }
    turn.effects.append(
      .note(
        "agent \(id) (\(name)) came with attempt \(item.attempt.attempt) of trial "
          + "\(item.attempt.trial), which was given up: it is ended there; \(now)"))
  }

  /// This process did not run, or the time of day was set.
  mutating func noteOwnAbsence(_ absence: Duration, at now: Moment, _ turn: inout Turn) {
    if absence > state.specification.cluster.heartbeat * 6 {
      turn.effects.append(
        .note(
          "this coordinator did not run for \(Self.text(absence)) (it was stopped, or its machine slept): silence in that "
            + "time counts against no agent"))
    }
    if let last = lastMoment {
      let jump = (now.wall - last.wall) - (now.monotonic - last.monotonic)
      let length = jump < .zero ? .zero - jump : jump
      if length > .seconds(60) {
        turn.effects.append(
          .note(
            "the time of day was set \(jump < .zero ? "back" : "forth") by \(Self.text(length)): the times of lines jump "
              + "with it, nothing else does"))
      }
    }
    lastMoment = now
  }

  /// `58 min`, `23 h 59 min`.
  private static func text(_ length: Duration) -> String {
    let seconds = Int(length.inSeconds.rounded())
    if seconds < 120 { return "\(seconds) s" }
    return seconds < 7200 ? "\(seconds / 60) min" : "\(seconds / 3600) h \(seconds % 3600 / 60) min"
  }

  /// Tells of messages that changed nothing: the first time at once, then once in a while.
  mutating func tellCounters(_ turn: inout Turn) {
    guard counters.late != toldCounters.late, turn.now >= countersDue else { return }
    let new = counters.late - toldCounters.late
    toldCounters = counters
    countersDue = turn.now + Self.countersPause
    turn.effects.append(
      .note(
        "\(new) messages came twice or too late: they were counted and changed nothing (in all \(counters.duplicateReports) "
          + "reports came twice, \(counters.staleMessages) messages were of attempts that are over)"))
  }
}

extension Coordinator.Counters {
  /// Reports and messages that changed nothing.
  var late: Int { staleMessages + duplicateReports }
}
