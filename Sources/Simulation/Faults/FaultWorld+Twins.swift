import AgentCore
import Coordination
import TuningModel
import Wire

/// A second agent with the key of a host's: the copy of a folder, or of a machine, on a host that the run does not know.
extension FaultWorld {
  /// The one host that is there for it, if any.
  private var spare: Int? { hosts.indices.contains(scenario.hosts.count) ? scenario.hosts.count : nil }

  var canBeCopied: Bool { spare.map { hosts[$0].twinOf == nil } ?? false }

  mutating func copy(_ host: Int, isMachine: Bool, for time: Duration) {
    guard let twin = spare, hosts[twin].twinOf == nil else { return }
    hosts[twin].twinOf = host
    hosts[twin].isMachineCopy = isMachine
    hosts[twin].boot += 1
    hosts[twin].isUp = true
    hosts[twin].disk = hosts[host].disk
    hosts[twin].disk.fullCount = 0
    for name in hosts[twin].disk.attempts.keys { hosts[twin].disk.attempts[name]?.isCopy = true }
    queue.push(.twinStarts(host: twin), at: now + random.time(upTo: .seconds(20)))
    queue.push(.twinGoes(host: twin), at: now + time)
  }

  /// Somebody starts it again and again, whatever it says.
  mutating func startTwin(_ twin: Int) {
    guard hosts[twin].twinOf != nil, hosts[twin].isUp else { return }
    if case .finished? = outcome { return }
    startAgent(twin)
    queue.push(.twinStarts(host: twin), at: now + random.time(.seconds(10), .seconds(90)))
  }

  /// It is deleted, with all that runs there.
  mutating func endTwin(_ twin: Int) {
    losePower(twin, nil)
    hosts[twin].deadSlots = []
    // Whoever comes next is a copy of its own.
    if hosts[twin].disk.attempts.values.allSatisfy(\.isCopy) { hosts[twin].twinOf = nil }
  }

  /// The hello of an agent counts. Where its machine is a copy of one that could not be heard, or has one, that one's
  /// trials may run on until they are told, or their lease is over, and one that was ordered before may begin: another boot
  /// of a machine is taken for the end of the one before.
  mutating func noteTakeover(_ host: Int) {
    hosts[host].isTakenOver = false
    for other in hosts.indices
    where other != host && hosts[other].key == hosts[host].key && hosts[other].machine == hosts[host].machine {
      hosts[other].isTakenOver = true
      for index in hosts[other].trials.indices { hosts[other].trials[index].isUnwatched = true }
    }
  }
}
