import HostSystem
import TuningModel

/// Bounds how many processes and threads a trial has (`sandbox.max_processes`).
///
/// The kernel holds it to that where a control group can be made, and an ordinary user's trial to a count of all that the
/// user has. Counted is here in any case, several times a second, and a trial that has more, or that the kernel refused
/// one, is ended: a script that forks without end would go on trying.
final class ProcessBound {
  let group: ControlGroup?
  private let most: Int
  private(set) var due: Instant
  /// When all are counted whatever the host says, and how many there were on it when they were counted last.
  private var countedBy: Instant
  private var hostTasks: Int?
  /// What is to be said of a trial that was found over the bound.
  private(set) var excess: String?

  private static let interval = Duration.milliseconds(250)
  private static let always = Duration.seconds(5)

  init(mostProcesses: Int, group: ControlGroup?, now: Instant) {
    most = mostProcesses
    self.group = group
    due = now + Self.interval
    countedBy = now + Self.always
    hostTasks = ProcessTable.hostTasks
  }

  /// How many the user may have for the trial to start another one; nil: not to be bound that way. Twice the bound on top
  /// of what is there: it only has to hold until the trial is ended, and others of the user must not come up against it.
  static func userLimit(mostProcesses: Int, group: ControlGroup?) -> Int? {
    guard !OwnProcess.isRoot, group?.isBounded != true else { return nil }
    return ProcessTable.tasks(ofUser: OwnProcess.user) + 2 * mostProcesses
  }

  /// Counts where it is due. Whether the trial was found over its bound just now.
  func check(at now: Instant, count: (_ most: Int) -> Int) -> Bool {
    guard excess == nil, due <= now else { return false }
    let found = isExceeded(at: now, count: count)
    // The count of very many takes long.
    let took = HostClock.now - now
    due = now + max(Self.interval, Duration.seconds(10 * took.inSeconds))
    return found
  }

  /// Whether the kernel has refused it one since; asked once more when the trial has ended.
  func noteRefusals() {
    if excess == nil, group?.hasRefused == true { excess = words }
  }

  private func isExceeded(at now: Instant, count: (_ most: Int) -> Int) -> Bool {
    noteRefusals()
    if excess != nil { return true }
    if group?.isBounded == true { return false }
    if let tasks = group?.tasks {
      if tasks > most { excess = words }
      return excess != nil
    }
    // Looking at each process costs; a trial that grows makes the host's count grow.
    let host = ProcessTable.hostTasks
    if let host, let hostTasks, host - hostTasks < most / 8, now < countedBy { return false }
    hostTasks = host
    countedBy = now + Self.always
    if count(most) > most { excess = words }
    return excess != nil
  }

  private var words: String {
    "the trial started more than \(most) processes and threads (sandbox.max_processes in the cluster file allows more)"
  }
}
