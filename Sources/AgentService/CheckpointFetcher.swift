import AgentCore
import CodeTree
import HostSystem
import TrialSandbox
import TuningModel
import Wire

/// Brings sealed checkpoints from other hosts or from the coordinator into the seal folders of trials, one after the
/// other. Never waits: `step` is called when `deadline` has passed.
final class CheckpointFetcher {
  private struct Job {
    let attempt: TrialAttempt
    let source: CheckpointSource
    let seals: SealFolder

    var name: CheckpointName { CheckpointName(attempt.trial, source.seal) }
    var holder: AgentID? { if case .agent(let agent) = source.holder { agent } else { nil } }
  }

  private struct Current {
    let job: Job
    var fetch: TreeFetch
    let begunAt: Instant
  }

  private let log: AgentLog
  private var waiting: [Job] = []
  private var current: Current?
  private var outgoing: [AgentBulkMessage] = []
  private var events: [AgentEvent] = []

  /// How long nothing may come before the source counts as away.
  private static let patience = Duration.seconds(60)

  init(log: AgentLog) { self.log = log }

  var deadline: Instant? {
    if !events.isEmpty || current == nil && !waiting.isEmpty { return .zero }
    return current.map { min($0.fetch.deadline, $0.fetch.heardAt + Self.patience) }
  }

  func begin(_ attempt: TrialAttempt, _ source: CheckpointSource, into seals: SealFolder) {
    if seals.holds(source.seal) {
      events.append(.fetched(attempt, isNews: true))
    } else {
      waiting.append(Job(attempt: attempt, source: source, seals: seals))
    }
  }

  /// What was brought so far stays, for the next attempt.
  func cancel(_ attempt: TrialAttempt) {
    waiting.removeAll { $0.attempt == attempt }
    if current?.job.attempt == attempt { current = nil }
    events.removeAll { if case .fetched(attempt, _) = $0 { true } else { false } }
  }

  func takeOutgoing() -> [AgentBulkMessage] {
    defer { outgoing = [] }
    return outgoing
  }

  func takeEvents() -> [AgentEvent] {
    defer { events = [] }
    return events
  }

  func bulkConnected() {
    outgoing = []
    guard let job = current?.job, let questions = current?.fetch.askAgain(at: HostClock.now) else { return }
    ask(questions, job)
  }

  func take(_ answer: CheckpointAnswer) {
    guard var now = current, now.job.name == answer.name, now.job.holder == answer.agent else { return }
    attempt(now.job) {
      let time = HostClock.now
      switch answer.content {
      case .manifest(let manifest): ask(try now.fetch.take(manifest, at: time), now.job)
      case .chunk(let file, let offset, let bytes):
        ask(try now.fetch.take(bytes, file: file, offset: offset, at: time), now.job)
      case .missing(let text): throw Refused(.checkpointMissing, text)
      case .unreachable(let text): throw Refused(.sourceUnreachable, text)
      }
      current = now
      if now.fetch.isComplete { try finish(now) }
    }
  }

  func step(at time: Instant) {
    if current == nil, !waiting.isEmpty { start(waiting.removeFirst()) }
    guard var now = current, time >= min(now.fetch.deadline, now.fetch.heardAt + Self.patience) else { return }
    attempt(now.job) {
      guard time < now.fetch.heardAt + Self.patience else {
        throw Refused(.sourceUnreachable, "nothing came for \(Int(Self.patience.inSeconds)) s")
      }
      ask(try now.fetch.step(at: time), now.job)
      current = now
      if now.fetch.isComplete { try finish(now) }
    }
  }

  private func start(_ job: Job) {
    attempt(job) {
      let now = HostClock.now
      let seal = job.source.seal
      log.write("fetching \(seal.bytes) bytes of checkpoint \(seal.generation) of trial \(job.name.trial)")
      let part = try job.seals.makePartFolder(of: job.source.seal.generation)
      var fetch = TreeFetch("the checkpoint", folder: part, isDurable: true, at: now) {
        SHA256.hash($0.encoded()) == job.source.seal.hash
      }
      ask(fetch.askAgain(at: now), job)
      current = Current(job: job, fetch: fetch, begunAt: now)
    }
  }

  private func finish(_ done: Current) throws {
    let (job, fetch) = (done.job, done.fetch)
    guard let manifest = fetch.manifest else { return }
    try job.seals.install(job.source.seal, manifest)
    current = nil
    let reused = fetch.reused > 0 ? ", \(fetch.reused) were here" : ""
    log.write("fetched \(fetch.bytes) bytes of checkpoint in \(HostClock.now - done.begunAt)\(reused)")
    events.append(.fetched(job.attempt, isNews: true))
  }

  private func ask(_ questions: [TreeFetch.Question], _ job: Job) {
    outgoing += questions.map { question in
      let piece: CheckpointRequest.Piece =
        switch question {
        case .manifest: .manifest
        case .chunk(let file, let offset, let length): .chunk(file: file, offset: offset, length: length)
        }
      return .checkpointRequest(CheckpointRequest(agent: job.holder, name: job.name, piece: piece))
    }
  }

  private struct Refused: Error {
    let refusal: StartRefusal
    init(_ code: StartRefusal.Code, _ detail: String) { refusal = StartRefusal(code: code, detail: detail) }
  }

  private func attempt(_ job: Job, _ step: () throws -> Void) {
    do {
      try step()
    } catch {
      current = nil
      let what = "checkpoint \(job.source.seal.generation) of trial \(job.name.trial)"
      var refusal = (error as? Refused)?.refusal ?? StartRefusal(code: .hostFault, detail: "\(error)")
      refusal.detail = "\(what) cannot be fetched: \(refusal.detail)"
      log.write(refusal.detail)
      events.append(.fetchFailed(job.attempt, refusal))
    }
  }
}
