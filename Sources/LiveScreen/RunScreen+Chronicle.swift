import Chronicle
import Coordination
import Presentation
import Scheduling
import SearchSpace
import TuningModel

extension RunScreen {
  /// What only a running coordinator, or whoever follows it, knows.
  public struct Surroundings: Sendable {
    public var presence: CoordinatorPresence
    /// The moment that is shown.
    public var now: Stamp
    /// What the coordinator says of its hosts, by name: state, reason and what comes next.
    public var hosts: [String: (state: String, reason: String, next: String)] = [:]
    /// What was said beside the facts, with its time.
    public var notes: [(time: Timestamp, text: String)] = []
    /// A part of the journal is still to be read.
    public var isLoading = false

    public init(presence: CoordinatorPresence, now: Stamp) {
      self.presence = presence
      self.now = now
    }
  }

  static let eventLimit = 200
  static let stepLimit = 400

  /// The screen of a run as its history has it.
  /// - Parameter listsTrials: those too that are in no slot, for somebody to choose from.
  public init(_ chronicle: Chronicle, _ around: Surroundings, name: String, listsTrials: Bool = true) {
    self.listsTrials = listsTrials
    let state = chronicle.state
    let experiment = state.specification.experiment
    run = state.start?.run ?? name
    scheduler = state.specification.program == nil ? Self.title(state.specification.scheduler.name) : "own program"
    goal = "\(experiment.mode == .max ? "maximise" : "minimise") \(experiment.metric)"
    resource = experiment.resourceAttribute
    maximum = state.specification.scheduler.maxResource
    isMaximised = experiment.mode == .max
    let active = around.now.active.inSeconds
    time = Self.exact(active)
    setStatus(state, around)
    if let trial = state.result, let value = trial.best {
      best = Best(
        value: Presentation.number(value.value),
        detail: "trial \(trial.id), \(resource) \(value.resource)"
          + Self.since(chronicle.steps.last?.seconds, active),
        configuration: Self.text(of: trial.configuration, experiment.space))
    }
    steps = chronicle.bestSteps(over: { $0.seconds }, limit: Self.stepLimit).map {
      Step(seconds: $0.seconds, value: $0.value)
    }
    stepsEnd = active
    setBudget(state, active)
    setTimeLeft(chronicle, around, active)
    setTrials(state)
    setLadder(state)
    setHosts(state, around)
    setEvents(chronicle, around)
  }

  private static func text(of configuration: Configuration, _ space: ConfigurationSpace) -> String {
    let names = Set(space.domains.map(\.name))
    return Presentation.configuration(Configuration(configuration.entries.filter { names.contains($0.name) }))
  }

  static func title(_ name: SchedulerOptions.Name) -> String {
    switch name {
    case .external: "own program"
    case .pasha, .asha, .rush: name.rawValue.uppercased()
    default: name.rawValue.replacing("_", with: " ")
    }
  }

  private static func since(_ seconds: Double?, _ active: Double) -> String {
    guard let seconds, active - seconds >= 60 else { return "" }
    return ", \(brief(active - seconds)) ago"
  }

  // MARK: Status

  private mutating func setStatus(_ state: RunState, _ around: Surroundings) {
    status = Presentation.runStatus(state)
    statusRole = .good
    switch around.presence {
    case _ where around.isLoading:
      refusal = "the journal is still being read"
      reason = "reading the journal"
    case _ where state.end != nil:
      refusal = "the run is over"
    case _ where state.isSuspended:
      refusal = "the run is paused; `pasha-coord resume` goes on"
    case .none:
      (status, statusRole) = ("interrupted", .error)
      refusal = "no coordinator runs the run"
      reason = "no coordinator runs it; trials may go on; `pasha-coord resume` takes it up"
    case .silent(let pid, let isStopped):
      (status, statusRole) = (isStopped ? "stopped" : "silent", .error)
      refusal = "the coordinator does not answer"
      reason =
        isStopped
        ? "its coordinator (process \(pid)) is stopped: nothing is decided until `kill -CONT \(pid)`"
        : "its coordinator (process \(pid)) does not answer just now"
    case .running: break
    }
    guard reason.isEmpty else { return }
    if let end = state.end {
      reason = Presentation.reason(end.reason, state)
      if status == "failed" { statusRole = .error }
    } else if let closing = state.closing {
      reason = Presentation.reason(closing.end.reason, state) + "; trials are being paused and sealed"
      statusRole = .warning
    } else if let training = state.training {
      reason = "the search is over; its best \(training.trials.count) are trained"
    } else if let drain = state.drain {
      reason = Presentation.reason(drain.reason, state) + (drain.promotesStill ? "; promotions go on" : "")
    }
  }

  // MARK: Budget

