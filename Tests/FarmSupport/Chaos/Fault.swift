import TestSupport

/// Kinds of faults that a run over real hosts is to bear.
public enum FaultKind: String, Sendable, CaseIterable {
  case coordinatorKilled = "coordinator killed"
  case coordinatorStopped = "coordinator stopped"
  case agentKilled = "agent killed"
  case agentStopped = "agent stopped"
  case supervisorKilled = "supervisor killed"
  case supervisorStopped = "supervisor stopped"
  case agentAndSupervisorsKilled = "agent and supervisors killed"
  case trialKilled = "trial killed"
  case trialStopped = "trial stopped"
  case launchersKilled = "launchers killed"
  case linkCut = "link cut"
  case hearsNothing = "host hears nothing"
  case heardByNobody = "host heard by nobody"
  case loss = "30 % loss"
  case delay = "50 ms delay"
  case narrow = "1 Mbit/s"
  case hostKilled = "host without power"
  case journalDiskFull = "disk of the journal full"
  case trialDiskFull = "disk of the trials full"
  case checkpointDiskFull = "disk of the checkpoints full"
  case coordinatorClock = "clock of the coordinator moved"
  case agentClocks = "clocks of the agents moved"

  /// What it is done to: one thing at a time for each.
  enum Target: Hashable { case coordinator, processes, link, host, journalDisk, disk, sharedDisk, clock, clocks }

  var target: Target {
    switch self {
    case .coordinatorKilled, .coordinatorStopped, .launchersKilled: .coordinator
    case .agentKilled, .agentStopped, .supervisorKilled, .supervisorStopped, .agentAndSupervisorsKilled, .trialKilled,
      .trialStopped:
      .processes
    case .linkCut, .hearsNothing, .heardByNobody, .loss, .delay, .narrow: .link
    case .hostKilled: .host
    case .journalDiskFull: .journalDisk
    case .trialDiskFull: .disk
    case .checkpointDiskFull: .sharedDisk
    case .coordinatorClock: .clock
    case .agentClocks: .clocks
    }
  }

  /// The clock that it moves.
  var clock: MovedClocks.Whose? {
    switch self {
    case .coordinatorClock: .coordinator
    case .agentClocks: .agents
    default: nil
    }
  }

  var concernsHost: Bool { [.processes, .link, .host, .disk].contains(target) }

  /// The trouble of a link that it is.
  var trouble: LinkTrouble? {
    switch self {
    case .hearsNothing: .hearsNothing
    case .heardByNobody: .heardByNobody
    case .loss: .loss
    case .delay: .delay
    case .narrow: .narrow
    default: nil
    }
  }
}

/// One fault of a schedule.
public struct Fault: Equatable, Sendable, CustomStringConvertible {
  public var kind: FaultKind
  /// Seconds since the run's first report.
  public var at: Double
  /// Seconds until it ends; 0: it is over at once.
  public var lasts: Double
  /// The host's number, from 1; 0: it concerns no host.
  public var host = 0
  /// Draws among what is there: processes, directions of a clock.
  public var pick: UInt64 = 0

  public var ends: Double { at + lasts }

  public var description: String {
    let place = host == 0 ? "" : "ph\(host): "
    return "\(place)\(kind.rawValue)" + (lasts == 0 ? "" : " for \(tenths(lasts)) s")
  }
}

/// A time with one digit behind the point.
func tenths(_ seconds: Double) -> String {
  let count = Int((seconds * 10).rounded())
  return "\(count / 10).\(count % 10)"
}
