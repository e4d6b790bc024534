import AgentCore
import Testing
import TuningModel
import Wire

/// Random events in any order: the machine never traps and keeps its invariants.
@Suite struct AgentPropertyTests {
  @Test(arguments: 0..<150) func anySequenceOfEventsKeepsTheInvariants(seed: Int) {
    var chaos = AgentChaos(seed: UInt64(seed))
    for _ in 0..<800 { chaos.step() }
    #expect(chaos.violations == [], "seed \(seed)")
    #expect(chaos.messages > 20, "seed \(seed)")
  }
}

/// A coordinator and supervisors that do anything at any time, and a watcher of what the machine does.
private struct AgentChaos {
  var bench: AgentBench
  var random: SeededGenerator
  var violations: [String] = []
  var messages = 0

  /// Attempts whose supervisor the machine believes alive, by slot.
  private var slots: [Int: TrialAttempt] = [:]
  private var launched: [TrialID: Attempt] = [:]
  private var logs: [TrialAttempt: Log] = [:]
  private var sentThrough: [TrialAttempt: Int] = [:]
  private var live: Set<TrialAttempt> = []
  private var heartbeats: [Instant] = []

  private struct Log {
    var written = 0
    var read = 0
    var credit = 0
  }

  init(seed: UInt64) {
    random = SeededGenerator(seed: seed)
    let recovered = (0..<Int(random.nextBelow(3))).map { trial in
      RecoveredAttempt(
        attempt: name(trial, 2), slot: trial, milestone: 1, maximum: 9,
        end: trial == 1 ? AgentBench.end(last: 3) : nil, lastSequence: 3)
    }
    bench = AgentBench(slots: 3, recovered: recovered) {
      $0.reportWindow = 6
      $0.seed = seed
      // Repetitions would hide a gap.
      $0.resendAfter = .seconds(1_000_000)
    }
    for attempt in recovered {
      logs[attempt.attempt] = Log(written: 3)
      launched[attempt.attempt.trial] = attempt.attempt.attempt
      if attempt.end == nil {
        live.insert(attempt.attempt)
        slots[attempt.slot] = attempt.attempt
      }
    }
  }

  mutating func pick(_ bound: Int) -> Int { Int(random.nextBelow(UInt64(bound))) }

  private mutating func anyAttempt() -> TrialAttempt { name(pick(5), 1 + pick(4)) }

  private mutating func liveAttempt() -> TrialAttempt {
    let sorted = live.sorted()
    return sorted.isEmpty || pick(10) == 0 ? anyAttempt() : sorted[pick(sorted.count)]
  }

  mutating func step() {
    switch pick(20) {
    case 0: watch(bench.wait(.milliseconds(pick(9_000))))
    case 1, 2: watch(bench.on(.timer))
    case 3: watch(bench.on(.connected))
    case 4: if pick(8) == 0 { watch(bench.on(.disconnected([.broken, .refused, .wrongPeer][pick(3)]))) }
    case 5: welcome()
    case 6: watch(bench.on(.prepared(Preparation(codeHash: "c0de", failure: pick(6) == 0 ? "no" : nil))))
    case 7, 8, 9:
      watch(
        bench.hear(
          .start(AgentBench.start(anyAttempt(), slot: pick(4), milestone: 1 + pick(9), resumeFrom: nil))))
    case 10: order()
    case 11: if pick(4) == 0 { watch(bench.hear(.sayHello)) }
    case 12: supervisorSpeaks()
    case 13: supervisorEnds()
    case 14, 15, 16: logGrows()
    case 17: acknowledge()
    case 18: watch(bench.hear(.heartbeatEcho(sentAt: heartbeats.isEmpty ? .zero : heartbeats[pick(heartbeats.count)])))
    default:
      let attempt = liveAttempt()
      if live.contains(attempt), pick(3) == 0 {
        watch(bench.on(.launchFailed(attempt, StartRefusal(code: .hostFault, detail: "no"))))
        if !bench.machine.liveAttempts.contains(attempt) {
          live.remove(attempt)
          slots = slots.filter { $0.value != attempt }
        }
      }
    }
    if bench.machine.liveAttempts.count > 3 { violations.append("more live attempts than slots") }
  }

  private mutating func welcome() {
    let verdicts = logs.keys.sorted().compactMap { attempt -> Verdict? in
      switch pick(8) {
      case 0: nil
      case 1: Verdict(attempt: attempt, action: .end)
      default: Verdict(attempt: attempt, action: .keep(afterSequence: pick((sentThrough[attempt] ?? 0) + 2)))
      }
    }
    if pick(3) > 0 { watch(bench.on(.connected)) }
    let wasWelcomed = bench.machine.isWelcomed
    let actions = bench.hear(AgentBench.welcome(lease: .seconds(100), verdicts: verdicts))
    if !wasWelcomed, bench.machine.isWelcomed {
      for verdict in verdicts {
        if case .keep(let sequence) = verdict.action { sentThrough[verdict.attempt] = sequence }
      }
      // Without a verdict it goes on after what was acknowledged; any place before is right.
      for attempt in logs.keys where !verdicts.contains(where: { $0.attempt == attempt }) {
        sentThrough[attempt] = nil
      }
    }
    watch(actions)
  }

