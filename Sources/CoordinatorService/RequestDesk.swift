import ClusterFile
import Coordination
import Foundation
import HostSystem
import Messaging
import Presentation
import TuningModel
import Wire

/// Answers the requests of the control socket. Each comes on a thread of its own and may wait.
final class RequestDesk: Sendable {
  let mailbox: Mailbox<CoordinatorLoop.Request>
  private let bulk: BulkDesk
  let folder: RunFolder
  /// Held from the look at the run's file to its change: of two who change it at once the second sees the first one's.
  let fileLock = NSLock()

  init(mailbox: Mailbox<CoordinatorLoop.Request>, bulk: BulkDesk, folder: RunFolder) {
    self.folder = folder
    self.mailbox = mailbox
    self.bulk = bulk
  }

  func answer(_ request: JSONValue) -> JSONValue {
    // Half a trial is none, and none would be the whole run.
    if request.member("trial") != nil, request.whole("trial") == nil {
      return failure("a trial is named by its number")
    }
    switch request.text("op") {
    case "ping": return .object([.init("pid", .int(Int(getpid())))])
    case "status": return show { Presentation.status($0, service: .running(pid: Int(getpid())), live: $1) }
    case "status_json":
      return show { Presentation.statusJSON($0, service: .running(pid: Int(getpid())), live: $1).jsonText(.strict) }
    case "hosts": return show { Presentation.hosts($0, live: $1) }
    case "hosts_json": return show { Presentation.hostsJSON($0, live: $1).jsonText(.strict) }
    case "troubles": return troubles()
    case "pause":
      if let trial = request.whole("trial") { return order(.pauseTrial(TrialID(trial))) }
      return order(.pauseRun)
    case "resume_trial":
      guard let trial = request.whole("trial") else { return failure("no trial is named") }
      return order(.resumeTrial(TrialID(trial)))
    case "enqueue": return enqueue(request)
    case "extend": return extend(request)
    case "stop":
      if let trial = request.whole("trial") { return order(.stopTrial(TrialID(trial))) }
      return order(.stopRun)
    case "invite":
      let promise = Promise<JSONValue>()
      mailbox.post(.invite(promise))
      return promise.wait(for: .seconds(10)) ?? failure("the coordinator did not answer")
    case "log": return log(request)
    case "add_host": return addHost(request)
    case "return_host": return returnHost(request)
    case "drain_host": return change(request) { .drain($0) }
    case "remove_host": return change(request) { .remove($0) }
    case "lost_host": return change(request) { .lost($0) }
    case "reload": return reload(request)
    default: return failure("unknown request")
    }
  }

  /// A table of the state as it is now, with what only this process knows.
  private func show(_ text: (RunState, LiveView) -> String) -> JSONValue {
    let promise = Promise<(state: RunState, live: LiveView)>()
    mailbox.post(.view(promise))
    guard let view = promise.wait(for: .seconds(10)) else { return failure("the coordinator did not answer") }
    return .object([.init("text", .string(text(view.state, view.live)))])
  }

  /// What each host with troubles has, by name.
  private func troubles() -> JSONValue {
    let promise = Promise<(state: RunState, live: LiveView)>()
    mailbox.post(.view(promise))
    guard let view = promise.wait(for: .seconds(10)) else { return failure("the coordinator did not answer") }
    return .object([
      .init("hosts", Presentation.troublesJSON(view.state, live: view.live)),
      .init("active_milliseconds", .int(Int(view.live.now.active.inSeconds * 1000))),
    ])
  }

  private func enqueue(_ request: JSONValue) -> JSONValue {
    guard let text = request.text("config") else { return failure("no configuration is given") }
    do {
      let space = try folder.specification().experiment.space
      let promise = Promise<JSONValue>()
      mailbox.post(.enqueue(try ClusterFile.point(fromArgument: text, space: space), promise))
      return promise.wait(for: .seconds(10)) ?? failure("the coordinator did not answer")
    } catch let error as ClusterFileError {
      return failure(error.problems.map(\.message).joined(separator: "\n"))
    } catch {
      return failure("\(error)")
    }
  }

  private func order(_ command: OperatorCommand) -> JSONValue {
    mailbox.post(.command(command))
    return .object([.init("ok", .bool(true))])
  }

  func failure(_ text: String) -> JSONValue { .object([.init("error", .string(text))]) }

  /// A piece of a trial's log, from the agent that has it.
  private func log(_ request: JSONValue) -> JSONValue {
    guard let trial = request.whole("trial"), let attempt = request.whole("attempt"),
      let stream = request.text("stream").flatMap(LogRequest.Stream.init(rawValue:)),
      let agent = request.text("agent_key").flatMap({ CurvePublicKey($0) })
    else { return failure("the request is incomplete") }
    let promise = Promise<LogChunk>()
    bulk.ask(
      BulkDesk.LogQuestion(
        agentKey: agent,
        request: LogRequest(
          attempt: TrialAttempt(TrialID(trial), Attempt(attempt)), stream: stream, offset: request.whole("offset") ?? 0,
          limit: min(request.whole("limit") ?? 65_536, 65_536)),
        answer: promise))
    guard let chunk = promise.wait(for: .seconds(10)) else { return failure("the agent cannot be reached") }
    if let failure = chunk.failure { return self.failure(failure) }
    return .object([
      .init("offset", .int(chunk.offset)), .init("size", .int(chunk.size)),
      .init("bytes", .string(Data(chunk.bytes).base64EncodedString())),
    ])
  }
}
