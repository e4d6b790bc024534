import Coordination
import Scheduling
import SearchSpace
import TuningModel

extension SeededGenerator {
  /// A whole number of the range.
  mutating func draw(_ range: ClosedRange<Int>) -> Int {
    range.lowerBound + Int(nextBelow(UInt64(range.upperBound - range.lowerBound + 1)))
  }

  /// True so many times of a thousand.
  mutating func chance(_ thousandths: Int) -> Bool { Int(nextBelow(1_000)) < thousandths }

  mutating func pick<Element>(_ elements: [Element]) -> Element {
    elements[Int(nextBelow(UInt64(elements.count)))]
  }

  /// A time up to this one; short ones as often as long ones.
  mutating func time(upTo longest: Duration) -> Duration {
    let nanoseconds = max(1, longest.wholeNanoseconds)
    let scale = nextUnit()
    return .nanoseconds(Int64(Double(nanoseconds) * scale * scale))
  }

  mutating func time(_ shortest: Duration, _ longest: Duration) -> Duration {
    shortest + .nanoseconds(Int64(Double((longest - shortest).wholeNanoseconds) * nextUnit()))
  }
}

extension FaultScenario {
  static let hyperparameter = "x"
  static let resource = "epoch"
  static let metric = "loss"

  /// Everything that the seed decides before the world begins.
  init(seed: UInt64) {
    var random = SeededGenerator(seed: seed, stream: 1)
    self.seed = seed
    let hosts = (0..<random.draw(1...3)).map { _ in
      Host(slots: random.draw(1...2), clock: Self.clock(&random))
    }
    self.hosts = hosts
    coordinatorClock = Self.clock(&random)
    specification = Self.specification(seed, &random)
    channel = Self.channel(&random)
    let lease = specification.cluster.lostAfter
    // Some seeds break nothing: what is true then must be true too.
    let isQuiet = random.chance(60)
    quietFrom = isQuiet ? .zero : .zero + random.time(.seconds(120), .seconds(1_500))
    faults = isQuiet ? [] : Self.faults(until: quietFrom, hosts: hosts, lease: lease, &random)
    bound = quietFrom + .seconds(8 * 3_600) + lease * 12
  }

  private static func clock(_ random: inout SeededGenerator) -> Clock {
    Clock(start: .zero + random.time(.zero, .seconds(1_000_000)), error: Int64(random.draw(-4_000...4_000)))
  }

  private static func specification(_ seed: UInt64, _ random: inout SeededGenerator) -> RunSpecification {
    let name: SchedulerOptions.Name = random.chance(700) ? .pasha : random.pick([.asha, .hyperband, .syncHyperband])
    var options = SchedulerOptions(
      name: name, mode: random.chance(500) ? .min : .max, maxResource: random.pick([9, 13, 27]))
    if name == .asha, random.chance(300) { options.type = .stopping }
    let heartbeat = random.time(.seconds(4), random.chance(700) ? .seconds(7) : .seconds(25))
    let lease = max(heartbeat * 13, .seconds(55) + random.time(upTo: .seconds(500)))
    // Long first legs, which a lease may end in.
    if name != .syncHyperband, random.chance(300) { options.gracePeriod = 3 }
    var checkpoints = CheckpointPolicy(
      holdLimit: random.time(.seconds(5), .seconds(90)), settle: random.time(.milliseconds(200), .seconds(5)),
      grace: random.time(.seconds(1), .seconds(10)))
    // Long ones too, which make the lease on the host much shorter than the coordinator's patience. Drawn apart: seeds
    // without one mean what they meant.
    var graces = SeededGenerator(seed: seed, stream: 3)
    if graces.chance(300) { checkpoints.grace = graces.time(.seconds(10), lease * 2 / 5) }
    if random.chance(250) { checkpoints.store = .coordinator }
    if random.chance(200) { checkpoints.keepBest = random.draw(1...3) }
    let stop = StopCriterion(
      maxTrialsStarted: random.draw(2...12),
      atLimit: random.chance(800) ? .finishPromotions : random.pick([.now, .finishRunning]),
      trainBest: random.chance(80) ? 1 : nil)
    let attribute = random.chance(120) ? "epochs" : nil
    return RunSpecification(
      experiment: Experiment(
        name: "faults", entryPoint: ["train"],
        space: ConfigurationSpace([.init(Self.hyperparameter, .uniform(lower: 0, upper: 1))]), metric: Self.metric,
        mode: options.mode, resourceAttribute: Self.resource, maxResourceAttribute: attribute),
      scheduler: options, searcher: SearcherOptions(randomSeed: seed), stop: stop,
      cluster: ClusterOptions(lostAfter: lease, heartbeat: heartbeat), checkpoints: checkpoints,
      failures: FailurePolicy(maxFailures: random.chance(300) ? nil : 1_000, maxRestarts: random.draw(1...6)))
  }

