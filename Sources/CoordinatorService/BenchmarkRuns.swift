import ClusterFile
import CodeTree
import Coordination
import HostSystem
import Journal
import Presentation
import Scheduling
import Simulation
import TuningModel

/// One run of a benchmark: a scheduler with a seed.
struct BenchmarkRun {
  let scheduler: SchedulerOptions.Name
  let seed: Int
  let specification: RunSpecification
  /// The cluster file that its folder has. A run is one of this benchmark when it has the same file and the same code.
  let text: [UInt8]

  /// `pasha`; `asha:stopping`, as `simulate` names it.
  var method: String {
    specification.scheduler.type == .stopping ? "\(scheduler.rawValue):stopping" : scheduler.rawValue
  }

  /// `pasha, seed 0`.
  var label: String { "\(method), seed \(seed)" }

  /// What a run's folder is called after, as `RunFolder` shortens it.
  static let longestName = 39

  init(
    _ scheduler: SchedulerOptions.Name, seed: Int, of text: String, file: String, origin: String,
    atLimit: StopCriterion.AtLimit?
  ) throws {
    self.scheduler = scheduler
    self.seed = seed
    let folder = Files.parent(of: origin)
    let experiment = try ClusterFile.decode(text: text, fileName: file, baseDirectory: folder).specification.experiment
    let suffix = "-\(scheduler.rawValue.replacing("_", with: "-"))-s\(seed)"
    let name = experiment.name.prefix(max(1, Self.longestName - suffix.count)) + suffix
    let changed = try ClusterFileVariant(
      name: String(name), scheduler: scheduler, seed: seed, atLimit: atLimit
    ).text(of: text, fileName: file, baseDirectory: folder)
    self.text = Array(changed.utf8)
    specification = try ClusterFile.decode(text: changed, fileName: file, baseDirectory: folder).specification
  }

  /// The newest run of this benchmark in `home`; nil: there is none.
  func found(in home: String, code: String?) -> RunFolder? {
    let prefix = specification.experiment.name.replacing("_", with: "-").prefix(Self.longestName) + "-"
    return RunFolder.names(in: home).filter { $0.hasPrefix(prefix) }.sorted().reversed()
      .map { RunFolder(path: "\(home)/\($0)") }
      .first { folder in
        guard let bytes = try? Files.read(folder.clusterFile, limit: ClusterFile.sizeLimit), bytes == text else {
          return false
        }
        return (try? CodeTreeReader(folder: folder.code).hash) == code
      }
  }

  /// What the journal of a run of it tells.
  func result(of folder: RunFolder) throws -> (state: RunState, result: SimulationResult) {
    var state = try RunState(specification: specification)
    var recorded = RecordedResult(label: method, seed: UInt64(seed))
    try JournalReader(at: folder.journal).replay { record in
      let stamped = StampedFact(stamp: record.stamp, fact: record.fact)
      state.apply(stamped)
      recorded.note(stamped)
    }
    return (state, recorded.result(state))
  }
}

/// What became of a run of a benchmark.
struct BenchmarkOutcome {
  let run: BenchmarkRun
  /// The name of its folder; nil where none could be made.
  let name: String?
  /// nil: it failed.
  let result: SimulationResult?
  let failure: String?

  var json: JSONValue {
    let empty = SimulationResult(label: run.method, seed: UInt64(run.seed))
    guard case .object(var members) = Presentation.simulationJSON(result ?? empty) else { return .null }
    if result == nil {
      for index in members.indices.dropFirst(2) { members[index].value = .null }
    }
    members += [
      .init("seconds_to_trained_best", result?.secondsToTrainedBest.map { .double($0) } ?? .null),
      .init("run", name.map { .string($0) } ?? .null),
      .init("failure", failure.map { .string($0) } ?? .null),
    ]
    return .object(members)
  }
}
