import HostSystem
import TuningModel

/// Looks after the slots' GPUs while they are not in use: whether others use them, whether they still answer. Each look
/// takes as long as the vendors' tools do, on a thread of its own. For one thread.
public final class DeviceWatch {
  /// What one look has found.
  public struct Look: Sendable {
    public let startedAt: Instant
    public let states: [DeviceState]
    public let notes: [String]
  }

  /// How often idle slots are looked at.
  public static let interval = Duration.seconds(30)

  private let judgement: DeviceJudgement
  private let finder: DeviceFinder
  private let wakeup: Wakeup
  private let finished = Locked<Look?>(nil)
  private var thread: WorkerThread?
  private var lookingSince: Instant?
  private var lookedAt: Instant

  /// nil when the plan has no devices, so that there is nothing to watch, or the process no descriptor left.
  public init?(plan: SlotPlan, locks: DeviceLocks, run: String, finder: DeviceFinder = DeviceFinder()) {
    guard plan.hasDevices, let wakeup = Wakeup() else { return nil }
    judgement = DeviceJudgement(plan: plan, locks: locks, run: run)
    self.finder = finder
    self.wakeup = wakeup
    lookedAt = HostClock.now
  }

  /// Whether a start needs a look of its own: others may have come since the last.
  public var looksBeforeStarts: Bool { judgement.plan.selection == .idle }

  /// Readable when a look is finished.
  public var descriptor: Int32 { wakeup.descriptor }

  /// When the next look is due; nil while one goes on.
  public var deadline: Instant? { lookingSince == nil ? lookedAt + Self.interval : nil }

  /// The states as an inventory at hand shows them.
  public func judge(_ inventory: DeviceInventory, busy: Set<Int> = []) -> [DeviceState] {
    judgement.states(inventory, busy: busy)
  }

  /// Begins a look unless one goes on; when the one that goes on now began.
  ///
  /// - Parameter busy: slots that a trial of ours holds.
  @discardableResult
  public func begin(busy: Set<Int>) -> Instant {
    if let lookingSince { return lookingSince }
    let now = HostClock.now
    let (judgement, finder, finished, wakeup) = (judgement, finder, finished, wakeup)
    thread = WorkerThread(name: "pasha-devices") {
      let inventory = finder.find()
      let states = judgement.states(inventory, busy: busy)
      let look = Look(startedAt: now, states: states, notes: inventory.notes)
      finished.withLock { $0 = look }
      wakeup.signal()
    }
    if thread == nil {
      // No thread to be had: the next time is the next interval.
      lookedAt = now
      return now
    }
    lookingSince = now
    return now
  }

  /// The look that is finished, once.
  public func take() -> Look? {
    guard lookingSince != nil else { return nil }
    wakeup.clear()
    let look = finished.withLock { value in
      defer { value = nil }
      return value
    }
    guard let look else { return nil }
    thread?.join()
    thread = nil
    lookingSince = nil
    lookedAt = HostClock.now
    return look
  }
}
