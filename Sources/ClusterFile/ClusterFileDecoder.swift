import Coordination
import Scheduling
import SearchSpace
import TuningModel

/// Puts the sections together. Each section is decoded whatever is wrong with the others, so that all mistakes are
/// found; only the checks between two sections need both.
struct ClusterFileDecoder {
  let baseDirectory: String
  /// Whether the code folder, keys and the SSH configuration must be there.
  let checksFiles: Bool
  let mistakes: MistakeList

  /// nil: there are mistakes.
  func decode(_ root: YAMLNode) -> RunSpecification? {
    let start = Place(line: 1, column: 1)
    guard
      let top = MapReader(root, path: "", place: start, example: "", mistakes: mistakes, name: "the file")
    else { return nil }
    top.refuseUnknownKeys(KnownKeys.top)

    top.require("experiment", "add it with name, entry_point, config_space and metric")
    let section = top.map("experiment", example: "{name: …, entry_point: …, config_space: …, metric: …}")
    let read = section.map { ExperimentSection($0, baseDirectory: baseDirectory, checksFiles: checksFiles).decode() }

    let schedulerExample = "{name: pasha, max_t: 81}"
    let scheduler: SchedulerSection?
    if top.has("scheduler") {
      scheduler = top.map("scheduler", example: schedulerExample).map { SchedulerSection($0) }
    } else {
      scheduler = SchedulerSection(MapReader(emptyAt: start, path: "scheduler", mistakes: mistakes))
    }
    var options = scheduler?.options(mode: read?.mode ?? .min, space: section.map { SpaceLookup($0) })
    let program = scheduler.flatMap { ProgramSection(map: $0.map).decode() }
    let searcher = scheduler?.searcher(space: read?.space)
    if let scheduler { complete(&options, scheduler.map, searcher, hasCosts: read?.hasCostAttribute ?? true) }

    let stop = StopSection.decode(top, experiment: read)
    let files = LocalFile(baseDirectory: baseDirectory, checksFiles: checksFiles)
    let cluster = ClusterSection(top: top, files: files).decode()
    let checkpoints = CheckpointsSection.decode(top)
    let failures = FailuresSection.decode(top)
    let results = ResultsSection.decode(top)
    let notifications = NotificationsSection.decode(top)
    let page = PageSection.decode(top)
    // A run that was begun before this was looked at goes on: its own file cannot be changed.
    if checksFiles, let cluster, let checkpoints { checkTimes(cluster, checkpoints, top) }

    if options?.name == .external, program == nil { return nil }
    guard let experiment = read?.experiment, let options, let searcher, let stop, let cluster, let checkpoints,
      let notifications
    else {
      return nil
    }
    return RunSpecification(
      experiment: experiment, scheduler: options, searcher: searcher, stop: stop, cluster: cluster,
      checkpoints: checkpoints, failures: failures, results: results, program: program,
      notifications: notifications, page: page)
  }
}

extension ClusterFileDecoder {
  /// A trial whose host is silent is ended there before `lost_after` has passed, and `grace` goes before that: what is left
  /// must be enough for two heartbeats, or no start would ever be in time. A twentieth of `lost_after` goes too, by which
  /// supervisors are told of extensions, and a hundredth, by which two clocks may differ.
  private func checkTimes(_ cluster: ClusterOptions, _ checkpoints: CheckpointPolicy, _ top: MapReader) {
    let most = cluster.lostAfter * 94 / 100 - cluster.heartbeat * 2
    // What is wrong with the two of them alone was told.
    guard checkpoints.grace > most, cluster.lostAfter >= cluster.heartbeat * 4 else { return }
    func section(_ key: String) -> MapReader? { top.has(key) ? top.map(key, example: "{}") : nil }
    let needed = Duration.seconds(((checkpoints.grace + cluster.heartbeat * 2) * 100 / 94).components.seconds + 1)
    let given = section("checkpoints").flatMap { $0.has("grace") ? $0 : nil }
    let isGiven = given != nil
    let (map, key) = given.map { ($0, "grace") } ?? (section("cluster") ?? top, "lost_after")
    map.tell(
      .contradiction, key,
      (isGiven ? "is \(DurationText.text(checkpoints.grace)), " : "is \(DurationText.text(cluster.lostAfter)), ")
        + "and a trial must have ended, with checkpoints.grace (\(DurationText.text(checkpoints.grace))) for it, before its "
        + "host counts as lost (cluster.lost_after, \(DurationText.text(cluster.lostAfter))): make lost_after at least "
        + "\(DurationText.text(needed))"
        + (most >= .seconds(1) ? ", or grace at most \(DurationText.text(.seconds(most.components.seconds)))" : ""))
  }

  /// What the scheduler takes from other sections.
  private func complete(
    _ options: inout SchedulerOptions?, _ map: MapReader, _ searcher: SearcherOptions?, hasCosts: Bool
  ) {
    if options?.name == .costPromotion, !hasCosts {
      map.tell(
        .contradiction, "name",
        "cost_promotion needs experiment.cost_attr, the key under which the script reports what it cost so far")
      options = nil
    }
    guard options?.name == .rush, !map.has("num_threshold_candidates"), let searcher else { return }
    options?.thresholdCandidates = searcher.pointsToEvaluate.count
    if searcher.pointsToEvaluate.isEmpty {
      map.warn(
        .contradiction, "name", "rush without points_to_evaluate has nothing to set a threshold: it does what asha does"
      )
    }
  }
}

/// The constants of `config_space` as they are written, for checks that must not wait for the rest of the experiment.
struct SpaceLookup {
  /// The name that `max_resource_attr` gives, if any.
  let maxResourceAttribute: String?
  let entries: [YAMLNode.Pair]

  init(_ experiment: MapReader) {
    if case .scalar(let scalar)? = experiment.node("max_resource_attr")?.content {
      maxResourceAttribute = scalar.text
    } else {
      maxResourceAttribute = nil
    }
    if case .mapping(let pairs)? = experiment.node("config_space")?.content { entries = pairs } else { entries = [] }
  }

  /// The constant that `max_resource_attr` names; nil: none, or not a whole number.
  var maximumResource: (value: Int, place: Place)? {
    guard let name = maxResourceAttribute, let entry = entries.first(where: { $0.key == name }) else { return nil }
    return whole(entry)
  }

  /// A constant that looks like the largest resource, for a hint.
  var likelyMaximum: (name: String, value: Int)? {
    for entry in entries where ["epochs", "max_epochs", "max_t", "num_epochs", "steps"].contains(entry.key) {
      if let (value, _) = whole(entry) { return (entry.key, value) }
    }
    return nil
  }

  private func whole(_ entry: YAMLNode.Pair) -> (value: Int, place: Place)? {
    guard case .scalar(let scalar) = entry.value.content else { return nil }
    switch scalar.value {
    case .int(let value): return (value, entry.value.place)
    case .double(let value): return Int(exactly: value).map { ($0, entry.value.place) }
    default: return nil
    }
  }
}
