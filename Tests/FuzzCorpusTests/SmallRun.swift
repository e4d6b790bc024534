import Coordination
import FuzzProperties
import TuningModel
import Wire

/// The facts of a run of one agent with two slots, whose trials report, hold, go on and end as a script would.
struct SmallRun {
  private(set) var facts: [Fact] = []
  private var coordinator: Coordinator
  private var seconds: Int64 = 1
  private var inbox: [CoordinatorMessage] = []
  private var sequences: [TrialAttempt: Int] = [:]
  private var resources: [TrialID: Int] = [:]
  private var milestones: [TrialAttempt: Int] = [:]

  init(scheduler: Int) {
    do {
      coordinator = try Coordinator(specification: FuzzProperties.FactProperties.specification(scheduler))
    } catch {
      preconditionFailure("scheduler \(scheduler): \(error)")
    }
    take(.started(RunStart(run: "fuzz", version: "1", specificationHash: "ab", codeHash: nil, randomSeed: 7)))
    take(.listening(control: 4000, bulk: 4001))
    take(.admit(publicKey: "key", name: "lab1"))
    say(
      .hello(
        AgentHello(
          hostname: "lab1", machineID: "m", bootID: "b", name: "lab1", pid: 7, slots: 2, home: "/h", inventory: [],
          place: "p")))
    say(.prepared(Preparation(codeHash: "", failure: nil)))
    var next = 0
    while next < inbox.count, facts.count < 400 {
      answer(inbox[next])
      next += 1
    }
  }

  private mutating func take(_ event: Event) {
    seconds += 1
    let now = Moment(
      monotonic: Instant(nanoseconds: seconds * 1_000_000_000),
      wall: Timestamp(microseconds: 1_700_000_000_000_000 + seconds * 1_000_000))
    let output = coordinator.handle(event, at: now)
    facts += output.facts.map(\.fact)
    for case .send(_, let message) in output.effects { inbox.append(message) }
  }

  private mutating func say(_ message: AgentMessage) { take(.message(from: "key", message)) }

  private mutating func answer(_ message: CoordinatorMessage) {
    switch message {
    case .start(let start):
      sequences[start.attempt] = 0
      if start.resumeFrom == nil { resources[start.attempt.trial] = 0 }
      say(.started(start.attempt, pid: 100))
      train(start.attempt, to: start.milestone)
    case .proceed(let attempt, let milestone): train(attempt, to: milestone)
    case .pause(let attempt), .stop(let attempt), .complete(let attempt): end(attempt)
    default: break
    }
  }

  private mutating func train(_ attempt: TrialAttempt, to milestone: Int) {
    milestones[attempt] = milestone
    while resources[attempt.trial, default: 0] < milestone {
      let resource = resources[attempt.trial, default: 0] + 1
      let sequence = sequences[attempt, default: 0] + 1
      resources[attempt.trial] = resource
      sequences[attempt] = sequence
      // The orders at low and at high resources differ, so that PASHA's maximum rises.
      let loss = Double((attempt.trial.rawValue * 7 + resource * 3) % 11) / 11
      say(
        .reports(
          attempt,
          [
            TrialReport(
              sequence: sequence, readAt: Timestamp(microseconds: seconds),
              fields: [
                JSONValue.Member("epoch", .int(resource)), JSONValue.Member("loss", .double(loss)),
                JSONValue.Member("cost", .int(resource)),
              ])
          ]))
    }
    say(.held(attempt, resource: milestone))
  }

  private mutating func end(_ attempt: TrialAttempt) {
    let resource = resources[attempt.trial, default: 0]
    let seal = Seal(
      generation: attempt.attempt.rawValue, attempt: attempt.attempt, coveredSequence: sequences[attempt, default: 0],
      coveredResource: resource, files: 1, bytes: 10, hash: String(repeating: "ab", count: 32))
    say(
      .ended(
        attempt,
        AttemptEnd(cause: .paused, exitStatus: 0, lastSequence: sequences[attempt, default: 0], seal: seal)))
  }
}