  private mutating func order() {
    let attempt = liveAttempt()
    switch pick(12) {
    case 0, 1: watch(bench.hear(.pause(attempt)))
    case 2: watch(bench.hear(.stop(attempt)))
    case 3, 4: watch(bench.hear(.complete(attempt)))
    case 5: watch(bench.hear(.deleteCheckpoints(attempt.trial, keeping: [1])))
    case 6: watch(bench.hear(.acknowledgeEnd(attempt)))
    default: watch(bench.hear(.proceed(attempt, milestone: pick(12))))
    }
  }

  private mutating func supervisorSpeaks() {
    let attempt = liveAttempt()
    switch pick(3) {
    case 0: watch(bench.on(.supervisor(attempt, .held(resource: pick(9), milestone: pick(9)))))
    case 1: watch(bench.on(.supervisor(attempt, .ended(AgentBench.end()))))
    default: watch(bench.on(.supervisor(attempt, .running(pid: 4, milestone: pick(9)))))
    }
  }

  private mutating func supervisorEnds() {
    let attempt = liveAttempt()
    guard live.contains(attempt) else { return }
    live.remove(attempt)
    slots = slots.filter { $0.value != attempt }
    watch(bench.on(.supervisorGone(attempt, AgentBench.end(.exited, last: logs[attempt]?.written ?? 0))))
  }

  private mutating func logGrows() {
    let attempt = logs.isEmpty ? anyAttempt() : logs.keys.sorted()[pick(logs.count)]
    guard var log = logs[attempt] else { return }
    if live.contains(attempt) { log.written += pick(4) }
    let count = min(log.written - log.read, log.credit)
    if count > 0 {
      let reports = AgentBench.reports(log.read + 1...log.read + count)
      log.read += count
      log.credit -= count
      logs[attempt] = log
      watch(bench.on(.reportsRead(attempt, reports)))
    } else {
      logs[attempt] = log
    }
    if !live.contains(attempt), log.read == log.written, log.credit >= 0 { watch(bench.on(.logFinished(attempt))) }
  }

  private mutating func acknowledge() {
    let attempt = logs.isEmpty ? anyAttempt() : logs.keys.sorted()[pick(logs.count)]
    watch(bench.hear(.acknowledgeReports(attempt, through: pick((sentThrough[attempt] ?? 0) + 3))))
    if pick(4) == 0, !live.contains(attempt) { watch(bench.hear(.acknowledgeEnd(attempt))) }
  }

  // MARK: The watcher

  private mutating func watch(_ actions: [AgentAction]) {
    for action in actions {
      switch action {
      case .launch(let launch): watch(launch)
      case .follow(let attempt, let after, let credit):
        logs[attempt, default: Log()].read = after
        logs[attempt, default: Log()].credit = credit
        if logs[attempt, default: Log()].written < after { logs[attempt]?.written = after }
      case .grant(let attempt, let credit):
        logs[attempt, default: Log()].credit += credit
        if logs[attempt, default: Log()].credit > 6 { violations.append("credit beyond the window") }
      case .forget(let attempt):
        if live.contains(attempt) { violations.append("forgot \(attempt), which lives") }
        logs[attempt] = nil
      case .send(let message): watch(message)
      case .command(let attempt, _):
        if !live.contains(attempt) { violations.append("command to \(attempt), which is gone") }
      default: break
      }
    }
  }

  private mutating func watch(_ launch: AgentLaunch) {
    let attempt = launch.start.attempt
    if let before = launched[attempt.trial], before >= attempt.attempt {
      violations.append("launched \(attempt) after attempt \(before)")
    }
    if let other = slots[launch.start.slot], live.contains(other) {
      violations.append("launched \(attempt) into the slot of \(other)")
    }
    if live.contains(where: { $0.trial == attempt.trial }) { violations.append("\(attempt.trial) runs twice") }
    if launch.lease < bench.now - .seconds(1_000) { violations.append("launched without a lease") }
    launched[attempt.trial] = attempt.attempt
    slots[launch.start.slot] = attempt
    live.insert(attempt)
    logs[attempt] = Log()
    sentThrough[attempt] = 0
  }

  private mutating func watch(_ message: AgentMessage) {
    messages += 1
    switch message {
    case .heartbeat(let sentAt): heartbeats.append(sentAt)
    case .reports(let attempt, let reports):
      for report in reports {
        if let through = sentThrough[attempt], report.sequence != through + 1 {
          violations.append("\(attempt): report \(report.sequence) after \(through)")
        }
        sentThrough[attempt] = report.sequence
      }
    case .ended(let attempt, let end):
      if live.contains(attempt) { violations.append("\(attempt) ended while it lives") }
      if let log = logs[attempt], log.written > end.lastSequence {
        violations.append("\(attempt): the end names report \(end.lastSequence) of \(log.written)")
      }
      if let through = sentThrough[attempt], through != end.lastSequence {
        violations.append("\(attempt): ended after report \(through) of \(end.lastSequence)")
      }
    default: break
    }
  }
}

private func - (instant: Instant, duration: Duration) -> Instant { instant + (.zero - duration) }
