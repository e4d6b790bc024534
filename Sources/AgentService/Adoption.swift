import AgentCore
import HostSystem
import TrialSandbox
import TuningModel
import Wire

/// What an earlier agent process of the same place left behind: read from the trials' folders at the start.
struct Adoption {
  private(set) var recovered: [RecoveredAttempt] = []
  /// The highest attempt seen on this host of each trial.
  private(set) var highest: [TrialAttempt] = []
  /// Attempts whose supervisor may live.
  private(set) var live: [TrialAttempt] = []

  init(_ home: AgentHome, log: AgentLog) throws(SystemError) {
    for entry in try Folders.list(home.trialsFolder) {
      guard let number = Int(entry.name), number >= 0 else { continue }
      let trial = home.trial(TrialID(number))
      if let attempt = trial.highestAttempt { highest.append(TrialAttempt(TrialID(number), attempt)) }
      guard Files.exists(trial.attempts) else { continue }
      for entry in try Folders.list(trial.attempts) {
        guard let attempt = Int(entry.name), attempt >= 1 else { continue }
        take(TrialAttempt(TrialID(number), Attempt(attempt)), trial.attempt(Attempt(attempt)), home, log)
      }
    }
  }

  private mutating func take(_ name: TrialAttempt, _ folder: AttemptFolder, _ home: AgentHome, _ log: AgentLog) {
    guard !folder.isAcknowledged, folder.owner == home.index, Files.exists(folder.plan) else { return }
    let plan: AttemptPlan
    do {
      plan = try AttemptPlan(decoding: Files.read(folder.plan, limit: WireLimits.planBytes))
    } catch {
      // Plans are written before a supervisor starts and never changed: what cannot be read was never carried out.
      log.write("attempt \(name) is passed over: its plan cannot be read: \(error)")
      return
    }
    var end: AttemptEnd?
    if case .ended(let known) = LeftOver.examine(folder) { end = known }
    if end == nil { live.append(name) }
    recovered.append(
      RecoveredAttempt(
        attempt: name, slot: plan.slot, milestone: plan.milestone, maximum: Self.maximum(plan), end: end,
        lastSequence: ReportFollower.count(folder.output)))
    log.write("attempt \(name) was found: \(end.map { "ended, \($0.cause.rawValue)" } ?? "running, or left over")")
  }

  /// The maximum resource, which the trial was told.
  private static func maximum(_ plan: AttemptPlan) -> Int {
    let told = plan.environment.first { $0.name == TrialEnvironment.maximumVariable }.flatMap { Int($0.value) }
    return told ?? (plan.isLastMilestone ? plan.milestone : .max)
  }
}
