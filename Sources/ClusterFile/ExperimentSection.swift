import Coordination
import SearchSpace
import TuningModel

/// `experiment`: the training script and what it is called with.
struct ExperimentSection {
  let map: MapReader
  let baseDirectory: String
  let checksFiles: Bool

  init(_ map: MapReader, baseDirectory: String, checksFiles: Bool) {
    self.map = map
    self.baseDirectory = baseDirectory
    self.checksFiles = checksFiles
  }

  /// What was read of the section: the whole, if nothing is wrong, and what other sections are checked against.
  struct Result {
    var experiment: Experiment?
    var space: ConfigurationSpace?
    var mode: MetricMode?
    var hasCostAttribute: Bool
  }

  /// Looks at everything, whatever is wrong.
  func decode() -> Result {
    map.refuseUnknownKeys(KnownKeys.experiment)
    map.require("name", "give the run a name of letters, digits, '-' and '_'")
    map.require("entry_point", "give the command that trains, as in entry_point: python3 train.py")
    map.require(
      "config_space", "give the hyperparameters, as in config_space: {lr: {type: loguniform, lower: 1e-5, upper: 0.1}}")
    map.require("metric", "give the key under which the script reports what is to be tuned, as in metric: val_loss")

    let name = self.name()
    let entryPoint = self.entryPoint()
    let codeFolder = map.text("code").flatMap { CodeFolder.resolve($0, from: baseDirectory, checks: checksFiles, map) }
    let setup = map.text("setup", "a shell command")
    let environment = EnvironmentSection.decode(map)
    let space = SpaceSection.decode(map)
    let attributes = self.attributes(space)
    let mode = map.keyword("mode", MetricMode.self, hint: Self.modeHint)
    let metadata = MetadataSection.decode(map)
    var result = Result(
      space: space, mode: mode ?? (map.has("mode") ? nil : .min), hasCostAttribute: map.has("cost_attr"))
    guard let name, let entryPoint, let space, let metric = attributes.metric else { return result }
    result.experiment = Experiment(
      name: name, entryPoint: entryPoint, codeFolder: codeFolder, setup: setup, environment: environment, space: space,
      metric: metric, mode: mode ?? .min, resourceAttribute: attributes.resource ?? "epoch",
      maxResourceAttribute: attributes.maxResource, costAttribute: attributes.cost, metadata: metadata)
    return result
  }

  private func name() -> String? {
    guard let name = map.text("name") else { return nil }
    func isWord(_ scalar: Unicode.Scalar) -> Bool {
      ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) || ("0"..."9").contains(scalar)
    }
    let scalars = name.unicodeScalars
    guard scalars.count <= 64, let first = scalars.first, isWord(first),
      scalars.allSatisfy({ isWord($0) || $0 == "-" || $0 == "_" })
    else {
      let shown = map.node("name")?.shown ?? name
      map.tell(
        .invalidValue, "name",
        "must be at most 64 letters (a-z), digits, '-' and '_' beginning with a letter or digit, not \(shown): "
          + "it names the run's folder")
      return nil
    }
    return name
  }

  private func entryPoint() -> [String]? {
    let command = CommandReader(
      map: map, key: "entry_point", example: "python3 train.py",
      shellAdvice: "sh -c '…' with \"$@\" for the arguments")
    guard let words = command.words(), let first = words.first else { return nil }
    if let equals = first.firstIndex(of: "="), EnvironmentSection.isName(String(first[..<equals])) {
      map.tell(
        .invalidValue, "entry_point",
        "must begin with a program, not with the variable \(first[..<equals]); put variables under experiment.env")
      return nil
    }
    return words
  }

  private func attributes(
    _ space: ConfigurationSpace?
  ) -> (metric: String?, resource: String?, maxResource: String?, cost: String?) {
    let metric = map.text("metric", "the name of a reported key")
    let resource = map.text("resource_attr", "the name of a reported key")
    let cost = map.text("cost_attr", "the name of a reported key")
    for (key, value) in [("metric", metric), ("resource_attr", resource)] {
      guard let value, value.hasPrefix("st_") else { continue }
      map.tell(.invalidValue, key, "must not begin with 'st_', which the reporter keeps for itself; it is \(value)")
    }
    if let metric, metric == resource ?? "epoch" {
      map.tell(
        .contradiction, "metric",
        "must be another key than resource_attr, which is \(metric) too"
          + (resource == nil ? " when it is not given" : "")
      )
    }
    if let cost, cost == metric || cost == resource ?? "epoch" {
      map.tell(
        .contradiction, "cost_attr",
        "must be another key than \(cost == metric ? "metric" : "resource_attr"), not \(cost)")
    }
    let maxResource = map.text("max_resource_attr", "the name of a constant in config_space")
    if let maxResource {
      if let problem = HyperparameterName.problem(maxResource) {
        map.tell(.invalidValue, "max_resource_attr", problem.message)
      } else if case .domain? = space?[maxResource] {
        map.tell(
          .contradiction, "max_resource_attr",
          "must name a constant of config_space, not the domain \(maxResource): "
            + "each leg of a trial is given its milestone there"
        )
      }
    }
    return (metric, resource, maxResource, cost)
  }

  private static func modeHint(_ word: String) -> String? {
    switch KeyHints.folded(word) {
    case "maximize", "maximise", "maximum": "write max"
    case "minimize", "minimise", "minimum": "write min"
    default: nil
    }
  }
}
