import ClusterFile
import Coordination
import Foundation
import HostSystem
import Journal
import Presentation
import TuningModel

/// What `clean` is asked for.
public struct CleanOptions: Sendable {
  /// Runs by name; with them, or with `olderThan`, these are cleaned, else what is left of no run.
  public var runs: [String]
  /// Only checkpoints go, but for those of so many best trials.
  public var keepBest: Int?
  /// Runs that ended so long ago, as `30d`.
  public var olderThan: String?
  /// Whether a run's folder goes although a host of it could not be reached.
  public var forgets: Bool
  public var isAgreed: Bool
  public var json: Bool

  public init(
    runs: [String], keepBest: Int? = nil, olderThan: String? = nil, forgets: Bool = false, isAgreed: Bool = false,
    json: Bool = false
  ) {
    self.runs = runs
    self.keepBest = keepBest
    self.olderThan = olderThan
    self.forgets = forgets
    self.isAgreed = isAgreed
    self.json = json
  }
}

extension Commands {
  /// Frees disk here and on the hosts: first tells what would go, then removes it where that is agreed to.
  public static func clean(_ options: CleanOptions, home: String = RunFolder.home) throws -> ExitCode {
    if let count = options.keepBest {
      guard count >= 0 else { throw ServiceError(.usage, "--keep-best must be at least 0, not \(count)") }
      guard !options.runs.isEmpty || options.olderThan != nil else {
        throw ServiceError(.usage, "--keep-best needs runs: name them, or give --older-than")
      }
    }
    let cleaner = Cleaner(options: options, home: home)
    let found = try cleaner.look()
    let isAgreed = options.isAgreed || (!found.isEmpty && agree(found, options))
    let outcomes = isAgreed ? try cleaner.remove() : found.outcomes
    if options.json {
      show(
        JSONValue.object([
          .init("removed", .bool(isAgreed)), .init("runs", .array(found.runs.map { .string($0) })),
          .init("bytes", .int(outcomes.reduce(0) { $0 + $1.bytes })), .init("hosts", .array(outcomes.map(\.json))),
        ]).jsonText(.strict))
    } else if isAgreed {
      tell(outcomes, removed: true)
    } else {
      if !asks(options) { tell(found.outcomes, removed: false) }
      if !found.isEmpty { show("nothing was removed\(asks(options) ? "" : "; --yes removes it")") }
    }
    return outcomes.allSatisfy(\.isComplete) ? .success : .incomplete
  }

  private static func asks(_ options: CleanOptions) -> Bool {
    !options.json && !options.isAgreed && isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1
  }

  private static func agree(_ found: Cleaner.Found, _ options: CleanOptions) -> Bool {
    guard asks(options) else { return false }
    tell(found.outcomes, removed: false)
    complain("remove this? [y/N] ")
    return ["y", "yes"].contains((readLine() ?? "").lowercased())
  }

  private static func tell(_ outcomes: [CleanOutcome], removed: Bool) {
    var rows: [[String]] = []
    for outcome in outcomes {
      for item in outcome.items where item.problem == nil {
        rows.append([
          Presentation.printable(outcome.host), item.words, Presentation.bytes(item.bytes),
          Presentation.printable(item.path),
        ])
      }
    }
    let bytes = Presentation.bytes(outcomes.reduce(0) { $0 + $1.bytes })
    if rows.isEmpty {
      show("there is nothing to clean")
    } else {
      show(Presentation.table([["host", removed ? "removed" : "would go", "size", "path"]] + rows))
      show("\(bytes) \(removed ? "freed" : "in all")")
    }
    for outcome in outcomes {
      for note in outcome.notes { show("\(Presentation.printable(outcome.host)): \(Presentation.printable(note))") }
      for item in outcome.items {
        if let problem = item.problem {
          complain("\(Presentation.printable(outcome.host)): \(item.words) stays: \(Presentation.printable(problem))")
        }
      }
      if let problem = outcome.problem {
        let name = Presentation.printable(outcome.host)
        complain(problem.hasPrefix(outcome.host) ? Presentation.printable(problem) : "\(name): \(problem)")
      }
    }
  }
}

