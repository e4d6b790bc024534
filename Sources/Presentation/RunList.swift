import Coordination
import TuningModel

extension Presentation {
  /// A run as `list` has it.
  public struct ListedRun: Sendable {
    public var name: String
    /// nil: it cannot be read, for `problem`.
    public var state: RunState?
    public var service: CoordinatorPresence
    public var problem: String?

    public init(name: String, state: RunState?, service: CoordinatorPresence, problem: String? = nil) {
      self.name = name
      self.state = state
      self.service = service
      self.problem = problem
    }

    /// As `status` says it; a run that nobody runs and that is not over is `interrupted`.
    public var status: String {
      guard let state else { return "unreadable" }
      if state.end == nil, !state.isSuspended, case .silent(_, let isStopped) = service {
        return isStopped ? "stopped" : "silent"
      }
      return runStatus(state, service: service)
    }
  }

  /// `list`: the runs, the newest first.
  public static func list(_ runs: [ListedRun]) -> String {
    guard !runs.isEmpty else { return "no runs" }
    let header = ["run", "status", "trials", "running", "best", "metric", "active", "begun"]
    let rows = runs.map { run -> [String] in
      guard let state = run.state else {
        return [run.name, run.status, "-", "-", "-", "-", "-", printable(run.problem ?? "")]
      }
      return [
        run.name, run.status, "\(state.trials.count)", "\(state.activeTrials.count)",
        bestTrial(state)?.best.map { number($0.value) } ?? noBest(state),
        printable(state.specification.experiment.metric),
        duration(state.lastStamp?.active ?? .zero), state.startedAt.map { date($0.wall) } ?? "-",
      ]
    }
    return table([header] + rows)
  }

  /// In place of the best value. A run that ended without one has failed, though it may have ended as it should.
  private static func noBest(_ state: RunState) -> String {
    guard state.end != nil else { return "-" }
    return state.trials.contains { $0.usableReports > 0 } ? "none finite" : "none"
  }

  public static func listJSON(_ runs: [ListedRun]) -> JSONValue {
    .array(
      runs.map { run in
        guard let state = run.state else {
          return .object([
            .init("run", .string(run.name)), .init("status", .string(run.status)),
            .init("problem", .string(run.problem ?? "")),
          ])
        }
        return .object([
          .init("run", .string(run.name)),
          .init("status", .string(run.status)),
          .init("reason", state.end.map { .string($0.reason.rawValue) } ?? .null),
          .init("message", endMessage(state).map { .string($0) } ?? .null),
          .init("trials", .int(state.trials.count)),
          .init("running", .int(state.activeTrials.count)),
          .init("metric", .string(state.specification.experiment.metric)),
          .init("best", bestTrial(state)?.best.map { .double($0.value) } ?? .null),
          .init("best_trial", bestTrial(state).map { .int($0.id.rawValue) } ?? .null),
          .init("active_seconds", .double((state.lastStamp?.active ?? .zero).inSeconds)),
          .init("begun", state.startedAt.map { .double($0.wall.seconds) } ?? .null),
        ])
      })
  }
}
