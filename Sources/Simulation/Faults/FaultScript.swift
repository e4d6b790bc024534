import TuningModel

/// What a training script does, by the seed, its trial and its attempt.
struct FaultScript: Sendable {
  /// Seconds of an epoch.
  var epoch: Duration
  /// Whether it saves its checkpoint before it reports, or after.
  var savesBefore: Bool
  var saving: Duration
  /// Whether it waits inside `report()`.
  var cooperates: Bool
  /// From SIGTERM to its end; nil: it ignores the signal.
  var farewell: Duration?
  /// The epoch in which it ends with an error.
  var failsAt: Int?
  /// The epoch in which it does nothing for a long while.
  var hangsAt: Int?
  /// The epoch after which it ends of its own accord.
  var endsAfter: Int?
  /// Its reports are of no use.
  var isSilent: Bool
  /// Some of its reports are garbage.
  var babbles: Bool
  /// Processes that it leaves behind.
  var children: Int
  /// A value of its curve.
  private let curve: UInt64

  init(seed: UInt64, _ name: TrialAttempt) {
    var trial = SeededGenerator(seed: seed, stream: 1_000 + UInt64(name.trial.rawValue))
    epoch = trial.time(.milliseconds(800), .seconds(40))
    savesBefore = trial.chance(500)
    cooperates = trial.chance(400)
    babbles = trial.chance(60)
    isSilent = trial.chance(25)
    endsAfter = trial.chance(40) ? trial.draw(1...9) : nil
    curve = trial.nextBits()
    var attempt = SeededGenerator(seed: curve, stream: UInt64(name.attempt.rawValue))
    saving = attempt.time(.milliseconds(20), .milliseconds(900))
    farewell = attempt.chance(150) ? nil : attempt.time(upTo: .seconds(3))
    failsAt = attempt.chance(50) ? attempt.draw(1...12) : nil
    hangsAt = attempt.chance(50) ? attempt.draw(1...12) : nil
    children = attempt.chance(150) ? attempt.draw(1...3) : 0
  }

  /// What it reports after an epoch: a curve that falls, crosses others, and differs a little between attempts only where
  /// `babbles`.
  func value(at epoch: Int) -> Double {
    var noise = SeededGenerator(seed: curve, stream: UInt64(1_000 + epoch))
    var shape = SeededGenerator(seed: curve, stream: 1)
    let floor = shape.nextUnit()
    let rate = 0.1 + shape.nextUnit() / 2
    let value = floor + (1 - floor) * Mathematics.exp(-rate * Double(epoch)) + 0.05 * noise.nextUnit()
    if babbles, noise.chance(200) { return noise.pick([Double.nan, .infinity, -.infinity, 1e300]) }
    return value
  }

  func fields(at epoch: Int) -> [JSONValue.Member] {
    var fields: [JSONValue.Member] = [.init(FaultScenario.resource, .int(epoch))]
    if isSilent { return fields }
    var noise = SeededGenerator(seed: curve, stream: UInt64(5_000 + epoch))
    if babbles, noise.chance(150) {
      fields = [.init(FaultScenario.resource, noise.pick([.int(0), .int(-4), .double(1.5), .string("two"), .null]))]
    }
    fields.append(.init(FaultScenario.metric, .double(value(at: epoch))))
    return fields
  }
}
