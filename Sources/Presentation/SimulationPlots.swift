import Foundation
import Simulation
import TuningModel

extension Presentation {
  /// An SVG picture of simulated runs: how each run's maximum grew over time, and what each run came to.
  ///
  /// - title: what was simulated.
  /// - metric: the name of the axis of the best values.
  /// - mode: whether small or large ones are good; nil: it is not said.
  /// - resource: the name of one unit of the resource.
  public static func simulationPlot(
    _ comparison: SimulationComparison, title: String, metric: String = "best metric", mode: MetricMode? = nil,
    resource: String = "epoch"
  ) -> String {
    let direction = mode.map { $0 == .min ? " (lower is better)" : " (higher is better)" } ?? ""
    let methods = comparison.methods
    let runs = methods.reduce(0) { max($0, $1.runs.count) }
    let unit = TimeUnit(seconds: methods.flatMap { $0.runs.map(\.runtimeSeconds) }.max() ?? 0)
    let seeds = "\(runs) seed\(runs == 1 ? "" : "s")"
    return Plot(
      title: printable(title),
      summary: "Left: the maximum resource of each run over time. Right: the best metric and the runtime of each run, "
        + "and the mean of each method with its standard deviation. "
        + methods.map { summary(of: $0, unit) }.joined(separator: " "),
      legend: methods.map { printable($0.label) },
      panels: [
        maximumPanel(methods, unit, resource, seeds), outcomePanel(methods, unit, printable(metric) + direction, seeds),
      ]
    ).svg
  }

  private static func summary(of method: SimulationComparison.Method, _ unit: TimeUnit) -> String {
    let runtime = String(format: "%.\(unit.decimals)f \(unit.name)", method.runtimeSeconds.mean / unit.seconds)
    let metric = method.bestMetric.map { "\(number($0.mean))" } ?? "nothing"
    return "\(printable(method.label)): \(metric) in \(runtime), maximum \(number(method.maxResource.mean))."
  }

  /// Steps of each run's maximum. What has no maximum of its own stands at the highest epoch that it reached.
  private static func maximumPanel(
    _ methods: [SimulationComparison.Method], _ unit: TimeUnit, _ resource: String, _ seeds: String
  ) -> Plot.Panel {
    var series: [Plot.Series] = []
    var levels: Set<Int> = []
    for (key, method) in methods.enumerated() {
      for (index, run) in method.runs.enumerated() where run.maxResource > 0 {
        var level = run.raises.first?.from ?? run.maxResource
        var line = [Plot.Point(x: 0, y: Double(level))]
        levels.insert(level)
        for raise in run.raises {
          let time = raise.seconds / unit.seconds
          line += [Plot.Point(x: time, y: Double(level)), Plot.Point(x: time, y: Double(raise.to))]
          level = raise.to
          levels.insert(level)
        }
        let end = Plot.Point(x: run.runtimeSeconds / unit.seconds, y: Double(level))
        line.append(end)
        // Runs share few levels: without a little room between them all would be one line.
        let spread = min(2, 14 / Double(method.runs.count * methods.count))
        let place = Double(index * methods.count + key) - Double(method.runs.count * methods.count - 1) / 2
        series.append(Plot.Series(key: key, line: line, markers: [end], lift: place * spread))
      }
    }
    let latest = methods.flatMap { $0.runs.map(\.runtimeSeconds) }.max() ?? 0
    return Plot.Panel(
      title: "How the maximum grew (\(seeds))", x: .linear("time, \(unit.name)", 0...max(latest / unit.seconds, 1e-9)),
      y: .logarithmic("maximum resource, \(resource)s", levels: levels.sorted()), series: series)
  }

  private static func outcomePanel(
    _ methods: [SimulationComparison.Method], _ unit: TimeUnit, _ metric: String, _ seeds: String
  ) -> Plot.Panel {
    var series: [Plot.Series] = []
    var bounds: (x: ClosedRange<Double>, y: ClosedRange<Double>)?
    func take(_ x: ClosedRange<Double>, _ y: ClosedRange<Double>) {
      guard let old = bounds else {
        bounds = (x, y)
        return
      }
      bounds = (
        min(old.x.lowerBound, x.lowerBound)...max(old.x.upperBound, x.upperBound),
        min(old.y.lowerBound, y.lowerBound)...max(old.y.upperBound, y.upperBound)
      )
    }
    for (key, method) in methods.enumerated() {
      guard let best = method.bestMetric else { continue }
      let points = method.runs.compactMap { run in
        run.bestMetric.map { Plot.Point(x: run.runtimeSeconds / unit.seconds, y: $0) }
      }
      for point in points { take(point.x...point.x, point.y...point.y) }
      var one = Plot.Series(key: key, markers: points)
      if points.count > 1 {
        let runtime = method.runtimeSeconds
        one.means = [
          Plot.Point(
            x: runtime.mean / unit.seconds, y: best.mean, xSpread: runtime.deviation / unit.seconds,
            ySpread: best.deviation)
        ]
        let latest = (runtime.mean + runtime.deviation) / unit.seconds
        let (mean, deviation) = (PlotAxis.shown(best.mean), PlotAxis.shown(best.deviation))
        take(latest...latest, (mean - deviation)...(mean + deviation))
      }
      series.append(one)
    }
    let (x, y) = bounds ?? (0...1, 0...1)
    return Plot.Panel(
      title: "What each run came to (\(seeds))", x: .linear("runtime, \(unit.name)", 0...max(x.upperBound, 1e-9)),
      y: .linear(metric, y), series: series)
  }
}
