import AgentCore
import Devices
import HostSystem
import TuningModel
import Wire

/// Knows which slots may be given work, and holds back starts until their GPUs were looked at.
final class SlotDesk {
  private let watch: DeviceWatch?
  private let log: AgentLog
  private var states: [DeviceState] = []
  /// What the agent's machine was told.
  private var told: [DeviceState] = []
  private var waiting: [(launch: AgentLaunch, since: Instant)] = []
  /// Slots that were given work since the look that goes on now began: what it finds there may be our own.
  private var touched: Set<Int> = []
  private var notes: [String]

  /// - Parameter busy: slots of attempts that an earlier agent left running.
  init(_ offer: DeviceOffer, run: String, busy: Set<Int>, log: AgentLog) {
    self.log = log
    watch = DeviceWatch(plan: offer.plan, locks: offer.locks, run: run)
    notes = offer.inventory.notes
    for note in offer.plan.notes { log.write("devices: \(note)") }
    states = watch?.judge(offer.inventory, busy: busy) ?? []
    for state in states where !state.isUsable { log.write("slot \(state.slot) gets no work: \(state.reason)") }
  }

  var descriptor: Int32? { watch?.descriptor }
  var deadline: Instant? { watch?.deadline }

  /// The states, where the agent's machine does not know them.
  func news() -> [SlotState]? {
    guard states != told else { return nil }
    told = states
    return states.map { SlotState(slot: $0.slot, isUsable: $0.isUsable, reason: $0.reason) }
  }

  /// Whether the start is held back until the slot's GPUs were looked at; `take` gives it back.
  func holdsBack(_ launch: AgentLaunch, occupied: Set<Int>) -> Bool {
    let slot = launch.start.slot
    guard let watch, watch.looksBeforeStarts else {
      touched.insert(slot)
      return false
    }
    waiting.append((launch, HostClock.now))
    begin(occupied)
    return true
  }

  func isHeldBack(_ attempt: TrialAttempt) -> Bool { waiting.contains { $0.launch.start.attempt == attempt } }

  /// A start that was refused since others use the slot's GPUs.
  func noteConflict(in slot: Int, _ reason: String) {
    guard states.indices.contains(slot) else { return }
    states[slot] = DeviceState(slot: slot, isUsable: false, reason: reason)
  }

  /// Takes in a finished look and begins one that is due. The starts that it allows, and those that it does not.
  func take(occupied: Set<Int>) -> (allowed: [AgentLaunch], refused: [(launch: AgentLaunch, reason: String)]) {
    guard let watch else { return ([], []) }
    var allowed: [AgentLaunch] = []
    var refused: [(launch: AgentLaunch, reason: String)] = []
    if let look = watch.take() {
      apply(look, occupied: occupied)
      for entry in waiting where entry.since <= look.startedAt {
        let slot = entry.launch.start.slot
        if let state = states.first(where: { $0.slot == slot }), !state.isUsable {
          refused.append((entry.launch, state.reason))
        } else {
          touched.insert(slot)
          allowed.append(entry.launch)
        }
      }
      waiting.removeAll { $0.since <= look.startedAt }
      if !waiting.isEmpty { begin(occupied) }
    }
    if let due = watch.deadline, due <= HostClock.now { begin(occupied) }
    return (allowed, refused)
  }

  private func begin(_ occupied: Set<Int>) {
    guard let watch, watch.deadline != nil else { return }
    // Before the look: a start that came earlier is answered by it.
    touched = []
    watch.begin(busy: occupied.subtracting(waiting.map(\.launch.start.slot)))
  }

  private func apply(_ look: DeviceWatch.Look, occupied: Set<Int>) {
    let ours = touched.union(occupied.subtracting(waiting.map(\.launch.start.slot)))
    for state in look.states where states.indices.contains(state.slot) && !ours.contains(state.slot) {
      let old = states[state.slot]
      states[state.slot] = state
      guard old != state else { continue }
      if !state.isUsable { log.write("slot \(state.slot) gets no work: \(state.reason)") }
      if !old.isUsable, state.isUsable { log.write("slot \(state.slot) may be used again") }
    }
    if look.notes != notes {
      for note in look.notes { log.write("devices: \(note)") }
      notes = look.notes
    }
  }
}
