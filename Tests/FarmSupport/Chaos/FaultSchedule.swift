import TuningModel

/// What happens in one run of chaos: a function of the seed and the run's number alone.
public struct FaultSchedule: Equatable, Sendable {
  /// Where checkpoints are kept.
  public enum Store: String, Sendable, CaseIterable { case host, coordinator, shared }

  public var hosts: Int
  public var slots: Int
  public var store: Store
  /// Agents come through SSH instead of directly.
  public var tunnels: Bool
  /// Seconds of one epoch.
  public var epoch: Double
  /// `random_seed` of the run.
  public var search: Int
  /// In their order in time.
  public var faults: [Fault]

  /// `lost_after` of the runs, in seconds.
  public static let lease = 6.0
  /// How long faults go on, in seconds.
  public static let length = 50.0

  /// - Parameters:
  ///   - run: the number of the run, from 1.
  ///   - only: the kinds of faults that are drawn; nil: all that the run can have.
  public init(seed: UInt64, run: Int, only: Set<FaultKind>? = nil) {
    var random = SeededGenerator(seed: seed, stream: UInt64(run))
    hosts = 3 + Int(random.nextBelow(2))
    slots = 1 + Int(random.nextBelow(2))
    store = Self.store(seed, run)
    tunnels = Self.tunnels(seed, run)
    epoch = 0.05 + 0.25 * random.nextUnit()
    search = Int(random.nextBelow(1000))
    faults = []
    let kinds = kinds.filter { only?.contains($0) ?? true }
    if kinds.isEmpty { return }
    // What is dealt to this run comes first.
    let dealt = Self.dealt(seed, run).filter(kinds.contains)
    var deck = Self.shuffled(dealt, &random) + Self.shuffled(kinds.filter { !dealt.contains($0) }, &random)
    var busy: [FaultKind.Target: [Int: Double]] = [:]
    var time = 1 + 2 * random.nextUnit()
    while time < Self.length {
      if deck.isEmpty { deck = Self.shuffled(kinds, &random) }
      // The first that can happen now: nothing happens twice at once to one thing.
      var chosen: Fault?
      for (index, kind) in deck.enumerated() {
        let fault = draw(kind, at: time, &random)
        if Self.isFree(fault, busy) {
          deck.remove(at: index)
          chosen = fault
          break
        }
      }
      if let fault = chosen {
        faults.append(fault)
        // A moment of quiet behind it, in which what it did can be mended.
        busy[fault.kind.target, default: [:]][fault.host] = fault.ends + 1
      }
      time += 0.5 + 3.5 * random.nextUnit()
    }
  }

  private static func store(_ seed: UInt64, _ run: Int) -> Store { Store.allCases[(run + Int(seed % 3)) % 3] }
  private static func tunnels(_ seed: UInt64, _ run: Int) -> Bool { (run + Int(seed % 2)) % 2 == 0 }

  /// The kinds of faults that a run with these settings can have.
  private var kinds: [FaultKind] { FaultKind.allCases.filter { Self.canHave($0, store, tunnels) } }

  private static func canHave(_ kind: FaultKind, _ store: Store, _ tunnels: Bool) -> Bool {
    switch kind {
    case .checkpointDiskFull: store == .shared
    case .launchersKilled: tunnels
    default: true
    }
  }

  /// Runs among which all kinds are dealt like cards: 1 to 4, 5 to 8, ... have all of them together.
  public static let runsForAllKinds = 4

  /// What a run has of the kinds: those that need something special come to a run that has it, the others in turn to the
  /// run with the fewest.
  private static func dealt(_ seed: UInt64, _ run: Int) -> [FaultKind] {
    let first = run - (run - 1) % runsForAllKinds
    var random = SeededGenerator(seed: seed, stream: UInt64(1 << 32 + first))
    var hands = Array(repeating: [FaultKind](), count: runsForAllKinds)
    let cards = shuffled(FaultKind.allCases, &random)
    let special = cards.filter { $0 == .checkpointDiskFull || $0 == .launchersKilled }
    for kind in special + cards.filter({ !special.contains($0) }) {
      let able = hands.indices.filter { canHave(kind, store(seed, first + $0), tunnels(seed, first + $0)) }
      guard let place = able.min(by: { hands[$0].count < hands[$1].count }) else { continue }
      hands[place].append(kind)
    }
    return hands[run - first]
  }

  private func draw(_ kind: FaultKind, at time: Double, _ random: inout SeededGenerator) -> Fault {
    var fault = Fault(kind: kind, at: time, lasts: 0)
    let unit = random.nextUnit()
    let isLong = random.nextUnit() < 0.35
    switch kind {
    case .agentKilled, .supervisorKilled, .agentAndSupervisorsKilled, .trialKilled, .launchersKilled: break
    // Shorter and longer than the lease; on waking twice as late it has to read before it judges.
    case .coordinatorStopped, .agentStopped, .supervisorStopped, .trialStopped, .linkCut, .hearsNothing, .heardByNobody:
      fault.lasts = isLong ? Self.lease * (1.2 + 0.8 * unit) : 0.3 + 3 * unit
    case .coordinatorKilled: fault.lasts = isLong ? Self.lease * (1 + 0.5 * unit) : 0.1 + 2 * unit
    case .hostKilled: fault.lasts = isLong ? Self.lease * (1.2 + 0.5 * unit) : 0.5 + 2 * unit
    case .loss, .delay, .narrow: fault.lasts = 3 + 6 * unit
    case .journalDiskFull, .trialDiskFull, .checkpointDiskFull: fault.lasts = 1 + 3 * unit
    case .coordinatorClock, .agentClocks: fault.lasts = 2 + 6 * unit
    }
    if kind.concernsHost { fault.host = 1 + Int(random.nextBelow(UInt64(hosts))) }
    fault.pick = random.nextBits()
    return fault
  }

  private static func isFree(_ fault: Fault, _ busy: [FaultKind.Target: [Int: Double]]) -> Bool {
    func until(_ target: FaultKind.Target) -> Double { busy[target]?[fault.host] ?? 0 }
    let others: [FaultKind.Target]
    switch fault.kind.target {
    case .host: others = [.host, .processes, .link, .disk]
    case .processes, .link, .disk: others = [.host, fault.kind.target]
    // Both end the coordinator.
    case .coordinator, .journalDisk: others = [.coordinator, .journalDisk]
    case .sharedDisk, .clock, .clocks: others = [fault.kind.target]
    }
    return others.allSatisfy { until($0) <= fault.at }
  }

  private static func shuffled(_ kinds: [FaultKind], _ random: inout SeededGenerator) -> [FaultKind] {
    var kinds = kinds
    for index in kinds.indices.dropFirst().reversed() {
      kinds.swapAt(index, Int(random.nextBelow(UInt64(index + 1))))
    }
    return kinds
  }
}
