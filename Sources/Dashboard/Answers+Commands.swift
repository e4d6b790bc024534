import Chronicle
import Coordination
import HostSystem
import Hummingbird
import Presentation
import SearchSpace
import TuningModel

/// What the page may ask of the coordinator. Everything is checked here first, and by the coordinator again.
extension Answers {
  func command(_ body: [UInt8]) async throws -> Response {
    // The reader of JSON bears more than JSON is, for the sake of reports.
    guard String(validating: body, as: UTF8.self) != nil, let parsed = try? JSONValue(parsing: body),
      case .object(let members) = parsed
    else {
      throw APIError(.badRequest, "a command is a JSON object")
    }
    guard Set(members.map(\.key)).count == members.count else {
      throw APIError(.badRequest, "a member stands twice")
    }
    if let problem = follower.problem { throw APIError(.unavailable, problem) }
    guard follower.hasCaughtUp else { throw APIError(.unavailable, "the run's journal is still being read") }
    let order = try archive.look { chronicle throws(APIError) in try Order(members, chronicle.state) }
    return try await waits.run { [self] in
      // One after the other: what is given more counts from what the one before has made of it.
      if order.isExtension { return try extending.withLock { _ in try carryOut(order) } }
      return try carryOut(order)
    }
  }

  private func carryOut(_ order: Order) throws -> Response {
    let presence = coordinator.presence()
    var order = order
    // The file that counts is there when the coordinator has answered, its fact in the archive only soon.
    let stop = order.isExtension ? try? source.specification().stop : nil
    try archive.look { chronicle throws(APIError) in
      let state = chronicle.state
      try order.check(state, stop ?? state.specification.stop, presence, takesCommands: takesCommands)
    }
    guard let answer = coordinator.ask(.object(order.question)) else {
      throw APIError(.unavailable, "the coordinator does not answer")
    }
    if let error = answer.text("error") {
      if answer.text("code") == "not_found" { throw APIError(.notFound, Presentation.printable(error)) }
      if error == "unknown request" {
        throw APIError(.conflict, "the coordinator of this run cannot do that")
      }
      throw APIError(.conflict, Presentation.printable(error))
    }
    var writer = JSONWriter()
    writer.object { writer in
      writer.member("done", order.done)
      if case .enqueue = order, let trial = answer.whole("trial") { writer.member("trial", trial) }
    }
    return Self.json(writer)
  }
}

/// A command, as it was asked for.
private enum Order {
  case pauseRun, stopRun
  case stopTrial(Int)
  case pauseTrial(Int)
  case resumeTrial(Int)
  case drainHost(String)
  case addHost(String)
  case enqueue(Configuration)
  case extend(LimitOrder)

  init(_ members: [JSONValue.Member], _ state: RunState) throws(APIError) {
    var rest = CommandMembers(members)
    guard case .string(let operation)? = rest.take("op") else {
      throw APIError(.badRequest, "op must be the name of a command")
    }
    switch operation {
    case "pause_run": self = .pauseRun
    case "stop_run": self = .stopRun
    case "stop_trial": self = .stopTrial(try rest.trial())
    case "pause_trial": self = .pauseTrial(try rest.trial())
    case "resume_trial": self = .resumeTrial(try rest.trial())
    case "drain_host": self = .drainHost(try rest.host())
    case "add_host": self = .addHost(try rest.host())
    case "enqueue": self = .enqueue(try Self.configuration(rest.take("configuration"), state))
    case "extend": self = .extend(try LimitOrder(&rest))
    default: throw APIError(.badRequest, "there is no command \(QueryReader.shown(operation))")
    }
    if let name = rest.names.first {
      throw APIError(.badRequest, "\(operation) has no member \(QueryReader.shown(name))")
    }
  }

  private static func configuration(_ value: JSONValue?, _ state: RunState) throws(APIError) -> Configuration {
    guard case .object(let members)? = value, members.count <= 1000 else {
      throw APIError(.badRequest, "configuration must be an object of values by name")
    }
    let space = state.specification.experiment.space
    var entries: [Configuration.Entry] = []
    var names: Set<String> = []
    for member in members {
      let name = QueryReader.shown(member.key)
      guard names.insert(member.key).inserted else { throw APIError(.badRequest, "\(name) stands twice") }
      guard let content = space[member.key] else {
        throw APIError(.badRequest, "there is no hyperparameter \(name)")
      }
      guard let given = ParameterValue(json: member.value) else {
        throw APIError(.badRequest, "the value of \(name) must be a number, a text, true or false")
      }
      switch content {
      case .constant(let constant):
        guard given == constant else { throw APIError(.badRequest, "\(name) is a constant") }
      case .domain(let domain):
        guard domain.cast(given) != nil else {
          throw APIError(.badRequest, "\(name) must be \(Presentation.printable(domain.membersInWords))")
        }
      }
      entries.append(Configuration.Entry(member.key, given))
    }
    guard let completed = space.completed(Configuration(entries)) else {
      throw APIError(.badRequest, "the configuration does not belong to the space")
    }
    return completed
  }

