import Coordination
import Foundation
import RunChecking
import TuningModel

/// What an attempt noted about itself, with the clock of the machine that nobody sets.
public struct Pulse: Equatable, Sendable {
  public var attempt: TrialAttempt
  /// Each time that a script began under this name: one, unless something started it twice.
  public var begins: [Double] = []
  public var pids: [Int] = []
  public var loaded = 0
  public var epochs: [Int] = []
  /// The last sign of life.
  public var last = 0.0
  /// Whether it came to its own end.
  public var hasEnded = false

  /// The notes of all attempts in a folder, in their order.
  public static func all(in folder: String) throws -> [Pulse] {
    try FileManager.default.contentsOfDirectory(atPath: folder).compactMap { name -> Pulse? in
      let numbers = name.split(separator: "-").compactMap { Int($0) }
      guard numbers.count == 2 else { return nil }
      let text = try String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8)
      let alive = try? String(contentsOfFile: "\(folder)/\(name).alive", encoding: .utf8)
      return Pulse(TrialAttempt(TrialID(numbers[0]), Attempt(numbers[1])), text, alive: alive)
    }.sorted { $0.attempt < $1.attempt }
  }

  init(_ attempt: TrialAttempt, _ text: String, alive: String?) {
    self.attempt = attempt
    last = alive.flatMap { Double($0.trimmingCharacters(in: .whitespaces)) } ?? 0
    for line in text.split(separator: "\n") {
      let words = line.split(separator: " ")
      guard words.count >= 2, let time = Double(words[1]) else { continue }
      last = max(last, time)
      switch words[0] {
      case "begin":
        begins.append(time)
        pids += words.dropFirst(2).prefix(1).compactMap { Int($0) }
        loaded = words.count > 3 ? Int(words[3]) ?? 0 : 0
      case "epoch": epochs += words.dropFirst(2).prefix(1).compactMap { Int($0) }
      case "end": hasEnded = true
      default: break
      }
    }
  }
}

extension FarmCheck {
  /// What the trials' own notes say that must not be: two attempts of a trial at once, one that was started twice or that
  /// the journal does not know, an epoch that was left out.
  public func pulseProblems() throws -> [String] {
    let pulses = try places.notes.flatMap { try Pulse.all(in: $0) }.sorted { $0.attempt < $1.attempt }
    var problems = pulses.isEmpty ? ["there are no notes in \(places.notes)"] : []
    var assigned: Set<TrialAttempt> = []
    for case .attemptAssigned(let assignment) in journal.facts { assigned.insert(assignment.attempt) }
    for (one, other) in zip(pulses, pulses.dropFirst()) where one.attempt == other.attempt {
      problems.append("attempt \(one.attempt) ran on two hosts")
    }
    for pulse in pulses {
      let name = pulse.attempt
      if pulse.begins.count != 1 { problems.append("attempt \(name) was begun \(pulse.begins.count) times") }
      if !assigned.contains(name) { problems.append("attempt \(name) ran and is not in the journal") }
      let expected = (0..<pulse.epochs.count).map { pulse.loaded + 1 + $0 }
      if pulse.epochs != expected {
        problems.append("attempt \(name) loaded \(pulse.loaded) epochs and trained \(pulse.epochs)")
      }
    }
    for (_, all) in Dictionary(grouping: pulses, by: \.attempt.trial).sorted(by: { $0.key < $1.key }) {
      for (older, newer) in zip(all, all.dropFirst()) {
        guard let begin = newer.begins.first, begin < older.last else { continue }
        let early = String(format: "%.3f", older.last - begin)
        problems.append("attempt \(newer.attempt) began \(early) s before \(older.attempt) ended")
      }
    }
    return problems
  }
}
