import Chronicle
import Coordination
import TuningModel

/// What the view shows of a run at a moment. Texts may be anything: the layout makes them fit for a terminal.
public struct RunScreen: Equatable, Sendable {
  public struct Limit: Equatable, Sendable {
    public var name: String
    public var used: String
    public var limit: String
    /// Of the limit; nil where that says nothing.
    public var share: Double?
  }

  public struct Rung: Equatable, Sendable {
    public var level: Int
    public var trials: Int
    public var promoted: Int
    public var running: Int
    public var best: String?
  }

  public struct Bracket: Equatable, Sendable {
    public var rungs: [Rung]
    /// Up to which trials are promoted at present.
    public var maximum: Int
  }

  public struct Slot: Equatable, Sendable {
    public enum Phase: Equatable, Sendable {
      case idle, unusable, starting, moving, running, held, ending
    }

    public var phase: Phase
    public var trial: Int?
    public var resource: Int = 0
    public var milestone: Int = 0
    public var value: String?
  }

  public struct Host: Equatable, Sendable {
    public var name: String
    public var state: String
    public var role: Role
    /// Why, and what comes next.
    public var note: String
    public var slots: [Slot]
    public var canDrain: Bool
    public var canReturn: Bool
  }

  public struct Event: Equatable, Sendable {
    public var clock: String
    public var text: String
    public var role: Role

    public init(clock: String, text: String, role: Role) {
      self.clock = clock
      self.text = text
      self.role = role
    }
  }

  /// A trial that somebody may do something with.
  public struct Trial: Equatable, Sendable {
    public var number: Int
    public var status: String
    public var detail: String
    public var isActive: Bool
    public var isPausedByHand: Bool
  }

  public struct Best: Equatable, Sendable {
    public var value: String
    public var detail: String
    /// `lr=0.001 hidden=64`, without constants.
    public var configuration = ""
  }

  public var run = ""
  public var scheduler = ""
  public var goal = ""
  public var status = ""
  public var statusRole = Role.good
  public var reason = ""
  public var time = ""
  public var best: Best?
  /// Steps of the best value over the seconds of the run, and until when.
  public var steps: [Step] = []
  public var stepsEnd = 0.0
  public var isMaximised = false
  public var limits: [Limit] = []
  public var spent = ""
  /// Words for a wide and for a narrow screen.
  public var left = ""
  public var leftBasis = ""
  public var counts: [Count] = []
  public var brackets: [Bracket] = []
  public var resource = "epoch"
  public var maximum = 0
  public var hosts: [Host] = []
  public var hostSummary = ""
  /// The oldest first.
  public var events: [Event] = []
  public var trials: [Trial] = []
  /// Whether `trials` has those too that are in no slot.
  public var listsTrials = true
  /// Whether the coordinator takes commands now; else why not.
  public var refusal: String?

  public struct Step: Equatable, Sendable {
    public var seconds: Double
    public var value: Double

    public init(seconds: Double, value: Double) {
      self.seconds = seconds
      self.value = value
    }
  }

  public struct Count: Equatable, Sendable {
    public var word: String
    public var count: Int
    public var role: Role
  }

  public init() {}
}
