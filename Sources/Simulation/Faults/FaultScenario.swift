import Coordination
import Scheduling
import SearchSpace
import TuningModel

/// What a seed stands for: a farm, a run on it, how bad its network is, what its scripts do, and what breaks when.
struct FaultScenario: Sendable {
  let seed: UInt64
  let specification: RunSpecification
  let hosts: [Host]
  let channel: Channel
  let coordinatorClock: Clock
  /// In the order of their times.
  var faults: [Fault]
  /// From then on nothing breaks any more.
  let quietFrom: Instant
  /// When the run must have ended at the latest.
  let bound: Instant

  struct Host: Sendable {
    var slots: Int
    var clock: Clock
  }

  /// A clock that began at a time of its own and runs a little too fast or too slow.
  struct Clock: Sendable {
    /// What it shows at the beginning of the world.
    var start: Instant
    /// Parts of a million by which it is too fast. Two clocks differ by less than 1 %.
    var error: Int64

    func reading(at world: Instant) -> Instant {
      let time = world.nanoseconds
      return Instant(nanoseconds: start.nanoseconds + time + time / 1_000_000 * error)
    }

    /// The first world's time at which it shows this or more.
    func world(at reading: Instant) -> Instant {
      let time = reading.nanoseconds - start.nanoseconds
      var world = Instant(nanoseconds: max(0, time / (1_000_000 + error) * 1_000_000))
      // The division has lost a little.
      while self.reading(at: world) < reading {
        world = world + .nanoseconds(max(1, reading.nanoseconds - self.reading(at: world).nanoseconds))
      }
      return world
    }
  }

  /// What becomes of messages.
  struct Channel: Sendable {
    /// Longest usual delay.
    var delay: Duration
    /// Shares of messages, of a thousand. Connections deliver in order and lose nothing unless one of these is positive.
    var lost = 0
    var doubled = 0
    var reordered = 0
    /// Longest delay of one that is overtaken.
    var detour: Duration = .seconds(30)

    var isOrdered: Bool { lost + doubled + reordered == 0 }
  }
}

/// Something that breaks.
struct Fault: Equatable, Sendable {
  var at: Instant
  var kind: Kind

  enum Kind: Equatable, Sendable {
    case coordinatorCrashes(CrashPoint, down: Duration)
    case coordinatorStops(Duration)
    case agentCrashes(host: Int)
    case agentStops(host: Int, Duration)
    case supervisorCrashes(host: Int, pick: Int)
    case supervisorStops(host: Int, pick: Int, Duration)
    case agentAndSupervisorsCrash(host: Int)
    case trialKilled(host: Int, pick: Int, outOfMemory: Bool)
    case trialStops(host: Int, pick: Int, Duration)
    case powerLoss(host: Int, down: Duration)
    case hostSleeps(host: Int, Duration)
    case linkCut(host: Int, Direction, Duration)
    case connectionReset(host: Int)
    case diskFull(host: Int, Duration)
    case deviceFails(host: Int, slot: Int, Duration)
    case wallClockJumps(host: Int?, seconds: Int)
    case operatorStopsTrial(pick: Int)
    /// For so long, unless the run is over before.
    case operatorPausesTrial(pick: Int, Duration)
    /// A configuration of the operator's, in hundredths of the hyperparameter.
    case operatorEnqueues(hundredths: Int)
    /// So many trials more.
    case operatorExtends(trials: Int)
    case operatorPausesRun(Duration)
    case operatorDrains(host: Int, Duration)
    /// A second agent with the key of the host's runs somewhere for so long: its folder was copied, or its whole machine.
    case twin(of: Int, isMachine: Bool, Duration)
  }

  enum Direction: String, Sendable { case both, toCoordinator, toAgent }

  /// Where in a turn a coordinator dies.
  enum CrashPoint: Equatable, Sendable {
    case atOnce
    /// The commit fails, and nothing of it is kept.
    case commitFails
    /// The commit is reported as failed, and is kept all the same.
    case commitFailsButHolds
    case afterCommit
    /// After so many effects.
    case afterEffects(Int)
    /// Only the first facts of a turn are in the journal, which no commit does: a journal of another program.
    case partOfTurn(Int)
  }
}

extension Fault: CustomStringConvertible {
  var description: String { "\(Self.clock(at)) \(kind)" }

  /// Minutes, seconds and milliseconds of the world's time.
  static func clock(_ instant: Instant) -> String {
    let milliseconds = instant.nanoseconds / 1_000_000
    func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
    let rest = milliseconds % 1_000
    let text = rest < 10 ? "00\(rest)" : rest < 100 ? "0\(rest)" : "\(rest)"
    return "\(milliseconds / 3_600_000):\(two(milliseconds / 60_000 % 60)):\(two(milliseconds / 1_000 % 60)).\(text)"
  }
}
