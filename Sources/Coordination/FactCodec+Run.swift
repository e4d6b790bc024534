import TuningModel
import Wire

extension RunStart {
  var message: ProtoRunStarted {
    .with {
      $0.run = run
      $0.version = version
      $0.specificationHash = specificationHash
      if let codeHash { $0.codeHash = codeHash }
      $0.randomSeed = randomSeed
    }
  }

  init(_ message: ProtoRunStarted) {
    self.init(
      run: message.run, version: message.version, specificationHash: message.specificationHash,
      codeHash: message.hasCodeHash ? message.codeHash : nil, randomSeed: message.randomSeed)
  }
}

extension Training {
  var message: ProtoTrainingBegan {
    .with {
      $0.end = end.encodable
      $0.trials = trials.map { UInt32(clamping: $0.rawValue) }
    }
  }

  init(_ message: ProtoTrainingBegan) throws(WireError) {
    self.init(
      end: try RunEnd(message.end),
      trials: try Check.list(message.trials, atMost: Self.maximumTrials, "training_began.trials") {
        (trial) throws(WireError) in TrialID(try Check.count(trial, "training_began.trials"))
      })
  }
}

extension RunEnd {
  /// Not `message`, which is the text.
  var encodable: ProtoRunEnd {
    .with {
      $0.reason = reason.message
      $0.message = message
    }
  }

  init(_ message: ProtoRunEnd) throws(WireError) {
    self.init(reason: try Reason(message.reason, "run_end.reason"), message: message.message)
  }
}

extension RunEnd.Reason: WireEnumeration {
  package var message: ProtoRunEnd.Reason {
    switch self {
    case .trialsStarted: .trialsStarted
    case .trialsCompleted: .trialsCompleted
    case .trialsFinished: .trialsFinished
    case .evaluations: .evaluations
    case .wallclockTime: .wallclockTime
    case .cost: .cost
    case .metricValue: .metricValue
    case .spaceExhausted: .spaceExhausted
    case .tooManyFailures: .tooManyFailures
    case .noUsableHost: .noUsableHost
    case .stoppedByOperator: .stoppedByOperator
    case .pausedByOperator: .pausedByOperator
    case .schedulerFinished: .schedulerFinished
    case .schedulerFailed: .schedulerFailed
    }
  }
}
