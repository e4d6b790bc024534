import ClusterFile
import CodeTree
import Coordination
import CurveTables
import Foundation
import HostSystem
import Journal
import Presentation
import TuningModel
import Wire

/// The commands that look at a run or steer it. Those that look read the journal, whether a coordinator writes it or
/// not; those that steer ask the coordinator.
public enum Commands {
  public static func status(run: String?, json: Bool, home: String = RunFolder.home) throws -> ExitCode {
    let folder = try RunFolder.find(run, in: home)
    show(
      try table(folder, json ? "status_json" : "status") { state, service in
        json
          ? Presentation.statusJSON(state, service: service).jsonText(.strict)
          : Presentation.status(state, service: service)
      })
    return .success
  }

  /// A table as the running coordinator makes it, which knows what it awaits; else as the journal gives it.
  static func table(
    _ folder: RunFolder, _ request: String, _ make: (RunState, CoordinatorPresence) -> String
  ) throws -> String {
    if folder.holder?.isStopped != true {
      let question = JSONValue.object([.init("op", .string(request))])
      let answer = ControlSocket.ask(question, at: folder.controlSocket, within: .seconds(5))
      if let text = answer?.text("text") { return text }
    }
    return make(try folder.state(), folder.service)
  }

  public static func trials(run: String?, json: Bool, home: String = RunFolder.home) throws -> ExitCode {
    let state = try RunFolder.find(run, in: home).state()
    show(json ? Presentation.trialsJSON(state).jsonText(.strict) : Presentation.trials(state))
    return .success
  }

  public static func best(run: String?, json: Bool, home: String = RunFolder.home) throws -> ExitCode {
    let state = try RunFolder.find(run, in: home).state()
    guard state.totals.bestTrial != nil else {
      if json { show("null") }
      throw ServiceError(.notFound, "no trial has reported \(state.specification.experiment.metric) yet")
    }
    show(json ? Presentation.bestJSON(state).jsonText(.strict) : Presentation.summary(state))
    return .success
  }

  // MARK: Steering

  public static func pause(run: String?, json: Bool, home: String = RunFolder.home) throws -> ExitCode {
    try ask(run, [.init("op", .string("pause"))], home) { _ in
      show(json ? #"{"ok":true}"# : "pausing; `pasha-coord resume` goes on")
    }
  }

  public static func stop(run: String?, trial: Int?, json: Bool, home: String = RunFolder.home) throws -> ExitCode {
    let folder = try RunFolder.find(run, in: home)
    if let trial, try folder.state()[TrialID(trial)] == nil {
      throw ServiceError(.notFound, "run \(folder.name) has no trial \(trial)")
    }
    let members = [.init("op", .string("stop"))] + (trial.map { [JSONValue.Member("trial", .int($0))] } ?? [])
    return try ask(folder.path, members, home) { _ in
      show(json ? #"{"ok":true}"# : trial.map { "stopping trial \($0)" } ?? "stopping the run")
    }
  }

  public static func invite(run: String?, json: Bool, home: String = RunFolder.home) throws -> ExitCode {
    try ask(run, [.init("op", .string("invite"))], home) { answer in
      if json {
        show(answer.jsonText(.strict))
      } else {
        show(answer.text("token") ?? "")
        complain("this token admits one agent, once: give it to `pasha-agent --connect HOST` on standard input")
      }
    }
  }

  static func ask(
    _ run: String?, _ members: [JSONValue.Member], _ home: String, _ body: (JSONValue) -> Void
  ) throws -> ExitCode {
    let folder = try RunFolder.find(run, in: home)
    guard let answer = ControlSocket.ask(.object(members), at: folder.controlSocket) else {
      if let state = try? folder.state(), let end = state.end {
        throw ServiceError(.notRunning, "run \(folder.name) is over: \(Presentation.reason(end.reason, state))")
      }
      throw ServiceError(
        .notRunning, "no coordinator runs \(folder.name); `pasha-coord resume \(folder.name)` starts one")
    }
    if let error = answer.text("error") {
      throw ServiceError(answer.text("code") == "not_found" ? .notFound : .software, error)
    }
    body(answer)
    return .success
  }

  static func show(_ text: String) { writeAll(STDOUT_FILENO, Array((text + "\n").utf8)) }
}

/// The exit code of an error, by its kind.
public func exitCode(of error: any Error) -> ExitCode {
  switch error {
  case let error as ServiceError: error.exitCode
  case let error as ClusterFileError: error.problems.first?.code == .unreadableFile ? .notFound : .usage
  case let error as CodeTreeError: exitCode(of: error.code)
  case let error as CurveTableError: error.code == .notFound ? .notFound : .usage
  case let error as JournalError: error.code == .inUse ? .busy : .software
  default: .software
  }
}

private func exitCode(of code: CodeTreeError.Code) -> ExitCode {
  switch code {
  // What the file names cannot be taken: its author's to mend.
  case .noFolder, .unreadable, .linkLeavesTree, .tooLarge, .changed: .usage
  case .unwritable: .cannotCreate
  case .damaged, .outOfRange: .software
  }
}
