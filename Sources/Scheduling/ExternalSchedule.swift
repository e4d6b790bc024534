import TuningModel

/// Trials about which somebody else decides: what was decided for each, and how far each has come. Nothing is ranked and
/// nothing proposed.
struct ExternalSchedule: Sendable {
  struct Member: Sendable {
    /// The resource to which the current leg runs.
    var milestone: Int
    var resource = 0
    var isStopped = false
    var isRetired = false
  }

  let maxResource: Int
  var members: [Member] = []

  mutating func add(milestone: Int?) -> Int {
    members.append(Member(milestone: min(maxResource, max(1, milestone ?? maxResource))))
    return members.count - 1
  }

  mutating func record(_ member: Int, resource: Int) -> RecordOutcome {
    guard !members[member].isStopped else { return .rejected(.stopped) }
    guard resource > members[member].resource else { return .repeated }
    members[member].resource = resource
    if resource >= maxResource { return .reachedMaximum }
    return resource >= members[member].milestone ? .reachedMilestone(members[member].milestone) : .continues
  }

  func canStillBePromoted(_ member: Int) -> Bool {
    let member = members[member]
    return !member.isRetired && !member.isStopped && member.milestone < maxResource
  }
}
