import Glibc
import HostSystem
import TrialSandbox
import TuningModel

/// The folder of one trial on this host, mode 0700.
///
///     attempt          the highest attempt seen, written durably before a start; changed under attempt.lock
///     lock             held by the supervisor: the trial never runs twice at once on this host
///     checkpoints/     what --st_checkpoint_dir names
///     seals/           sealed generations
///     work/            the working directory: links to the entries of the code tree
///     tmp/             the trial's TMPDIR
///     attempts/N/      see `AttemptFolder`; `agent` holds the N of the agent-N that it belongs to, `acknowledged`
///                      says that its end is in the coordinator's journal
struct TrialFolder {
  let path: String
  let seals: String

  /// - Parameter seals: where sealed generations are when not in the folder itself.
  init(_ path: String, seals: String? = nil) {
    self.path = path
    self.seals = seals ?? "\(path)/seals"
  }

  var checkpoints: String { "\(path)/checkpoints" }
  var work: String { "\(path)/work" }
  var temporary: String { "\(path)/tmp" }
  var lock: String { "\(path)/lock" }
  var attempts: String { "\(path)/attempts" }

  func attempt(_ attempt: Attempt) -> AttemptFolder { AttemptFolder("\(attempts)/\(attempt)") }

  /// The highest attempt seen; nil where none was.
  var highestAttempt: Attempt? {
    guard let text = try? Files.readText("\(path)/attempt", limit: 64),
      let number = Int(text.prefix { !$0.isNewline }), number >= 1
    else { return nil }
    return Attempt(number)
  }

  func make() throws(SystemError) {
    for folder in [path, checkpoints, work, temporary, attempts] { try Files.makeFolder(folder) }
    try Files.makeFolder(seals, intermediates: true)
  }

  /// Makes `attempt` the highest one seen. False when a higher one was seen, or this one was started before: then some
  /// agent of this host has it.
  func claim(_ attempt: Attempt) throws(SystemError) -> Bool {
    let lock = try FileLock.acquire("\(path)/attempt.lock", within: .seconds(5))
    defer { withExtendedLifetime(lock) {} }
    if let seen = highestAttempt {
      if seen > attempt { return false }
      // A claim without a plan is of an agent that was killed before it could start anything.
      if seen == attempt, Files.exists(self.attempt(attempt).plan) { return false }
    }
    if highestAttempt != attempt { try Files.writeDurably("\(path)/attempt", "\(attempt)\n".utf8) }
    return true
  }
}

extension AttemptFolder {
  private var ownerFile: String { "\(path)/agent" }
  private var marker: String { "\(path)/acknowledged" }

  /// The N of the agent-N that the attempt belongs to.
  var owner: Int? {
    guard let text = try? Files.readText(ownerFile, limit: 64) else { return nil }
    return Int(text.prefix { !$0.isNewline })
  }

  func setOwner(_ index: Int) throws(SystemError) { try Files.writeAtomically(ownerFile, "\(index)\n".utf8) }

  var isAcknowledged: Bool { Files.exists(marker) }

  func markAcknowledged() throws(SystemError) {
    guard Files.exists(path) else { return }
    try Files.writeAtomically(marker, [])
  }
}