/// Looks for what `clean` is to remove, and removes it.
struct Cleaner {
  struct Found {
    var runs: [String]
    var outcomes: [CleanOutcome]
    var isEmpty: Bool { outcomes.allSatisfy { $0.items.allSatisfy { $0.problem != nil } } }
  }

  private struct Chosen {
    let folder: RunFolder
    let state: RunState
    /// nil: the whole run goes.
    let keep: [Int]?
  }

  let options: CleanOptions
  let home: String

  private var state: String { Files.parent(of: home) }
  private var isForRuns: Bool { !options.runs.isEmpty || options.olderThan != nil }

  func look() throws -> Found {
    let chosen = try choose()
    return Found(runs: chosen.map(\.folder.name), outcomes: try outcomes(chosen, removes: false))
  }

  /// Removes what is to go now: locks of the runs are held meanwhile, so that no coordinator goes on with one.
  func remove() throws -> [CleanOutcome] {
    let chosen = try choose()
    let held = try chosen.map(hold)
    defer { for hold in held { hold.end() } }
    var outcomes = try outcomes(chosen, removes: true)
    var own = CleanOutcome(host: "this machine")
    for run in chosen where run.keep == nil {
      let isDone = outcomes.allSatisfy { outcome in
        !places([run]).contains { $0.host.name == outcome.host } || outcome.isComplete
      }
      if isDone || options.forgets {
        own.items.append(CleanHere.remove("run", run.folder.path, of: run.folder.name, true))
      } else {
        own.items.append(
          CleanItem(
            kind: "run", run: run.folder.name, path: run.folder.path, bytes: 0,
            problem:
              "hosts still hold something of it; the same command again, or --forget where they will not come back"))
      }
    }
    if !own.items.isEmpty { outcomes.append(own) }
    return outcomes
  }

  /// What keeps coordinators from a run.
  private enum Hold {
    case lock(FileLock)
    case journal(Journal)

    func end() { if case .journal(let journal) = self { try? journal.close() } }
  }

  /// Takes the run's lock. The run's own journal says first what becomes of its checkpoints.
  private func hold(_ run: Chosen) throws -> Hold {
    guard let keep = run.keep.map(Set.init) else {
      guard let lock = try FileLock.tryAcquire(run.folder.path + "/lock") else { throw busy(run.folder, nil) }
      // Somebody may have gone on with it just now, and ended.
      guard try run.folder.state().end != nil else { throw busy(run.folder, nil) }
      return .lock(lock)
    }
    let journal = try Journal.open(at: run.folder.journal)
    do {
      let state = try run.folder.state()
      guard state.end != nil else { throw busy(run.folder, nil) }
      let stamp = Stamp(wall: HostClock.wall, active: state.lastStamp?.active ?? .zero)
      let dropped = state.trials.filter { !$0.seals.isEmpty && !keep.contains($0.id.rawValue) }
      let facts = dropped.map { StampedFact(stamp: stamp, fact: .checkpointsDropped($0.id, keeping: [])) }
      if !facts.isEmpty { try journal.append(facts) }
      return .journal(journal)
    } catch {
      try? journal.close()
      throw error
    }
  }

  // MARK: What there is

  private func choose() throws -> [Chosen] {
    var chosen: [Chosen] = []
    for name in options.runs {
      let folder = try RunFolder.find(name, in: home)
      let state = try folder.state()
      if case .silent(let pid, isStopped: _) = folder.service { throw busy(folder, pid) }
      if case .running(let pid) = folder.service { throw busy(folder, pid) }
      guard state.end != nil else {
        throw ServiceError(
          .usage,
          "run \(folder.name) is not over; `pasha-coord stop \(folder.name)` ends it, and then it can be cleaned")
      }
      // What it has elsewhere is found by its name, and removed by it.
      guard let own = state.start?.run, own == folder.name else {
        throw ServiceError(
          .usage,
          "the folder \(folder.path) is that of run \(state.start?.run ?? "without a name"): give it that name back")
      }
      guard !chosen.contains(where: { $0.folder.path == folder.path }) else { continue }
      chosen.append(Chosen(folder: folder, state: state, keep: kept(state)))
    }
    guard let text = options.olderThan else { return chosen }
    guard let age = ClusterFile.duration(fromArgument: text), age >= .zero else {
      throw ServiceError(.usage, "--older-than must be a duration such as 30d or 12h, not '\(text)'")
    }
    for folder in RunFolder.newestFirst(in: home) where !chosen.contains(where: { $0.folder.path == folder.path }) {
      guard let state = try? folder.state(), state.end != nil, state.start?.run == folder.name,
        case .none = folder.service,
        let last = state.lastStamp, HostClock.wall - last.wall >= age
      else { continue }
      chosen.append(Chosen(folder: folder, state: state, keep: kept(state)))
    }
    return chosen
  }

