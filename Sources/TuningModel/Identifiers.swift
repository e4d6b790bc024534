/// A trial: one sampled configuration and all that becomes of it. Ids count 0, 1, 2 … within a run.
public struct TrialID: RawRepresentable, Hashable, Comparable, Sendable, CustomStringConvertible {
  public let rawValue: Int

  public init(rawValue: Int) { self.rawValue = rawValue }
  public init(_ rawValue: Int) { self.rawValue = rawValue }

  public static func < (a: TrialID, b: TrialID) -> Bool { a.rawValue < b.rawValue }
  public var description: String { String(rawValue) }
}

/// One start of a trial, numbered from 1. The attempt is the fencing token: it stands in every message about the
/// trial, and what carries another attempt than the current one changes nothing.
public struct Attempt: RawRepresentable, Hashable, Comparable, Sendable, CustomStringConvertible {
  public let rawValue: Int

  public init(rawValue: Int) { self.rawValue = rawValue }
  public init(_ rawValue: Int) { self.rawValue = rawValue }

  public static let first = Attempt(1)
  public var next: Attempt { Attempt(rawValue + 1) }

  public static func < (a: Attempt, b: Attempt) -> Bool { a.rawValue < b.rawValue }
  public var description: String { String(rawValue) }
}

/// A trial at one attempt: the name under which an agent, a supervisor and the coordinator speak of a running trial.
public struct TrialAttempt: Hashable, Comparable, Sendable, CustomStringConvertible {
  public let trial: TrialID
  public let attempt: Attempt

  public init(_ trial: TrialID, _ attempt: Attempt) {
    self.trial = trial
    self.attempt = attempt
  }

  public static func < (a: TrialAttempt, b: TrialAttempt) -> Bool { (a.trial, a.attempt) < (b.trial, b.attempt) }
  public var description: String { "\(trial)#\(attempt)" }
}

/// An agent within a run, numbered from 0 in the order of admission. The number is given by a fact of the journal and
/// stands for the agent's CURVE key: an agent that comes back with its key comes back under its number.
public struct AgentID: RawRepresentable, Hashable, Comparable, Sendable, CustomStringConvertible {
  public let rawValue: Int

  public init(rawValue: Int) { self.rawValue = rawValue }
  public init(_ rawValue: Int) { self.rawValue = rawValue }

  public static func < (a: AgentID, b: AgentID) -> Bool { a.rawValue < b.rawValue }
  public var description: String { String(rawValue) }
}

/// A place on an agent where one trial can run.
public struct SlotID: Hashable, Comparable, Sendable, CustomStringConvertible {
  public let agent: AgentID
  /// Counted from 0 on its agent.
  public let index: Int

  public init(agent: AgentID, index: Int) {
    self.agent = agent
    self.index = index
  }

  public static func < (a: SlotID, b: SlotID) -> Bool { (a.agent, a.index) < (b.agent, b.index) }
  public var description: String { "\(agent)/\(index)" }
}
