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
    let text = try table(folder, json ? "status_json" : "status") { state, service in
      json
        ? Presentation.statusJSON(state, service: service).jsonText(.strict)
        : Presentation.status(state, service: service)
    }
    if json, case .object(let members)? = try? JSONValue(parsing: text) {
      let page = folder.servedPage.map { JSONValue.string($0.url) } ?? .null
      show(JSONValue.object(members + [.init("page", page)]).jsonText(.strict))
    } else {
      show(text)
      if let line = pageLine(folder) { show(line) }
    }
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

  /// What of the best trial is printed, alone, for scripts.
  public enum BestPart: Sendable {
    /// The configuration as one JSON object.
    case configuration
    /// Where the newest checkpoint is: a path on this machine, or HOST:PATH.
    case checkpoint
  }

  public static func best(
    run: String?, part: BestPart? = nil, json: Bool, home: String = RunFolder.home
  ) throws -> ExitCode {
    let folder = try RunFolder.find(run, in: home)
    let state = try folder.state()
    guard let trial = state.result else {
      if json { show("null") }
      let isOpen = state.end == nil && state.totals.reports == 0
      throw ServiceError(
        .notFound,
        isOpen
          ? "no trial has reported \(state.specification.experiment.metric) yet" : Presentation.nothingReported(state))
    }
    switch part {
    case nil: show(json ? Presentation.bestJSON(state).jsonText(.strict) : Presentation.summary(state))
    case .configuration: show(Presentation.json(trial.configuration).jsonText(.strict))
    case .checkpoint:
      guard let checkpoint = Presentation.checkpoint(of: trial, state, folder: folder.path) else {
        throw ServiceError(
          .notFound, "trial \(trial.id), the best one, has no checkpoint: \(Presentation.noCheckpoint(trial))")
      }
      show(json ? Presentation.checkpointJSON(trial, state).jsonText(.strict) : checkpoint)
    }
    return .success
  }

  // MARK: Steering

  public static func pause(run: String?, trial: Int?, json: Bool, home: String = RunFolder.home) throws -> ExitCode {
    if let trial {
      return try steer(
        run, "pause", trial, "pausing trial \(trial); `pasha-coord resume --trial \(trial)` lets it go on", json, home)
    }
    return try ask(run, [.init("op", .string("pause"))], home) { _ in
      show(json ? #"{"ok":true}"# : "pausing; `pasha-coord resume` goes on")
    }
  }

  /// Lets a trial go on that was paused by hand.
  public static func resumeTrial(
    run: String?, trial: Int, json: Bool, home: String = RunFolder.home
  ) throws -> ExitCode {
    let folder = try RunFolder.find(run, in: home)
    let state = try folder.state()
    if let known = state[TrialID(trial)], !known.isPausedByOperator {
      throw ServiceError(
        .usage, "trial \(trial) is not paused by hand; `pasha-coord explain \(trial)` says how it stands")
    }
    if state.end == nil, state.closing?.suspends == false {
      throw ServiceError(.usage, "run \(folder.name) is ending: no trial goes on any more")
    }
    return try steer(folder.path, "resume_trial", trial, "trial \(trial) goes on when a slot is free", json, home)
  }

  private static func steer(
    _ run: String?, _ request: String, _ trial: Int, _ words: String, _ json: Bool, _ home: String
  ) throws -> ExitCode {
    let folder = try RunFolder.find(run, in: home)
    guard let known = try folder.state()[TrialID(trial)] else {
      throw ServiceError(.notFound, "run \(folder.name) has no trial \(trial)")
    }
    guard !known.status.isFinal else {
      throw ServiceError(.usage, "trial \(trial) is over: it is \(known.status.word)")
    }
    return try ask(folder.path, [.init("op", .string(request)), .init("trial", .int(trial))], home) { _ in
      show(json ? #"{"ok":true}"# : words)
    }
  }

  /// Has a configuration tried: `{lr: 0.01}`, or names with values.
  public static func enqueue(
    run: String?, configuration words: [String], json: Bool, home: String = RunFolder.home
  ) throws -> ExitCode {
    let folder = try RunFolder.find(run, in: home)
    let text = words.count == 1 && words[0].hasPrefix("{") ? words[0] : try point(words)
    // Mistakes are told here with their way out, whether a coordinator runs or not.
    let space = try folder.specification().experiment.space
    let configuration: Configuration
    do throws(ClusterFileError) {
      configuration = try ClusterFile.point(fromArgument: text, space: space)
    } catch {
      throw ServiceError(.usage, error.problems.map(\.message).joined(separator: "\n"))
    }
    return try ask(folder.path, [.init("op", .string("enqueue")), .init("config", .string(text))], home) { answer in
      if json {
        show(answer.jsonText(.strict))
      } else {
        let number = answer.whole("trial") ?? 0
        show("trial \(number): \(Presentation.configuration(configuration)); the next free slot gets it")
      }
    }
  }

  /// `lr=0.01 layers=3` as YAML.
  private static func point(_ words: [String]) throws(ServiceError) -> String {
    var pairs: [String] = []
    for word in words {
      guard let sign = word.firstIndex(of: "="), sign > word.startIndex else {
        throw ServiceError(.usage, "'\(word)' must be NAME=VALUE, such as lr=0.01, or all of it one {lr: 0.01}")
      }
      let name = JSONValue.string(String(word[..<sign])).jsonText(.strict)
      pairs.append("\(name): \(word[word.index(after: sign)...])")
    }
    return "{" + pairs.joined(separator: ", ") + "}"
  }

  /// Ends a run, or one trial of it, for good. A run that no coordinator runs is taken up for that.
  /// - Parameter options: for the coordinator that is started then.
  public static func stop(
    run: String?, trial: Int?, json: Bool, options: @autoclosure () throws -> RunService.Options,
    home: String = RunFolder.home
  ) throws -> ExitCode {
    let folder = try RunFolder.find(run, in: home)
    let state = try folder.state()
    if let trial {
      return try steer(folder.path, "stop", trial, "stopping trial \(trial)", json, home)
    }
    if state.end == nil, !folder.service.isThere { return try RunService.end(folder, options: options()) }
    return try ask(folder.path, [.init("op", .string("stop"))], home) { _ in
      show(json ? #"{"ok":true}"# : "stopping the run")
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

  /// What is said to who wants something of a run that is over; nil: it is not.
  static func over(_ folder: RunFolder, _ state: RunState) -> ServiceError? {
    state.end.map { end in
      ServiceError(
        .notRunning,
        "run \(folder.name) is over: \(Presentation.reason(end.reason, state)); `pasha-coord extend` lets it go on")
    }
  }

  static func ask(
    _ run: String?, _ members: [JSONValue.Member], _ home: String, _ body: (JSONValue) -> Void
  ) throws -> ExitCode {
    let folder = try RunFolder.find(run, in: home)
    // One that is stopped would carry it out when it goes on, long after whoever asked was told that it was not.
    if case .silent(let pid, isStopped: true) = folder.service {
      throw ServiceError(
        .notRunning,
        "the coordinator of \(folder.name) (process \(pid)) is stopped, and takes no command until `kill -CONT \(pid)`")
    }
    guard let answer = ControlSocket.ask(.object(members), at: folder.controlSocket) else {
      if case .silent(let pid, isStopped: _) = folder.service {
        throw ServiceError(
          .notRunning,
          "the coordinator of \(folder.name) (process \(pid)) does not answer; it may have carried out the command all the "
            + "same: `pasha-coord status` shows it")
      }
      if let state = try? folder.state(), let over = over(folder, state) { throw over }
      throw ServiceError(
        .notRunning, "no coordinator runs \(folder.name); `pasha-coord resume \(folder.name)` starts one")
    }
    if let error = answer.text("error") {
      let codes: [String: ExitCode] = ["not_found": .notFound, "usage": .usage]
      throw ServiceError(answer.text("code").flatMap { codes[$0] } ?? .software, error)
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