  private func busy(_ folder: RunFolder, _ pid: Int?) -> ServiceError {
    let process = pid.map { " (process \($0))" } ?? ""
    return ServiceError(.busy, "a coordinator runs \(folder.name)\(process); `pasha-coord stop` ends it")
  }

  private func kept(_ state: RunState) -> [Int]? {
    options.keepBest.map { state.finalRanking.prefix($0).map(\.id.rawValue) }
  }

  private func outcomes(_ chosen: [Chosen], removes: Bool) throws -> [CleanOutcome] {
    let here = CleanHere(state: state)
    guard isForRuns else {
      let known = RunFolder.newestFirst(in: home).compactMap { folder in
        (try? folder.state()).map { Chosen(folder: folder, state: $0, keep: nil) }
      }
      let places = places(known, withRuns: false).filter { ClusterOptions.isRemote($0.host) }
      if !removes, !places.isEmpty, !options.json {
        complain("looking at \(Presentation.count(places.count, "host")) …")
      }
      let own = here.leftOvers(removes: removes)
      return [own] + (try CleanRound(places: places, state: state, cleansAgents: true).run(removes: removes))
    }
    let places = places(chosen)
    let remote = places.count { ClusterOptions.isRemote($0.host) }
    if !removes, !options.json, remote > 0 { complain("looking at \(remote) hosts …") }
    var outcomes = try CleanRound(places: places, state: state, cleansAgents: false).run(removes: removes)
    for run in chosen {
      var own = CleanOutcome(host: "this machine", notes: notes(run))
      if let keep = run.keep {
        if let item = CleanHere.copies(of: run.folder, keeping: Set(keep), removes: removes) { own.items.append(item) }
      } else if !removes {
        own.items.append(CleanHere.remove("run", run.folder.path, of: run.folder.name, false))
      }
      if !own.items.isEmpty || !own.notes.isEmpty { outcomes.append(own) }
    }
    return outcomes
  }

  /// What is left to others.
  private func notes(_ run: Chosen) -> [String] {
    let names = Set((run.state.specification.cluster.hosts + run.state.addedHosts).map(\.name) + ["local"])
    var notes = run.state.agents.map(\.name).filter { !names.contains($0) }.uniqued.map { name in
      "\(name) joined \(run.folder.name) by hand: there, `pasha-agent end --files --run \(run.folder.name)` frees its disk"
    }
    if case .command = run.state.specification.checkpoints.store {
      notes.append("what the commands of checkpoints.store keep of \(run.folder.name) stays")
    }
    return notes
  }

  /// Hosts that had an agent of one of the runs.
  private func places(_ runs: [Chosen], withRuns: Bool = true) -> [CleanPlace] {
    var places: [CleanPlace] = []
    for run in runs {
      let cluster = run.state.specification.cluster
      var shared: String?
      if case .shared(let folder) = run.state.specification.checkpoints.store { shared = folder }
      let known = run.state.addedHosts + cluster.hosts
      for name in run.state.agents.map(\.name).uniqued {
        let host =
          known.first { $0.name == name } ?? (name == "local" ? HostOptions(name: "local", host: "local") : nil)
        guard let host else { continue }
        let place = CleanPlace(host: host, cluster: cluster)
        let index = places.firstIndex { $0.isSame(as: place) } ?? places.count
        if index == places.count { places.append(place) }
        guard withRuns else { continue }
        places[index].runs.append(.init(name: run.folder.name, keep: run.keep, sharedFolder: shared))
        // One host is enough for what all of them mount.
        if run.keep == nil { shared = nil }
      }
    }
    return places
  }
}

extension Array where Element: Hashable {
  /// Each once, in the order of their first places.
  fileprivate var uniqued: [Element] {
    var seen: Set<Element> = []
    return filter { seen.insert($0).inserted }
  }
}
