import TuningModel

/// Where each trial stands. Trial ids count from 0 in a run, so the table is an array; an id out of that order is
/// looked up.
struct TrialTable: Sendable {
  struct Place: Sendable {
    var system: Int
    var runner: Int
  }

  private var inOrder: [Place] = []
  private var others: [TrialID: Place] = [:]

  subscript(trial: TrialID) -> Place? {
    if inOrder.indices.contains(trial.rawValue) { return inOrder[trial.rawValue] }
    return others.isEmpty ? nil : others[trial]
  }

  mutating func insert(_ trial: TrialID, _ place: Place) {
    if trial.rawValue == inOrder.count { inOrder.append(place) } else { others[trial] = place }
  }
}
