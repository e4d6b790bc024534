import Coordination

/// `failures`: what failures a run bears.
enum FailuresSection {
  static func decode(_ top: MapReader) -> FailurePolicy {
    var policy = FailurePolicy()
    guard let map = top.map("failures", example: "{max_failures: 3, max_restarts: 3}") else { return policy }
    map.refuseUnknownKeys(KnownKeys.failures)
    policy.maxFailures = map.int("max_failures", 0...Int(Int32.max))
    if let restarts = map.int("max_restarts", 0...1000) { policy.maxRestarts = restarts }
    return policy
  }
}

/// `results`: how the results are written.
enum ResultsSection {
  static func decode(_ top: MapReader) -> ResultsOptions {
    var options = ResultsOptions()
    guard let map = top.map("results", example: "{update_interval: 30s}") else { return options }
    map.refuseUnknownKeys(KnownKeys.results)
    if let interval = map.duration("update_interval", .milliseconds(100)...(.seconds(86_400))) {
      options.updateInterval = interval
    }
    return options
  }
}

/// `page`: whether the run's page is served, and where.
enum PageSection {
  private static let expected = "on, off or a port to try first, such as 9000"

  static func decode(_ top: MapReader) -> PageOptions {
    guard let node = top.node("page") else { return PageOptions() }
    guard case .scalar(let scalar) = node.content, !node.isNull else {
      top.tell(.wrongType, "page", "must be \(expected), not \(node.shown)")
      return PageOptions()
    }
    switch KeyHints.folded(scalar.text) {
    case "on", "true", "yes": return PageOptions()
    case "off", "false", "no": return PageOptions(isServed: false)
    default: break
    }
    guard case .int = scalar.value else {
      top.tell(.invalidValue, "page", "must be \(expected), not \(scalar.shown)")
      return PageOptions()
    }
    guard let port = top.int("page", 1...65_535) else { return PageOptions() }
    return PageOptions(port: port)
  }
}
