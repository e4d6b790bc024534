import AgentCore
import TuningModel
import Wire

/// Something that happens in the world at its time.
enum FaultStep: Sendable {
  case arrivesAtCoordinator(connection: Int, AgentMessage)
  case arrivesAtAgent(connection: Int, CoordinatorMessage)
  case handshake(connection: Int)
  /// Nothing came over a connection for too long: its agent's end notices.
  case connectionTimesOut(Int)
  case coordinatorStarts
  case coordinatorTurn(Int)
  case coordinatorTimer(Int)
  case launcherLooks(host: Int)
  /// Somebody starts a twin where it has ended.
  case twinStarts(host: Int)
  case twinGoes(host: Int)
  case agentWorks(host: Int, Int)
  case agentTimer(host: Int, Int)
  case prepared(host: Int, Int, codeHash: String)
  case fetched(host: Int, Int, TrialAttempt, CheckpointSource)
  case copied(CheckpointName, host: Int, by: AgentID)
  case supervisorTimer(host: Int, TrialAttempt)
  case supervisorGoesOn(host: Int, TrialAttempt)
  /// The agent notices that a supervisor is gone, and ends what it left.
  case leftOver(host: Int, Int, TrialAttempt)
  case slotFree(host: Int, TrialAttempt, until: Instant)
  case script(host: Int, TrialAttempt, leg: Int)
  case saved(host: Int, TrialAttempt, leg: Int)
  case exits(host: Int, TrialAttempt, TrialExit, outOfMemory: Bool)
  case childrenEnd(host: Int, TrialAttempt)
  case fault(Int)
  case hostBoots(Int)
  case linkCuts(host: Int, Fault.Direction)
  case linkHeals(host: Int, Fault.Direction)
  case diskEmpties(host: Int)
  case deviceWorks(host: Int, slot: Int)
  case operatorResumes
  case operatorResumesTrial(TrialID)
  case operatorUses(host: Int)

  /// The host whose processes do it.
  var host: Int? {
    switch self {
    case .agentWorks(let host, _), .agentTimer(let host, _), .prepared(let host, _, _), .fetched(let host, _, _, _),
      .supervisorTimer(let host, _), .supervisorGoesOn(let host, _), .leftOver(let host, _, _),
      .slotFree(let host, _, _), .script(let host, _, _), .saved(let host, _, _), .exits(let host, _, _, _),
      .childrenEnd(let host, _):
      host
    default: nil
    }
  }

  /// Whether it is a matter of a training script, which after a host's sleep comes after its supervisor.
  var isOfScript: Bool {
    switch self {
    case .script, .saved, .exits, .childrenEnd: true
    default: false
    }
  }
}

/// What is to come, soonest first; of what comes at the same time, what was planned first.
struct FaultQueue: Sendable {
  private var items: [(time: Instant, order: Int, step: FaultStep)] = []
  private var planned = 0

  mutating func push(_ step: FaultStep, at time: Instant) {
    planned += 1
    items.append((time, planned, step))
    var child = items.count - 1
    while child > 0, precedes(child, (child - 1) / 2) {
      items.swapAt(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
  }

  mutating func pop() -> (time: Instant, step: FaultStep)? {
    guard let first = items.first else { return nil }
    items.swapAt(0, items.count - 1)
    items.removeLast()
    var parent = 0
    while true {
      var child = 2 * parent + 1
      guard child < items.count else { return (first.time, first.step) }
      if child + 1 < items.count, precedes(child + 1, child) { child += 1 }
      guard precedes(child, parent) else { return (first.time, first.step) }
      items.swapAt(child, parent)
      parent = child
    }
  }

  private func precedes(_ a: Int, _ b: Int) -> Bool {
    items[a].time == items[b].time ? items[a].order < items[b].order : items[a].time < items[b].time
  }
}
