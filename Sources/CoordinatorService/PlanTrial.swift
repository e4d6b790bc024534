import CodeTree
import Coordination
import HostSystem
import Journal
import Presentation
import Scheduling
import Simulation
import TuningModel

/// A short run of a cluster file on one host, to see how fast its trials go. Nothing of it stays.
struct PlanTrial {
  struct Measure {
    var pace: TrialPace
    /// As the agent said.
    var slots: Int
  }

  enum Outcome {
    case measured(Measure)
    /// Why nothing was measured.
    case failed(String)
    case interrupted
  }

  let specification: RunSpecification
  let origin: String
  let tree: CodeTree?
  let options: RunService.Options
  /// Epochs of each trial.
  let epochs: Int
  /// Trials, all started at once where there are slots.
  let trials: Int
  let limit: Duration

  /// - Parameter host: nil: this machine, where the file names no host.
  func run(on host: HostOptions?) throws -> Outcome {
    let specification = specification(on: host)
    let service = try RunService.begin(specification, text: [], origin: origin, tree: tree, options: options)
    let folder = service.folder
    defer { clear(host, folder) }
    var end: RunState?
    do {
      _ = try service.run { state in
        end = state
        return .success
      }
    } catch let error as ServiceError {
      return .failed(error.message)
    }
    guard let end else { return .interrupted }
    var reader = TrialPaceReader()
    try JournalReader(at: folder.journal).replay { record in
      reader.note(StampedFact(stamp: record.stamp, fact: record.fact))
    }
    guard let pace = reader.pace, let slots = end.agents.compactMap(\.greeting?.slots).first else {
      return .failed(reason(end))
    }
    return .measured(Measure(pace: pace, slots: slots))
  }

  private func specification(on host: HostOptions?) -> RunSpecification {
    var specification = specification
    specification.cluster.hosts = host.map { [$0] } ?? []
    specification.cluster.maxWorkers = nil
    specification.scheduler = SchedulerOptions(
      name: .fifo, mode: specification.experiment.mode, maxResource: epochs)
    specification.stop = StopCriterion(maxTrialsStarted: trials, maxWallclockTime: limit)
    // What a store is given would stay there.
    specification.checkpoints.store = .host
    specification.failures = FailurePolicy(maxFailures: 0, maxRestarts: 0)
    return specification
  }

  private func reason(_ end: RunState) -> String {
    let failures = end.trials.compactMap(\.failureMessage)
    let words = ([end.end?.message, end.totals.lastFailure?.message] + failures).compactMap { $0 }
    if let words = words.first(where: { !$0.isEmpty }) { return words }
    guard end.end?.reason == .wallclockTime else { return Presentation.nothingReported(end) }
    let within = "within \(Presentation.duration(limit))"
    if let failure = end.agents.compactMap(\.preparationFailure).first { return failure }
    if end.agents.isEmpty { return "no agent came up there \(within)" }
    if end.trials.isEmpty { return "its agent had no slot and code ready \(within)" }
    let metric = Presentation.printable(end.specification.experiment.metric)
    let attribute = Presentation.printable(end.specification.experiment.resourceAttribute)
    return "no trial reported \(metric) and \(attribute) \(within); --limit-minutes gives it more time"
  }

  private func clear(_ host: HostOptions?, _ folder: RunFolder) {
    let host = host ?? HostOptions(name: "local", host: "local")
    do {
      try HostClearing(
        host: host, cluster: specification.cluster, run: folder.name, state: Files.parent(of: options.home)
      ).clear()
    } catch {
      complain(
        "\(host.name): files of the trial run may be left in \(host.workDirectory ?? specification.cluster.workDirectory ?? "~/.pasha"); "
          + "`pasha-agent end --files --run \(folder.name)` there removes them: \(error)")
    }
    try? Folders.removeTree(folder.path)
  }
}