  private mutating func setBudget(_ state: RunState, _ active: Double) {
    let stop = state.specification.stop
    let totals = state.totals
    func count(_ name: String, _ limit: Int?, _ used: Int) {
      guard let limit else { return }
      limits.append(
        Limit(name: name, used: "\(used)", limit: "\(limit)", share: Double(used) / Double(max(1, limit))))
    }
    count("trials", stop.maxTrialsStarted, state.trials.count)
    count("completed", stop.maxTrialsCompleted, totals.completed)
    count("finished", stop.maxTrialsFinished, totals.completed + totals.stopped + totals.failed)
    count("reports", stop.maxEvaluations, totals.reports)
    if let limit = stop.maxWallclockTime?.inSeconds {
      limits.append(
        Limit(
          name: "time", used: Self.brief(active), limit: Self.brief(limit), share: limit > 0 ? active / limit : 1))
    }
    if let limit = stop.maxCost {
      limits.append(
        Limit(
          name: "cost", used: Presentation.number(totals.cost), limit: Presentation.number(limit),
          share: limit > 0 ? totals.cost / limit : 1))
    }
    for (sign, value) in [("until at least", stop.maxMetricValue), ("until at most", stop.minMetricValue)] {
      guard let value else { continue }
      limits.append(
        Limit(
          name: "\(state.specification.experiment.metric) \(sign)", used: "", limit: Presentation.number(value),
          share: nil))
    }
    spent = "\(Presentation.amount(totals.trained, of: resource)), \(Presentation.count(totals.reports, "report"))"
  }

  private mutating func setTimeLeft(_ chronicle: Chronicle, _ around: Surroundings, _ active: Double) {
    let state = chronicle.state
    if around.isLoading || !around.presence.runs, state.end == nil, !state.isSuspended {
      left = "no estimate"
      leftBasis = around.isLoading ? "the journal is being read" : TimeLeft.Reason.unattended.text
      return
    }
    switch chronicle.timeLeft(at: active) {
    case .unknown(.over): left = "nothing"
    case .unknown(let why):
      left = "no estimate"
      leftBasis = why.text
    case .estimate(let estimate):
      let (low, middle, high) = (Self.brief(estimate.low), Self.brief(estimate.seconds), Self.brief(estimate.high))
      left = low == middle && middle == high ? middle : "about \(middle) (\(low) to \(high))"
      leftBasis = "until " + estimate.basis.text + (estimate.mayEndSooner ? ", or the metric is good enough" : "")
    }
  }

  /// `45 s`, `4 min 05 s`, `3 h 12 min`.
  static func exact(_ seconds: Double) -> String {
    let whole = Int(max(0, min(seconds, 1e12)))
    return whole < 60 ? "\(whole) s" : Presentation.duration(.seconds(whole))
  }

  /// `45 s`, `12 min`, `3 h 20 min`, `4 days 3 h`: no more exact than an estimate is.
  static func brief(_ seconds: Double) -> String {
    let whole = Int(max(0, min(seconds, 1e12)).rounded())
    if whole < 90 { return "\(whole) s" }
    let minutes = (whole + 30) / 60
    if minutes < 90 { return "\(minutes) min" }
    if minutes < 48 * 60 {
      return minutes % 60 == 0 || minutes >= 600 ? "\((minutes + 30) / 60) h" : "\(minutes / 60) h \(minutes % 60) min"
    }
    let hours = (minutes + 30) / 60
    return hours % 24 == 0 || hours >= 240 ? "\((hours + 12) / 24) days" : "\(hours / 24) days \(hours % 24) h"
  }

  // MARK: Trials

  private mutating func setTrials(_ state: RunState) {
    var tally: [String: Int] = [:]
    var byHand = 0
    for trial in state.trials {
      let isByHand = trial.isPausedByOperator && !trial.isActive && !trial.status.isFinal
      if isByHand { byHand += 1 } else { tally[trial.status.word, default: 0] += 1 }
      guard !trial.status.isFinal, listsTrials || trial.isActive || isByHand else { continue }
      trials.append(choice(trial, state, isByHand: trial.isPausedByOperator))
    }
    let words: [(String, Role)] = [
      ("running", .good), ("held", .plain), ("assigned", .plain), ("pending", .plain), ("paused", .plain),
      ("completed", .good), ("stopped", .plain), ("failed", .error),
    ]
    for (word, role) in words {
      if let count = tally[word] { counts.append(Count(word: word, count: count, role: role)) }
    }
    if byHand > 0 { counts.append(Count(word: "paused by hand", count: byHand, role: .warning)) }
    // Those in slots first, then the best.
    trials.sort { a, b in
      a.isActive != b.isActive
        ? a.isActive : a.isPausedByHand != b.isPausedByHand ? a.isPausedByHand : a.number < b.number
    }
  }

  private func choice(_ trial: TrialState, _ state: RunState, isByHand: Bool) -> Trial {
    var detail = "\(resource) \(max(trial.resource, trial.attemptResource))/\(trial.milestone)"
    if let value = trial.lastValue { detail += ", \(Presentation.number(value))" }
    if let host = trial.slot.flatMap({ state[$0.agent]?.name }) { detail += ", on \(host)" }
    return Trial(
      number: trial.id.rawValue, status: isByHand && !trial.isActive ? "paused by hand" : trial.status.word,
      detail: detail, isActive: trial.isActive, isPausedByHand: isByHand)
  }