  var isExtension: Bool {
    if case .extend = self { return true }
    return false
  }

  /// Whether it can be done now, as far as the journal tells.
  /// - Parameter stop: the limits of the search.
  mutating func check(
    _ state: RunState, _ stop: StopCriterion, _ presence: CoordinatorPresence, takesCommands: Bool
  ) throws(APIError) {
    if state.end != nil || !takesCommands {
      throw APIError(.forbidden, RunView.refusal(state, presence, takesCommands: takesCommands) ?? "")
    }
    switch self {
    case .stopTrial(let trial), .pauseTrial(let trial), .resumeTrial(let trial):
      guard let known = state[TrialID(trial)] else { throw APIError(.notFound, "the run has no trial \(trial)") }
      guard !known.status.isFinal else { throw APIError(.conflict, "trial \(trial) is \(known.status.word)") }
      if case .resumeTrial = self, !known.isPausedByOperator {
        throw APIError(.conflict, "trial \(trial) is not paused by hand")
      }
    case .drainHost(let host), .addHost(let host):
      let known = state.specification.cluster.hosts.map(\.name) + state.addedHosts.map(\.name)
      guard (known + state.agents.map(\.name)).contains(host) else {
        throw APIError(.notFound, "the run has no host \(Presentation.printable(String(host.prefix(60))))")
      }
    case .pauseRun, .stopRun, .enqueue, .extend: break
    }
    guard state.closing == nil else { throw APIError(.conflict, "the run is ending") }
    if state.isSuspended { throw APIError(.conflict, "the run is paused") }
    if case .extend(let limits) = self { self = .extend(try limits.settled(state, stop)) }
    guard case .running = presence else {
      throw APIError(.unavailable, RunView.refusal(state, presence, takesCommands: true) ?? "")
    }
  }

  /// What the coordinator is asked.
  var question: [JSONValue.Member] {
    switch self {
    case .pauseRun: [.init("op", .string("pause"))]
    case .stopRun: [.init("op", .string("stop"))]
    case .stopTrial(let trial): [.init("op", .string("stop")), .init("trial", .int(trial))]
    case .pauseTrial(let trial): [.init("op", .string("pause")), .init("trial", .int(trial))]
    case .resumeTrial(let trial): [.init("op", .string("resume_trial")), .init("trial", .int(trial))]
    case .drainHost(let host): [.init("op", .string("drain_host")), .init("host", .string(host))]
    case .addHost(let host):
      [.init("op", .string("return_host")), .init("host", .string(host))]
    case .enqueue(let configuration):
      [.init("op", .string("enqueue")), .init("config", .string(configuration.json.jsonText(.strict)))]
    case .extend(let limits): [.init("op", .string("extend"))] + limits.question
    }
  }

  var done: String {
    switch self {
    case .pauseRun: "the run is being paused; `pasha-coord resume` goes on"
    case .stopRun: "the run is being stopped"
    case .stopTrial(let trial): "trial \(trial) is being stopped"
    case .pauseTrial(let trial): "trial \(trial) is being paused until it is resumed"
    case .resumeTrial(let trial): "trial \(trial) goes on when a slot is free"
    case .drainHost(let host): "\(host) gets no new trials"
    case .addHost(let host): "\(host) is in use again"
    case .enqueue: "the configuration is tried next"
    case .extend(let limits): limits.done
    }
  }
}

/// The members of a command, each taken once.
struct CommandMembers {
  private var rest: [JSONValue.Member]

  init(_ members: [JSONValue.Member]) { rest = members }

  var names: [String] { rest.map(\.key) }

  mutating func take(_ key: String) -> JSONValue? {
    guard let index = rest.firstIndex(where: { $0.key == key }) else { return nil }
    return rest.remove(at: index).value
  }

  mutating func trial() throws(APIError) -> Int {
    guard let id = take("trial").flatMap(Self.whole), (0...Int(Int32.max)).contains(id) else {
      throw APIError(.badRequest, "trial must be the number of a trial")
    }
    return id
  }

  mutating func host() throws(APIError) -> String {
    guard case .string(let host)? = take("host"), (1...255).contains(host.unicodeScalars.count) else {
      throw APIError(.badRequest, "host must be the name of a host")
    }
    return host
  }

  static func number(_ value: JSONValue) -> Double? {
    switch value {
    case .int(let value): Double(value)
    case .double(let value): value.isFinite ? value : nil
    default: nil
    }
  }

  /// Whole numbers may be written with a fraction of zero.
  private static func whole(_ value: JSONValue) -> Int? { number(value).flatMap { Int(exactly: $0) } }
}
