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