  // MARK: Rungs

  private mutating func setLadder(_ state: RunState) {
    let ladder = state.scheduler.ladder
    guard !ladder.isEmpty else { return }
    var running = ladder.map { _ in [Int: Int]() }
    var atTop = ladder.map { _ in 0 }
    for trial in state.trials {
      let system = max(0, min(ladder.count - 1, ladder.count == 1 ? 0 : trial.bracket))
      if trial.resource >= maximum { atTop[system] += 1 }
      switch trial.status {
      case .active(.assigned), .active(.running), .pending: running[system][trial.milestone, default: 0] += 1
      default: break
      }
    }
    brackets = ladder.enumerated().map { system, view in
      let rungs = view.rungs.map { rung in
        Rung(
          level: rung.level, trials: rung.entries, promoted: rung.promoted, running: running[system][rung.level] ?? 0,
          best: state.scheduler.entries(system: system, level: rung.level).first.map { Presentation.number($0.value) })
      }
      let top = Rung(
        level: maximum, trials: atTop[system], promoted: 0, running: running[system][maximum] ?? 0, best: nil)
      return Bracket(rungs: rungs + [top], maximum: view.currentMaximum)
    }
  }

  // MARK: Hosts

  private mutating func setHosts(_ state: RunState, _ around: Surroundings) {
    let all = HostHealth.all(state, live: nil).filter { $0.word != .removed }
    let isSteered = refusal == nil && state.closing == nil
    for health in all {
      let told = around.hosts[health.host]
      var word = health.word
      var note = [health.reason, health.next].filter { !$0.isEmpty }.joined(separator: "; ")
      // What an operator wants of a host is in the journal before the coordinator is asked again.
      let isMarked = word == .draining || word == .leaving
      if !isMarked, let told, let known = HostHealth.Word.allCases.first(where: { $0.text == told.state }),
        known != .draining, known != .leaving
      {
        word = known
        note = [told.reason, told.next].filter { !$0.isEmpty }.joined(separator: "; ")
      }
      if word == .ready || state.end != nil || state.isSuspended { note = "" }
      let mark = state.mark(of: health.host)
      let agent = health.agent.flatMap { $0.reachability == .lost ? nil : $0 }
      hosts.append(
        Host(
          name: health.host, state: state.end == nil && !state.isSuspended ? word.text : "",
          role: word.isTroubled ? (word <= .cannotRun ? .error : .warning) : word == .ready ? .good : .plain,
          note: note, slots: (agent?.slots.indices ?? 0..<0).map { slot($0, agent, state) },
          canDrain: isSteered && mark == .inUse && word != .lost,
          canReturn: isSteered
            && (mark != .inUse || word == .cannotStart || word == .cannotRun || word == .lost)))
    }
    let ready = all.indices.count { hosts[$0].state == HostHealth.Word.ready.text }
    let slots = hosts.reduce(0) { $0 + $1.slots.count }
    let busy = hosts.reduce(0) { $0 + $1.slots.count { $0.trial != nil } }
    hostSummary =
      state.end == nil && !state.isSuspended
      ? "\(hosts.count), \(ready) ready; \(Presentation.count(slots, "slot")), \(busy) busy"
      : "\(hosts.count) with \(Presentation.count(slots, "slot"))"
  }

  private func slot(_ index: Int, _ agent: AgentState?, _ state: RunState) -> Slot {
    guard let agent, let trial = agent.slots[index].flatMap({ state[$0] }) else {
      return Slot(phase: agent?.unusable[index] == nil ? .idle : .unusable)
    }
    var phase = Slot.Phase.running
    if trial.order != nil {
      phase = .ending
    } else if case .active(let own) = trial.status {
      switch own {
      case .assigned: phase = trial.source != nil ? .moving : .starting
      case .running: phase = .running
      case .held: phase = .held
      }
    }
    return Slot(
      phase: phase, trial: trial.id.rawValue, resource: max(trial.attemptResource, trial.resource),
      milestone: trial.milestone, value: trial.lastValue.map(Presentation.number))
  }

  // MARK: Events

  private mutating func setEvents(_ chronicle: Chronicle, _ around: Surroundings) {
    var found: [(time: Timestamp, event: Event)] = []
    for event in chronicle.events.events(.newest, limit: Self.eventLimit) {
      let role: Role =
        switch event.severity {
        case .info: .plain
        case .notice: .strong
        case .warning: .warning
        case .error: .error
        }
      found.append(
        (event.stamp.wall, Event(clock: Presentation.clock(event.stamp.wall), text: event.text, role: role)))
    }
    for note in around.notes {
      found.append((note.time, Event(clock: Presentation.clock(note.time), text: note.text, role: .strong)))
    }
    // Of the same moment the facts come first.
    events = found.enumerated().sorted {
      ($0.element.time.microseconds, $0.offset) < ($1.element.time.microseconds, $1.offset)
    }.map(\.element.event).suffix(Self.eventLimit)
  }
}

extension CoordinatorPresence {
  fileprivate var runs: Bool { if case .running = self { true } else { false } }
}
