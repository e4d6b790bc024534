import TuningModel

/// A sealed generation of a trial's checkpoint by name and content.
public struct CheckpointName: Hashable, Sendable {
  public var trial: TrialID
  /// From 1.
  public var generation: Int
  /// Hash of the manifest, in hexadecimal.
  public var hash: String

  public init(trial: TrialID, generation: Int, hash: String) {
    self.trial = trial
    self.generation = generation
    self.hash = hash
  }

  public init(_ trial: TrialID, _ seal: Seal) {
    self.init(trial: trial, generation: seal.generation, hash: seal.hash)
  }
}

/// Who has a sealed checkpoint.
public enum CheckpointHolder: Hashable, Sendable {
  /// The host of this agent.
  case agent(AgentID)
  case coordinator
  /// The folder that all hosts mount, or what the user's command keeps.
  case store
}

/// The sealed generation that an attempt goes on from and that is not on its host.
public struct CheckpointSource: Equatable, Sendable {
  public var seal: Seal
  public var holder: CheckpointHolder

  public init(seal: Seal, holder: CheckpointHolder) {
    self.seal = seal
    self.holder = holder
  }
}

/// A question for a piece of a sealed checkpoint. Each is the credit for one answer.
public struct CheckpointRequest: Equatable, Sendable {
  public enum Piece: Hashable, Sendable {
    case manifest
    case chunk(file: Int, offset: Int, length: Int)
  }

  /// From the agent that wants it: who has it. On its way on, and in the answer: who wants it. nil: the coordinator.
  public var agent: AgentID?
  public var name: CheckpointName
  public var piece: Piece

  public init(agent: AgentID?, name: CheckpointName, piece: Piece) {
    self.agent = agent
    self.name = name
    self.piece = piece
  }
}

public struct CheckpointAnswer: Equatable, Sendable {
  public enum Content: Equatable, Sendable {
    case manifest(TreeManifest)
    case chunk(file: Int, offset: Int, bytes: [UInt8])
    /// There is no such checkpoint there, or it is damaged.
    case missing(String)
    /// Whoever has it cannot be asked now.
    case unreachable(String)
  }

  public var agent: AgentID?
  public var name: CheckpointName
  public var content: Content

  public init(agent: AgentID?, name: CheckpointName, content: Content) {
    self.agent = agent
    self.name = name
    self.content = content
  }
}

/// Where sealed checkpoints are kept, as hosts need to know it.
public enum CheckpointStore: Equatable, Sendable {
  case host
  /// A folder that all hosts mount, absolute.
  case shared(folder: String)
  case coordinator
  /// Shell commands of the user's.
  case command(put: String, get: String, delete: String?)
}

/// How trials are confined.
public struct SandboxPlan: Equatable, Sendable {
  public enum Level: String, Sendable, CaseIterable {
    /// A host that cannot confine a trial takes none.
    case required
    /// Confined where the kernel can.
    case `default`
    case off
  }

  public var level: Level
  /// What trials may write beside their own folders, absolute or with a leading `~`.
  public var writable: [String]
  /// Processes and threads that a trial may have at once.
  public var mostProcesses: Int

  /// What a trial may have where nothing else is said, and the least and most that can be said.
  public static let defaultProcesses = 4_096
  public static let processRange = 16...1_000_000

  public init(level: Level = .default, writable: [String] = [], mostProcesses: Int = Self.defaultProcesses) {
    self.level = level
    self.writable = writable
    self.mostProcesses = mostProcesses
  }
}