  private static func channel(_ random: inout SeededGenerator) -> Channel {
    var channel = Channel(delay: random.time(.milliseconds(1), .milliseconds(400)))
    // What a TCP connection never does, and a relay might.
    if random.chance(350) {
      channel.lost = random.chance(700) ? random.draw(0...300) : 0
      channel.doubled = random.chance(700) ? random.draw(0...500) : 0
      channel.reordered = random.chance(700) ? random.draw(0...300) : 0
      channel.detour = random.time(.seconds(1), .seconds(30))
    }
    return channel
  }

  private static func faults(
    until end: Instant, hosts: [Host], lease: Duration, _ random: inout SeededGenerator
  ) -> [Fault] {
    let count = random.draw(1...14)
    // Not all kinds in each seed: some faults hide others.
    let kinds = (0..<random.draw(1...6)).map { _ in random.draw(0...19) }
    var faults: [Fault] = []
    for _ in 0..<count {
      let at = Instant.zero + random.time(.seconds(1), end - .zero)
      faults.append(Fault(at: at, kind: kind(random.pick(kinds), hosts: hosts, lease: lease, &random)))
    }
    return faults.sorted { $0.at < $1.at }
  }

  private static func kind(
    _ number: Int, hosts: [Host], lease: Duration, _ random: inout SeededGenerator
  ) -> Fault.Kind {
    let host = random.draw(0...(hosts.count - 1))
    let pick = random.draw(0...7)
    let long = Self.absence(lease, &random)
    switch number {
    case 0, 1: return .coordinatorCrashes(crashPoint(&random), down: long)
    case 2: return .coordinatorStops(long)
    case 3: return .agentCrashes(host: host)
    case 4: return .agentStops(host: host, long)
    case 5: return .supervisorCrashes(host: host, pick: pick)
    // Nobody keeps the lease of a trial whose supervisor stands still for longer than the margin.
    case 6:
      return .supervisorStops(host: host, pick: pick, random.chance(500) ? random.time(upTo: lease / 100) : long)
    case 7: return .agentAndSupervisorsCrash(host: host)
    case 8: return .trialKilled(host: host, pick: pick, outOfMemory: random.chance(300))
    case 9: return .trialStops(host: host, pick: pick, long)
    case 10: return .powerLoss(host: host, down: long)
    case 11: return .hostSleeps(host: host, long)
    case 12:
      return .linkCut(host: host, random.pick([.both, .both, .both, .toCoordinator, .toAgent]), long)
    case 13: return .connectionReset(host: host)
    case 14: return .diskFull(host: host, random.time(upTo: .seconds(300)))
    case 15:
      return .deviceFails(host: host, slot: random.draw(0...(hosts[host].slots - 1)), random.time(upTo: .seconds(600)))
    case 16: return .wallClockJumps(host: random.chance(500) ? host : nil, seconds: random.draw(-86_400...86_400))
    case 17:
      return operatorCommand(pick, &random)
    case 18: return .operatorDrains(host: host, random.time(upTo: .seconds(600)))
    default: return .twin(of: host, isMachine: random.chance(500), random.time(.seconds(30), .seconds(900)))
    }
  }

  private static func operatorCommand(_ pick: Int, _ random: inout SeededGenerator) -> Fault.Kind {
    switch random.draw(0...9) {
    case 0...2: .operatorStopsTrial(pick: pick)
    case 3...5: .operatorPausesRun(random.time(upTo: .seconds(300)))
    case 6...8: .operatorPausesTrial(pick: pick, random.time(upTo: .seconds(900)))
    default: operatorAdds(random.draw(0...100))
    }
  }

  private static func operatorAdds(_ number: Int) -> Fault.Kind {
    number < 40 ? .operatorExtends(trials: 1 + number % 4) : .operatorEnqueues(hundredths: number)
  }

  /// Short ones as often as long ones, and many that are about as long as the lease.
  private static func absence(_ lease: Duration, _ random: inout SeededGenerator) -> Duration {
    random.chance(400) ? random.time(lease * 9 / 10, lease * 12 / 10) : random.time(upTo: lease * 2)
  }

  private static func crashPoint(_ random: inout SeededGenerator) -> Fault.CrashPoint {
    switch random.draw(0...5) {
    case 0: .atOnce
    case 1: .commitFails
    case 2: .commitFailsButHolds
    case 3: .afterCommit
    case 4: .afterEffects(random.draw(0...3))
    default: .partOfTurn(random.draw(1...3))
    }
  }
}
