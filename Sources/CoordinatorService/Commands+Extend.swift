import ClusterFile
import Coordination
import Foundation
import HostSystem
import Journal
import Presentation
import TuningModel

extension Commands {
  /// What a run is given beside what it had.
  public struct Extension: Sendable {
    /// Trials more than were started.
    public var trials: Int?
    /// Time more than the run has been up, as `2h`.
    public var time: String?

    public init(trials: Int?, time: String?) {
      self.trials = trials
      self.time = time
    }
  }

  /// Gives a run more trials or time. One that a coordinator runs takes them at once; one that is over, paused or
  /// interrupted is made ready, and `RunService.resume` goes on with it.
  /// - Returns: whether a coordinator is to be started.
  public static func extend(
    run: String?, by more: Extension, json: Bool, home: String = RunFolder.home
  ) throws -> (folder: RunFolder, needsCoordinator: Bool) {
    let folder = try RunFolder.find(run, in: home)
    // Of several that extend a run at once each adds to what the one before has made of it.
    for _ in 1..<20 {
      do {
        return try extend(folder, by: more, json: json, home)
      } catch let error as ServiceError where error.message == RequestDesk.changedMeanwhile {}
    }
    return try extend(folder, by: more, json: json, home)
  }

  private static func extend(
    _ folder: RunFolder, by more: Extension, json: Bool, _ home: String
  ) throws -> (folder: RunFolder, needsCoordinator: Bool) {
    let base = try Files.readText(folder.clusterFile, limit: ClusterFile.sizeLimit)
    let hash = SHA256.hash(Array(base.utf8))
    let state = try folder.state()
    let changed = try changedFile(of: folder, base, state, by: more)
    let change = SpecificationChange.compare(try folder.specification(), changed.specification)
    guard change.refused.isEmpty else {
      throw ServiceError(
        .software, "the file of the run cannot be changed: " + change.refused.map(\.key).joined(separator: ", "))
    }
    if let reason = endAtOnce(state, under: changed.specification.stop) {
      throw ServiceError(.usage, "the run would end at once again: \(Presentation.reason(reason, state))")
    }
    if state.training != nil, state.end == nil {
      throw ServiceError(
        .usage, "the search is over, and its best trials are being trained; extend the run when it has ended")
    }
    if state.closing?.suspends == false, folder.service.isThere {
      throw ServiceError(.notRunning, "run \(folder.name) is ending; extend it in a moment, when it is over")
    }
    if state.end == nil, folder.service.isThere {
      let origin = folder.originPath
      let members: [JSONValue.Member] = [
        .init("op", .string("reload")), .init("text", .string(changed.text)), .init("path", .string(origin)),
        .init("base", .string(hash)),
      ]
      _ = try ask(folder.path, members, home) { _ in
        if json { show(#"{"ok":true}"#) } else { tell(change) }
      }
      return (folder, false)
    }
    try prepare(folder, changed, base: hash)
    if !json { tell(change) }
    return (folder, true)
  }

  private static func tell(_ change: SpecificationChange) {
    for line in change.applicable { show(line.text) }
  }

  private static func endAtOnce(_ state: RunState, under stop: StopCriterion) -> RunEnd.Reason? {
    if let reason = state.limitReached(stop, after: state.lastStamp?.active ?? .zero) { return reason }
    if let limit = stop.maxTrialsStarted, state.trials.count >= limit { return .trialsStarted }
    return state.drain?.reason == .spaceExhausted ? .spaceExhausted : nil
  }

  private static func changedFile(
    of folder: RunFolder, _ text: String, _ state: RunState, by more: Extension
  ) throws -> ClusterFile.Changed {
    let stop = state.specification.stop
    var started: Int?
    if let trials = more.trials {
      guard (1...1_000_000_000).contains(trials) else {
        throw ServiceError(.usage, "--trials must be from 1 to 1000000000, not \(trials)")
      }
      started = max(state.trials.count, stop.maxTrialsStarted ?? 0) + trials
      if state.end == nil, state.drain == nil, stop.maxTrialsStarted == nil {
        throw ServiceError(.usage, "the run has no limit of trials (max_num_trials_started)")
      }
    }
    var time: Duration?
    if let text = more.time {
      guard let length = ClusterFile.duration(fromArgument: text), length > .zero else {
        throw ServiceError(.usage, "--time must be a duration such as 90m or 2h, not '\(text)'")
      }
      let active = state.lastStamp?.active ?? .zero
      // Whole seconds: the file is read by people.
      time = .seconds(max(active, stop.maxWallclockTime ?? .zero).components.seconds + length.components.seconds + 1)
    }
    guard started != nil || time != nil else {
      throw ServiceError(.usage, "say by what: --trials N, --time T")
    }
    let origin = folder.originPath
    var limits: [(key: String, value: ClusterFile.Limit)] = []
    if let started { limits.append(("max_num_trials_started", .count(started))) }
    if let time { limits.append(("max_wallclock_time", .time(time))) }
    return try ClusterFile.extending(
      text, fileName: folder.clusterFile, baseDirectory: Files.parent(of: origin), limits: limits)
  }

  /// The changed file beside the one that counts, then the fact, then its name: whatever comes between, `resume` finds
  /// either the run as it was or the extended one.
  private static func prepare(_ folder: RunFolder, _ changed: ClusterFile.Changed, base: String) throws {
    let journal = try Journal.open(at: folder.journal)
    guard SHA256.hash(try Files.read(folder.clusterFile, limit: ClusterFile.sizeLimit)) == base else {
      try journal.close()
      throw ServiceError(.software, RequestDesk.changedMeanwhile)
    }
    var state = try RunState(specification: folder.specification())
    try journal.replay { state.apply(StampedFact(stamp: $0.stamp, fact: $0.fact)) }
    try Files.writeDurably(folder.nextClusterFile, Array(changed.text.utf8))
    let stamp = Stamp(wall: HostClock.wall, active: state.lastStamp?.active ?? .zero)
    let hash = SHA256.hash(Array(changed.text.utf8))
    var facts = [StampedFact(stamp: stamp, fact: .specificationChanged(hash: hash))]
    if state.end != nil || state.drain != nil { facts.append(StampedFact(stamp: stamp, fact: .runExtended)) }
    try journal.append(facts)
    folder.adoptNextClusterFile(expecting: hash)
    try journal.close()
  }
}
