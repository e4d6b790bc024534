import SearchSpace
import TuningModel

/// What a scheduler's program says, one JSON object a line.
public enum SchedulerAnswer: Equatable, Sendable {
  /// Start a trial; what is nil is left to pasha: the searcher draws, the first leg runs to the maximum resource.
  case start(configuration: Configuration?, milestone: Int?)
  case promote(TrialID, milestone: Int)
  /// Nothing now: asked again after the next report or end.
  case wait
  /// Nothing any more.
  case finish
  case stop(TrialID)
  case log(String)

  /// Whether it answers a `suggest`; the others may come at any time.
  public var isDue: Bool {
    switch self {
    case .start, .promote, .wait, .finish: true
    case .stop, .log: false
    }
  }

  /// Bytes of one line at most, its end not counted.
  public static let maximumBytes = 1 << 20

  /// Reads a line. What it says must be possible in a run of this specification.
  public init(line: some Collection<UInt8>, for specification: RunSpecification) throws(SchedulerAnswerError) {
    let value: JSONValue
    do throws(JSONError) {
      value = try JSONValue(parsing: line)
    } catch {
      throw SchedulerAnswerError("is not JSON (\(error))")
    }
    guard case .object(let members) = value else { throw SchedulerAnswerError("is no JSON object") }
    let words = members.map(\.key)
    let kinds = words.filter { Self.kinds.contains($0) }
    guard let kind = kinds.first, kinds.count == 1 else {
      throw SchedulerAnswerError("must have exactly one of the keys \(Self.kinds.joined(separator: ", "))")
    }
    let others = kind == "promote" ? ["milestone"] : []
    if let unknown = words.first(where: { $0 != kind && !others.contains($0) }) {
      throw SchedulerAnswerError("has the key \(unknown), which does not go with \(kind)")
    }
    let content = value.member(kind) ?? .null
    switch kind {
    case "start": self = try Self.start(content, specification)
    case "promote":
      let milestone = try value.member("milestone").map { (given) throws(SchedulerAnswerError) in
        try Self.milestone(given, specification)
      }
      self = .promote(
        try Self.trial(content, kind), milestone: milestone ?? specification.scheduler.maxResource)
    case "wait", "finish":
      guard content == .bool(true) else { throw SchedulerAnswerError("must say {\"\(kind)\": true}") }
      self = kind == "wait" ? .wait : .finish
    case "stop": self = .stop(try Self.trial(content, kind))
    default:
      guard case .string(let text) = content else { throw SchedulerAnswerError("must give log a text") }
      self = .log(text)
    }
  }

  private static let kinds = ["start", "promote", "wait", "finish", "stop", "log"]

  private static func start(
    _ content: JSONValue, _ specification: RunSpecification
  ) throws(SchedulerAnswerError) -> SchedulerAnswer {
    guard case .object(let members) = content else {
      throw SchedulerAnswerError("must give start an object, as in {\"start\": {\"milestone\": 3}} or {\"start\": {}}")
    }
    var configuration: Configuration?
    var milestone: Int?
    for member in members {
      switch member.key {
      case "config": configuration = try self.configuration(member.value, specification.experiment.space)
      case "milestone": milestone = try self.milestone(member.value, specification)
      default: throw SchedulerAnswerError("has the key start.\(member.key); there are config and milestone")
      }
    }
    return .start(configuration: configuration, milestone: milestone)
  }

  private static func trial(_ value: JSONValue, _ kind: String) throws(SchedulerAnswerError) -> TrialID {
    guard let number = whole(value), number >= 0 else {
      throw SchedulerAnswerError("must give \(kind) the number of a trial, not \(value.jsonText())")
    }
    return TrialID(number)
  }

  private static func milestone(
    _ value: JSONValue, _ specification: RunSpecification
  ) throws(SchedulerAnswerError) -> Int {
    let maximum = specification.scheduler.maxResource
    guard let number = whole(value), (1...maximum).contains(number) else {
      throw SchedulerAnswerError("must give a milestone from 1 to max_t, which is \(maximum), not \(value.jsonText())")
    }
    return number
  }

  private static func whole(_ value: JSONValue) -> Int? {
    switch value {
    case .int(let number): number
    case .double(let number): Int(exactly: number)
    case .null, .bool, .string, .array, .object: nil
    }
  }

  /// A configuration of the space; what is left out gets its default, as in `points_to_evaluate`.
  private static func configuration(
    _ value: JSONValue, _ space: ConfigurationSpace
  ) throws(SchedulerAnswerError) -> Configuration {
    guard case .object(let members) = value else {
      throw SchedulerAnswerError("must give config an object, as in {\"lr\": 0.1}")
    }
    var entries: [Configuration.Entry] = []
    for member in members {
      guard let content = space[member.key] else {
        throw SchedulerAnswerError(
          "names \(member.key), which is not in config_space; the names there are "
            + space.entries.map(\.name).joined(separator: ", "))
      }
      guard let given = ParameterValue(json: member.value) else {
        throw SchedulerAnswerError("must give \(member.key) a number, text or truth value")
      }
      switch content {
      case .constant(let constant):
        let isSame = constant == given || (constant.number != nil && constant.number == given.number)
        guard isSame else {
          throw SchedulerAnswerError("must leave \(member.key) as it is in config_space, \(constant.json.jsonText())")
        }
        entries.append(.init(member.key, constant))
      case .domain(let domain):
        guard let own = domain.cast(given) else {
          throw SchedulerAnswerError("gives \(member.key) the value \(member.value.jsonText()), outside its domain")
        }
        entries.append(.init(member.key, own))
      }
    }
    guard let configuration = space.completed(Configuration(entries)) else {
      throw SchedulerAnswerError("gives a configuration that does not belong to config_space")
    }
    return configuration
  }
}

/// Why a line of a scheduler's program cannot be used: the rest of a sentence whose subject is the line.
public struct SchedulerAnswerError: Error, Equatable, Sendable, CustomStringConvertible {
  public let message: String
  public var description: String { message }

  init(_ message: String) { self.message = message }
}
