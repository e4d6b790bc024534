import CodeTree
import HostSystem
import TrialSandbox
import TuningModel
import Wire

/// The coordinator's own copies of sealed checkpoints, `RUN/checkpoints/TRIAL/`: brings them from hosts one after the
/// other, and gives pieces of them to hosts. For one thread; never waits.
final class CheckpointVault {
  enum Outcome: Equatable, Sendable {
    case arrived(CheckpointName)
    /// The agent has no such checkpoint.
    case unavailable(CheckpointName, at: AgentID, String)
  }

  private struct Job: Equatable {
    let trial: TrialID
    let seal: Seal
    let agent: AgentID

    var name: CheckpointName { CheckpointName(trial, seal) }
  }

  private struct Current {
    let job: Job
    var fetch: TreeFetch
  }

  private let folder: String
  private let pieces: SealedPieces
  private let note: (String) -> Void
  private var waiting: [Job] = []
  private var current: Current?
  private var retryAt: Instant?
  private var outgoing: [(agent: AgentID, request: CheckpointRequest)] = []
  private var outcomes: [Outcome] = []

  private static let patience = Duration.seconds(60)
  private static let retryWait = Duration.seconds(10)

  init(folder: String, note: @escaping (String) -> Void) {
    self.folder = folder
    self.note = note
    pieces = SealedPieces { "\(folder)/\($0)" }
  }

  var deadline: Instant? {
    if let current { return min(current.fetch.deadline, current.fetch.heardAt + Self.patience) }
    return waiting.isEmpty ? nil : retryAt ?? .zero
  }

  /// Wants a copy. One that is here is told at once.
  func want(_ trial: TrialID, _ seal: Seal, from agent: AgentID) {
    let job = Job(trial: trial, seal: seal, agent: agent)
    if seals(trial).holds(seal) { return outcomes.append(.arrived(job.name)) }
    // A newer generation makes the one before it needless.
    waiting.removeAll { $0.trial == trial }
    if current?.job == job { return }
    if current?.job.trial == trial { current = nil }
    waiting.append(job)
    retryAt = nil
  }

  /// Deletes what is not needed any more.
  func drop(_ trial: TrialID, keeping: [Int]) {
    waiting.removeAll { $0.trial == trial && !keeping.contains($0.seal.generation) }
    do throws(SystemError) {
      try seals(trial).delete(
        keeping: keeping + [current?.job].compactMap { $0?.trial == trial ? $0?.seal.generation : nil })
      if keeping.isEmpty, current?.job.trial != trial { try Folders.removeTree("\(folder)/\(trial)") }
    } catch {
      note("copies of trial \(trial)'s checkpoints cannot be deleted: \(error.message)")
    }
  }

  /// A piece for a host.
  func answer(_ request: CheckpointRequest) -> CheckpointAnswer { pieces.answer(request) }

  func takeOutgoing() -> [(agent: AgentID, request: CheckpointRequest)] {
    defer { outgoing = [] }
    return outgoing
  }

  func takeOutcomes() -> [Outcome] {
    defer { outcomes = [] }
    return outcomes
  }

  func take(_ answer: CheckpointAnswer, from agent: AgentID) {
    guard var now = current, now.job.agent == agent, now.job.name == answer.name else { return }
    attempt(now.job) {
      let time = HostClock.now
      switch answer.content {
      case .manifest(let manifest): ask(try now.fetch.take(manifest, at: time), now.job)
      case .chunk(let file, let offset, let bytes):
        ask(try now.fetch.take(bytes, file: file, offset: offset, at: time), now.job)
      case .missing(let text): throw Missing(text: text)
      case .unreachable(let text): throw TreeFetch.Failure(message: text)
      }
      current = now
      if now.fetch.isComplete { try finish(now) }
    }
  }

  func step(at time: Instant) {
    if current == nil, !waiting.isEmpty, time >= retryAt ?? .zero { start(waiting.removeFirst()) }
    guard var now = current, time >= min(now.fetch.deadline, now.fetch.heardAt + Self.patience) else { return }
    attempt(now.job) {
      guard time < now.fetch.heardAt + Self.patience else {
        throw TreeFetch.Failure(message: "nothing came for \(Int(Self.patience.inSeconds)) s")
      }
      ask(try now.fetch.step(at: time), now.job)
      current = now
      if now.fetch.isComplete { try finish(now) }
    }
  }

  private func seals(_ trial: TrialID) -> SealFolder { SealFolder("\(folder)/\(trial)") }

  private func start(_ job: Job) {
    attempt(job) {
      let part = try seals(job.trial).makePartFolder(of: job.seal.generation)
      let now = HostClock.now
      var fetch = TreeFetch("the checkpoint", folder: part, isDurable: true, at: now) {
        SHA256.hash($0.encoded()) == job.seal.hash
      }
      ask(fetch.askAgain(at: now), job)
      current = Current(job: job, fetch: fetch)
    }
  }

  private func finish(_ done: Current) throws {
    guard let manifest = done.fetch.manifest else { return }
    try seals(done.job.trial).install(done.job.seal, manifest)
    current = nil
    outcomes.append(.arrived(done.job.name))
  }

  private func ask(_ questions: [TreeFetch.Question], _ job: Job) {
    for question in questions {
      let piece: CheckpointRequest.Piece =
        switch question {
        case .manifest: .manifest
        case .chunk(let file, let offset, let length): .chunk(file: file, offset: offset, length: length)
        }
      outgoing.append((job.agent, CheckpointRequest(agent: nil, name: job.name, piece: piece)))
    }
  }

  private struct Missing: Error { let text: String }

  private func attempt(_ job: Job, _ step: () throws -> Void) {
    do {
      try step()
    } catch let missing as Missing {
      current = nil
      outcomes.append(.unavailable(job.name, at: job.agent, missing.text))
    } catch {
      current = nil
      note("the checkpoint of trial \(job.trial) cannot be copied yet: \(error)")
      // Others first: their hosts may answer.
      waiting.append(job)
      retryAt = HostClock.now + Self.retryWait
    }
  }
}
