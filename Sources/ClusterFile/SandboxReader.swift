import Coordination

/// `cluster.sandbox`: what trials may write to; a level alone, or a map.
enum SandboxReader {
  private static let example = "{level: default, writable: [/data/cache]}"

  /// What is wrong was told.
  static func decode(_ cluster: MapReader) -> SandboxOptions {
    var options = SandboxOptions()
    guard let node = cluster.node("sandbox") else { return options }
    switch node.content {
    case .scalar:
      if let level = level(cluster, "sandbox") { options.level = level }
    case .sequence:
      cluster.tell(
        .wrongType, "sandbox", "must be required, default, off or a map such as \(example), not a list")
    case .mapping:
      guard let map = cluster.map("sandbox", example: example) else { return options }
      map.refuseUnknownKeys(KnownKeys.sandbox)
      if let level = level(map, "level") { options.level = level }
      options.writable = writable(map)
      if let most = map.int("max_processes", SandboxOptions.processRange) { options.mostProcesses = most }
      if options.level == .off, !options.writable.isEmpty {
        map.warn(.contradiction, "writable", "has no effect with level: off, where trials may write anywhere")
      }
    }
    return options
  }

  private static func level(_ map: MapReader, _ key: String) -> SandboxOptions.Level? {
    map.keyword(key, SandboxOptions.Level.self) { word in
      switch KeyHints.folded(word) {
      case "false", "no", "none", "disabled", "never": "write off"
      case "true", "yes", "on", "strict", "always", "enforced": "write required"
      case "auto", "besteffort", "optional": "write default"
      default: nil
      }
    }
  }

  private static func writable(_ map: MapReader) -> [String] {
    guard let elements = map.list("writable", "[/data/cache]") else { return [] }
    var paths: [String] = []
    for (index, element) in elements.enumerated() {
      func refuse(_ message: String) {
        map.mistakes.add(.invalidValue, element.place, "\(map.fullPath("writable"))[\(index)] \(message)")
      }
      guard case .scalar(let scalar) = element.content, !element.isNull else {
        refuse("must be a path, not \(element.shown)")
        continue
      }
      if let problem = WorkDirectory.problem(scalar.text) {
        refuse(problem)
      } else if scalar.text.allSatisfy({ $0 == "/" }) {
        refuse("must not be the whole file system; write sandbox: off")
      } else {
        paths.append(scalar.text)
      }
    }
    return paths
  }
}
