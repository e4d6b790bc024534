import TuningModel
import Wire

/// An agent with one slot as a value: what it says follows from what it hears and from the reports that its trial is
/// said to print. Its trial saves a checkpoint at its milestone, and starts and ends without taking time.
struct StandInAgent {
  struct Work {
    var attempt: TrialAttempt
    var milestone: Int
    var maximum: Int
    /// The epoch of the next report.
    var next: Int
    var generation: Int
    /// Those that are not acknowledged yet.
    var log: [TrialReport] = []
    var sequence = 0
    var isHeld = false
    var end: AttemptEnd?
  }

  let name: String
  private(set) var work: Work?
  private(set) var isWelcome = false
  private(set) var isDismissed = false
  private(set) var heartbeat = Duration.seconds(5)
  /// How often it was asked to begin its session again, the first time left out.
  private(set) var repeatedHellos = 0
  /// The epoch of each sealed generation, by trial.
  private var seals: [TrialID: [Int: Int]] = [:]
  /// What it wants to say, in order.
  var outbox: [AgentMessage] = []

  init(name: String) { self.name = name }

  /// Begins a session.
  mutating func greet() {
    let inventory = work.map { work in
      AttemptInventory(
        attempt: work.attempt, slot: 0, milestone: work.milestone,
        phase: work.end.map { .ended($0) } ?? (work.isHeld ? .held(resource: work.next - 1) : .running),
        lastSequence: work.sequence)
    }
    outbox.append(
      .hello(
        AgentHello(
          hostname: name, machineID: name, bootID: "1", name: name, pid: 1, slots: 1, home: "/home/\(name)",
          inventory: inventory.map { [$0] } ?? [], place: name)))
  }

  mutating func receive(_ message: CoordinatorMessage) {
    switch message {
    case .welcome(let welcome):
      if isWelcome { repeatedHellos += 1 }
      isWelcome = true
      heartbeat = welcome.heartbeat
      for verdict in welcome.verdicts where verdict.attempt == work?.attempt {
        guard case .keep(let after) = verdict.action, let kept = work else {
          work = nil
          continue
        }
        let missing = kept.log.filter { $0.sequence > after }
        if !missing.isEmpty { outbox.append(.reports(kept.attempt, missing)) }
        if let end = kept.end { outbox.append(.ended(kept.attempt, end)) }
      }
      outbox.append(.prepared(Preparation(codeHash: "")))
    case .start(let start): begin(start)
    case .proceed(let attempt, let milestone):
      guard work?.attempt == attempt, work?.end == nil else { return }
      work?.milestone = milestone
      work?.isHeld = false
    case .pause(let attempt): end(attempt, .paused)
    case .stop(let attempt): end(attempt, .stopped)
    case .complete(let attempt): end(attempt, .exited)
    case .acknowledgeReports(let attempt, let sequence):
      guard work?.attempt == attempt else { return }
      work?.log.removeAll { $0.sequence <= sequence }
    case .acknowledgeEnd(let attempt): if work?.attempt == attempt { work = nil }
    case .sayHello: greet()
    case .deleteCheckpoints(let trial, let kept):
      seals[trial] = seals[trial]?.filter { kept.contains($0.key) }
      outbox.append(.checkpointsDeleted(trial))
    case .dismiss: isDismissed = true
    case .rejected, .heartbeatEcho, .joined: break
    }
  }

  private mutating func begin(_ start: StartAttempt) {
    guard work?.attempt != start.attempt else { return }
    var epoch = 0
    if let generation = start.resumeFrom {
      if let source = start.source {
        seals[start.attempt.trial, default: [:]][generation] = source.seal.coveredResource ?? 0
        outbox.append(.checkpointFetched(CheckpointName(start.attempt.trial, source.seal)))
      }
      epoch = seals[start.attempt.trial]?[generation] ?? 0
    }
    work = Work(
      attempt: start.attempt, milestone: start.milestone, maximum: start.maximum, next: epoch + 1,
      generation: start.lastGeneration + 1)
    outbox.append(.started(start.attempt, pid: 1))
  }

  /// Whether its trial trains.
  var isTraining: Bool { work.map { !$0.isHeld && $0.end == nil && $0.next <= $0.maximum } ?? false }

  /// Lets the trial print so many reports, as far as its milestone.
  /// - Returns: how many it printed, and the last one's number.
  mutating func report(_ count: Int, at time: Timestamp) -> (count: Int, sequence: Int) {
    guard isTraining, var work, count > 0 else { return (0, 0) }
    var news: [TrialReport] = []
    while news.count < count, work.next <= work.maximum, !work.isHeld {
      work.sequence += 1
      news.append(
        TrialReport(
          sequence: work.sequence, readAt: time, fields: Self.fields(work.attempt.trial, epoch: work.next, at: time)))
      if work.next >= work.milestone, work.milestone < work.maximum { work.isHeld = true }
      work.next += 1
    }
    work.log += news
    self.work = work
    outbox.append(.reports(work.attempt, news))
    if work.isHeld { outbox.append(.held(work.attempt, resource: work.next - 1)) }
    return (news.count, work.sequence)
  }

  private mutating func end(_ attempt: TrialAttempt, _ cause: AttemptEnd.Cause) {
    guard let work, work.attempt == attempt, work.end == nil else { return }
    let seal = Seal(
      generation: work.generation, attempt: attempt.attempt, coveredSequence: work.sequence,
      coveredResource: work.next - 1, files: 2, bytes: 1 << 20,
      hash: "\(attempt.trial.rawValue)0\(work.generation)".padded(to: 64))
    seals[attempt.trial, default: [:]][work.generation] = work.next - 1
    let end = AttemptEnd(cause: cause, exitStatus: 0, lastSequence: work.sequence, seal: seal)
    self.work?.end = end
    outbox.append(.ended(attempt, end))
  }

  /// A report with what Syne Tune's reporter adds to each.
  private static func fields(_ trial: TrialID, epoch: Int, at time: Timestamp) -> [JSONValue.Member] {
    var shape = SeededGenerator(seed: 1, stream: UInt64(trial.rawValue))
    var noise = SeededGenerator(seed: 2, stream: UInt64(trial.rawValue * 10_000 + epoch))
    let floor = shape.nextUnit()
    let loss =
      floor + (1 - floor) * Mathematics.exp(-(0.01 + 0.05 * shape.nextUnit()) * Double(epoch)) + 0.02 * noise.nextUnit()
    let seconds = Double(time.microseconds) / 1e6
    return [
      .init("epoch", .int(epoch)), .init("loss", .double(loss)), .init("accuracy", .double(1 - loss / 2)),
      .init("st_worker_timestamp", .double(seconds)), .init("st_worker_time", .double(Double(epoch) * 1.25)),
      .init("st_worker_iter", .int(epoch - 1)),
    ]
  }
}

extension String {
  fileprivate func padded(to length: Int) -> String { String(repeating: "0", count: max(0, length - count)) + self }
}
