import Coordination
import Scheduling
import SearchSpace
import TuningModel

/// `scheduler`: how long trials go on, and which configurations are tried.
struct SchedulerSection {
  let map: MapReader

  init(_ map: MapReader) {
    self.map = map
    map.refuseUnknownKeys(KnownKeys.scheduler)
  }

  /// nil: there are mistakes.
  func options(mode: MetricMode, space: SpaceLookup?) -> SchedulerOptions? {
    let isProgram = ProgramSection(map: map).isThere
    let name = map.keyword("name", SchedulerOptions.Name.self, hidden: [.external], hint: Self.schedulerHint)
    let maximum = maximumResource(space)
    let gracePeriod = map.int("grace_period", 1...Int(Int32.max))
    let reductionFactor = map.double("reduction_factor")
    let rungLevels = self.rungLevels()
    let rungIncrement = map.int("rung_increment", 1...Int(Int32.max))
    let brackets = map.int("brackets", 1...Int(Int32.max))
    let numbers: [(key: String, isRead: Bool)] = [
      ("name", name != nil), ("grace_period", gracePeriod != nil), ("reduction_factor", reductionFactor != nil),
      ("rung_levels", rungLevels != nil), ("rung_increment", rungIncrement != nil), ("brackets", brackets != nil),
    ]
    guard let maximum else {
      // What is wrong under any maximum is told as well.
      var any = SchedulerOptions(name: .asha, mode: mode, maxResource: Int(Int32.max))
      if let reductionFactor { any.reductionFactor = reductionFactor }
      for problem in any.problems() where problem.option == "reduction_factor" {
        map.mistakes.add(.invalidValue, map.place(of: problem.option), map.fullPath(problem.message))
      }
      return nil
    }
    var options = SchedulerOptions(name: isProgram ? .external : name ?? .pasha, mode: mode, maxResource: maximum.value)
    if let gracePeriod { options.gracePeriod = gracePeriod }
    if let reductionFactor { options.reductionFactor = reductionFactor }
    options.rungLevels = rungLevels
    options.rungIncrement = rungIncrement
    if let brackets {
      options.brackets = brackets
    } else if [.hyperband, .syncHyperband].contains(options.name), options.problems().isEmpty {
      options.brackets = options.levels.count + 1
    }
    let rulesAreRead = SchedulerRules(map: map).read(into: &options)
    let problems = options.problems()
    for problem in problems {
      let place = problem.option == "max_t" ? maximum.place : map.place(of: problem.option)
      // The message begins with the option's name.
      map.mistakes.add(.invalidValue, place, map.fullPath(problem.message))
    }
    return problems.isEmpty && rulesAreRead && numbers.allSatisfy { $0.isRead || !map.has($0.key) } ? options : nil
  }

  /// `max_t`, or the constant that `max_resource_attr` names.
  private func maximumResource(_ space: SpaceLookup?) -> (value: Int, place: Place)? {
    let constant = space?.maximumResource
    if map.has("max_t") {
      guard let maximum = map.int("max_t", 1...Int(Int32.max)) else { return nil }
      if let constant, constant.value != maximum, let name = space?.maxResourceAttribute {
        map.warn(
          .contradiction, "max_t",
          "is \(maximum) and the constant \(name) is \(constant.value); "
            + "\(maximum) counts, and a trial is given its milestone as \(name)"
        )
      }
      return (maximum, map.place(of: "max_t"))
    }
    if let constant, let name = space?.maxResourceAttribute {
      guard (1...Int(Int32.max)).contains(constant.value) else {
        map.mistakes.add(
          .invalidValue, constant.place,
          "experiment.config_space.\(name) must be at least 1, not \(constant.value): "
            + "it is the largest resource of a trial"
        )
        return nil
      }
      return constant
    }
    let likely = space?.likelyMaximum
    map.require(
      "max_t",
      "give the largest resource of a trial, as in scheduler: {max_t: \(likely?.value ?? 81)}"
        + (likely.map {
          "; or, if the script ends by itself after --\($0.name) epochs, "
            + "write max_resource_attr: \($0.name) under experiment"
        } ?? ""))
    return nil
  }

  private func rungLevels() -> [Int]? {
    guard let nodes = map.list("rung_levels", "[1, 3, 9, 27]") else { return nil }
    var levels: [Int] = []
    for (index, node) in nodes.enumerated() {
      guard case .scalar(let scalar) = node.content, case .int(let level) = scalar.value, level >= 1,
        level <= Int(Int32.max)
      else {
        map.mistakes.add(
          .invalidValue, node.place,
          "\(map.fullPath("rung_levels"))[\(index)] must be a whole number of at least 1, not \(node.shown)")
        continue
      }
      levels.append(level)
    }
    return levels.count == nodes.count ? levels : nil
  }

  private static func schedulerHint(_ word: String) -> String? {
    switch KeyHints.folded(word) {
    case "promotion", "ashapromotion", "adaptiveasha", "asyncsuccessivehalving": "write asha"
    case "hyperbandpromotion": "write hyperband"
    case "stopping", "ashastopping": "write asha, and type: stopping"
    case "hyperbandstopping": "write hyperband, and type: stopping"
    case "rushstopping", "rushpromotion": "write rush, and its type"
    case "median", "medianstop", "medianstoppingrule": "write median_stopping"
    case "random", "randomsearch", "none": "write fifo: every trial runs to max_t"
    case "synchyperband", "synchronoushyperband": "write sync_hyperband"
    case "sha": "write successive_halving"
    case "external", "custom", "command", "program":
      "for a program of your own leave name out and write command: python3 my_scheduler.py"
    case "pbt", "bohb", "mobster", "hypertune", "dehb", "dyhpo": "this version has no such scheduler"
    default: nil
    }
  }
}
