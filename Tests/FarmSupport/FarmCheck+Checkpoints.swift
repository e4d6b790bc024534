import Coordination
import Foundation
import HostSystem
import TuningModel
import Wire

extension AttemptEnd {
  /// The host could not keep the checkpoint, and said so.
  var isUnsealed: Bool { seal == nil && errorTail.contains("the checkpoint is not sealed") }
}

extension FarmCheck {
  /// What facts say of the trials' checkpoints and ends, one fact after the other.
  struct Ledger {
    struct Newest {
      var seal: Seal
      var holders: Set<CheckpointHolder>
    }

    let isShared: Bool
    var newest: [TrialID: Newest] = [:]
    var open: [TrialID: TrialAttempt] = [:]
    var last: [TrialID: EndConsequence] = [:]
    /// At its milestone a trial that was lost waits as it is: what its checkpoint held is trained again if it is promoted.
    var lost: Set<TrialID> = []
    /// Trials whose checkpoint was with a host that was given up, or that a full disk cost them.
    var bereft: Set<TrialID> = []
    var problems: [String] = []
    private var agents: [TrialAttempt: AgentID] = [:]
    private var gone: Set<AgentID> = []

    init(isShared: Bool) { self.isShared = isShared }

    mutating func take(_ fact: Fact) {
      switch fact {
      case .trialCreated(let creation): last[creation.trial] = .pending(.created)
      case .attemptAssigned(let assignment):
        let trial = assignment.attempt.trial
        if let other = open[trial] { problems.append("\(assignment.attempt) was assigned while \(other) was open") }
        open[trial] = assignment.attempt
        agents[assignment.attempt] = assignment.slot.agent
      case .attemptEnded(let attempt, let end, let consequence): ended(attempt, end, consequence)
      case .attemptRefused(let attempt, _, let consequence):
        open[attempt.trial] = nil
        last[attempt.trial] = consequence
      case .trialStopped(let trial): last[trial] = .stopped
      case .checkpointCopied(let trial, let generation, let holder):
        if newest[trial]?.seal.generation == generation { newest[trial]?.holders.insert(holder) }
      case .agentReachability(let agent, .lost):
        gone.insert(agent)
        for (trial, newest) in newest where newest.holders.allSatisfy(isGone) { bereft.insert(trial) }
      case .agentGreeted(let greeting): gone.remove(greeting.agent)
      default: break
      }
    }

    private mutating func ended(_ attempt: TrialAttempt, _ end: AttemptEnd, _ consequence: EndConsequence) {
      let trial = attempt.trial
      open[trial] = nil
      last[trial] = consequence
      if [.hostFault, .leaseExpired].contains(end.cause) || end.isUnsealed {
        lost.insert(trial)
      } else {
        lost.remove(trial)
      }
      if end.isUnsealed { bereft.insert(trial) }
      if let seal = end.seal, let agent = agents[attempt], newest[trial]?.seal.generation != seal.generation {
        newest[trial] = Newest(seal: seal, holders: [isShared ? .store : .agent(agent)])
      }
    }

    private func isGone(_ holder: CheckpointHolder) -> Bool {
      if case .agent(let agent) = holder { gone.contains(agent) } else { false }
    }
  }

  private var ledger: Ledger {
    var ledger = Ledger(isShared: places.shared != nil)
    for fact in journal.facts { ledger.take(fact) }
    return ledger
  }

  /// Trials whose checkpoint was lost with its host, or could not be kept there: what it held is trained again.
  var bereft: Set<TrialID> { ledger.bereft }

  /// Trials whose newest sealed checkpoint is wanted and is at no place that the journal names, whole by its list; trials
  /// that are neither at an end nor paused. Found from the facts alone, one by one.
  public func checkpointProblems() throws -> [String] {
    let ledger = ledger
    var problems = ledger.problems
    for (trial, consequence) in ledger.last.sorted(by: { $0.key < $1.key }) {
      if let attempt = ledger.open[trial] {
        problems.append("attempt \(attempt) has no end")
        continue
      }
      switch consequence {
      case .pending(let reason): problems.append("trial \(trial) still waits (\(reason))")
      case .completed, .stopped, .failed: break
      case .paused:
        guard let newest = ledger.newest[trial] else {
          if ledger.lost.contains(trial) { continue }
          problems.append("trial \(trial) is paused and has no checkpoint")
          continue
        }
        let faults = newest.holders.map { (holder: $0, fault: fault(of: newest.seal, trial, at: $0)) }
        if !faults.contains(where: { $0.fault == nil }) {
          problems.append(
            "trial \(trial) is paused, and its checkpoint \(newest.seal.generation) is nowhere whole: \(faults)")
        }
      }
    }
    return problems
  }

  /// What a generation lacks at a place; nil: it is whole there.
  private func fault(of seal: Seal, _ trial: TrialID, at holder: CheckpointHolder) -> String? {
    let folder: String
    switch holder {
    case .agent(let agent):
      // Several agents may have greeted from one folder; the last word counts.
      var home: String?
      for case .agentGreeted(let greeting) in journal.facts where greeting.agent == agent {
        home = journal.state[agent].flatMap { places.home(of: greeting, named: $0.name) } ?? home
      }
      guard let home else { return "no folder is known of agent \(agent)" }
      folder = "\(home)/trials/\(trial)/seals"
    case .coordinator: folder = "\(places.run)/checkpoints/\(trial)"
    case .store:
      guard let shared = places.shared else { return "there is no shared folder" }
      folder = "\(shared)/\((places.run as NSString).lastPathComponent)/trials/\(trial)/seals"
    }
    return Self.fault(of: seal.generation, hash: seal.hash, in: folder)
  }

  static func fault(of generation: Int, hash: String, in folder: String) -> String? {
    let files = FileManager.default
    guard files.fileExists(atPath: "\(folder)/\(generation).seal") else {
      return "\(folder)/\(generation).seal is missing"
    }
    guard let list = files.contents(atPath: "\(folder)/\(generation).manifest") else {
      return "\(folder)/\(generation).manifest is missing"
    }
    guard SHA256.hash([UInt8](list)) == hash else { return "\(folder)/\(generation).manifest is not what was sealed" }
    guard let manifest = try? TreeManifest(decoding: [UInt8](list)) else { return "the list cannot be read" }
    for entry in manifest.entries {
      guard case .file(let size, let hash, _) = entry.kind else { continue }
      let path = "\(folder)/\(generation)/\(entry.path)"
      guard let data = files.contents(atPath: path) else { return "\(path) is missing" }
      if data.count != size || SHA256.hash([UInt8](data)) != hash { return "\(path) is not what was sealed" }
    }
    return nil
  }
}
