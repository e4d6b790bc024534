import Coordination
import TuningModel

/// What somebody did to a run, or what befell the run as a whole: beside what its scheduler and its searcher decided.
public struct Intervention: Equatable, Sendable {
  public enum Kind: Equatable, Sendable {
    case command(OperatorCommand)
    /// A configuration brought in by hand became this trial.
    case enqueued(TrialID)
    case hostAdded(String)
    case hostMarked(String, HostMark)
    /// Another cluster file counts from then on.
    case fileChanged
    /// The run takes new trials again.
    case extended
    /// A coordinator took it up again; nil: the one before had paused it, else so long nothing was written in the journal,
    /// in seconds.
    case resumed(afterSilence: Double?)
  }

  /// Time that the run had been up, in seconds.
  public var seconds: Double
  public var kind: Kind
}

/// The first of the interventions of a run, and how many there were.
public struct Interventions: Equatable, Sendable {
  /// More are counted alone.
  public static let limit = 1000

  public private(set) var kept: [Intervention] = []
  public private(set) var count = 0

  public init() {}

  mutating func add(_ kind: Intervention.Kind, at seconds: Double) {
    count += 1
    if kept.count < Self.limit { kept.append(Intervention(seconds: seconds, kind: kind)) }
  }
}

extension Intervention.Kind {
  /// - Parameters:
  ///   - wasSuspended: the run had been paused before the fact.
  ///   - silence: seconds between the fact before and this one.
  init?(_ fact: Fact, wasSuspended: Bool, silence: Double) {
    switch fact {
    case .operatorCommand(let command): self = .command(command)
    case .trialCreated(let creation) where creation.origin == .operator: self = .enqueued(creation.trial)
    case .hostAdded(let host): self = .hostAdded(host.name)
    case .hostMarked(let name, let mark): self = .hostMarked(name, mark)
    case .specificationChanged: self = .fileChanged
    case .runExtended: self = .extended
    case .runResumed: self = .resumed(afterSilence: wasSuspended ? nil : silence)
    default: return nil
    }
  }
}
