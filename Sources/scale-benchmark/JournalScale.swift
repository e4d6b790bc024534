import ClusterFile
import Coordination
import Foundation
import HostSystem
import Journal
import TuningModel
import Wire

/// A journal of many facts, and how long it takes to read it again.
struct JournalScale {
  private static let agents = 64
  private static let batch = 250
  private var clusterFile: String { Self.clusterFile.replacing("GRACE", with: "\(gracePeriod)") }
  private static let clusterFile = """
    experiment:
      name: scale
      entry_point: "true"
      config_space:
        lr: {type: loguniform, lower: 1.0e-5, upper: 1.0}
        momentum: {type: uniform, lower: 0, upper: 1}
        layers: {type: randint, lower: 1, upper: 12}
        activation: {type: choice, values: [relu, gelu, tanh]}
      metric: loss
      mode: min
      resource_attr: epoch
    scheduler: {name: pasha, max_t: 200, grace_period: GRACE, reduction_factor: 3, random_seed: 1}
    stop_criterion: {max_num_trials_started: 10000000}

    """

  let facts: Int
  let folder: String
  var gracePeriod = 10

  var path: String { folder + "/journal.sqlite" }

  /// What the journal's run is to do. Makes the journal unless it is there.
  func prepare() throws -> RunSpecification {
    let specification = try ClusterFile.decode(
      text: clusterFile, fileName: "cluster.yml", baseDirectory: "/", checksFiles: false
    ).specification
    if !Files.exists(path) { try fill(path, specification) }
    return specification
  }

  func measure() throws -> [JSONValue.Member] {
    let specification = try prepare()
    var kinds: [String: Int] = [:]
    let (opening, journal) = try Self.timed { try Journal.open(at: path) }
    let (reading, _) = try Self.timed { try journal.replay { kinds[$0.fact.kind, default: 0] += 1 } }
    var coordinator = try Coordinator(specification: specification)
    let (replaying, _) = try Self.timed {
      try journal.replay { coordinator.replay(StampedFact(stamp: $0.stamp, fact: $0.fact)) }
    }
    let count = journal.lastSequence
    try journal.close()
    return [
      ScaleBenchmark.figure("facts", count),
      ScaleBenchmark.figure("bytes", try Files.status(path)?.size ?? 0),
      ScaleBenchmark.figure("trials", coordinator.state.trials.count),
      ScaleBenchmark.figure("open_s", opening),
      ScaleBenchmark.figure("read_s", reading),
      ScaleBenchmark.figure("replay_s", replaying),
      ScaleBenchmark.figure("resume_s", opening + replaying),
      .init("kinds", .object(kinds.sorted { $0.value > $1.value }.map { ScaleBenchmark.figure($0.key, $0.value) })),
    ]
  }

  static func timed<Result>(_ body: () throws -> Result) rethrows -> (seconds: Double, Result) {
    let begun = HostClock.now
    let result = try body()
    return ((HostClock.now - begun).inSeconds, result)
  }

  // MARK: The run

  /// Drives the coordinator with agents whose trials report in turn, until there are enough facts.
  private func fill(_ path: String, _ specification: RunSpecification) throws {
    try Files.makeFolder(folder, intermediates: true)
    try Files.writeDurably(folder + "/cluster.yml", Array(clusterFile.utf8))
    try Files.writeDurably(folder + "/origin", Array((folder + "/cluster.yml").utf8))
    let journal = try Journal.create(at: path)
    var run = VirtualRun(coordinator: try Coordinator(specification: specification), agents: Self.agents)
    run.begin()
    while journal.lastSequence + run.facts.count < facts {
      run.reportOnce()
      guard run.facts.count >= Self.batch else { continue }
      try journal.append(run.facts)
      run.facts.removeAll(keepingCapacity: true)
    }
    try journal.append(Array(run.facts.prefix(max(0, facts - journal.lastSequence))))
    try journal.close()
  }
}

/// A coordinator and its agents as values, in a time of their own.
private struct VirtualRun {
  var coordinator: Coordinator
  var facts: [StampedFact] = []
  private var agents: [StandInAgent]
  private var now = 0

  init(coordinator: Coordinator, agents count: Int) {
    self.coordinator = coordinator
    agents = (0..<count).map { StandInAgent(name: "host\($0)") }
  }

  private var moment: Moment {
    Moment(
      monotonic: Instant(nanoseconds: Int64(now) * 1_000_000),
      wall: Timestamp(microseconds: 1_800_000_000_000_000 + Int64(now) * 1000))
  }

  mutating func begin() {
    take(.started(RunStart(run: "scale", version: "0", specificationHash: "", codeHash: nil, randomSeed: 1)))
    take(.listening(control: 1, bulk: 2))
    for index in agents.indices { take(.admit(publicKey: agents[index].name, name: agents[index].name)) }
    for index in agents.indices {
      agents[index].greet()
      exchange()
    }
  }

  /// One report of each trial.
  mutating func reportOnce() {
    for index in agents.indices {
      now += 1
      _ = agents[index].report(1, at: moment.wall)
      exchange()
    }
    // Where an agent is silent because it has nothing to say, its heartbeats are what keeps it in touch.
    for index in agents.indices where now % 4096 < agents.count {
      take(.message(from: agents[index].name, .heartbeat(sentAt: moment.monotonic)))
    }
  }

  private mutating func exchange() {
    while let index = agents.firstIndex(where: { !$0.outbox.isEmpty }) {
      let message = agents[index].outbox.removeFirst()
      take(.message(from: agents[index].name, message))
    }
  }

  private mutating func take(_ event: Event) {
    let output = coordinator.handle(event, at: moment)
    facts += output.facts
    for effect in output.effects {
      if case .send(let agent, let message) = effect { agents[agent.rawValue].receive(message) }
    }
  }
}
