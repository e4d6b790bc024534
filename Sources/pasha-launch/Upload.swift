import Glibc
import HostSystem
import Launching
import SecureShell
import TuningModel

/// Brings the packed bundle to the host: streamed, checked there, unpacked, put in place with one rename.
struct Upload {
  let host: String
  let owner: Owner
  let shell: any RemoteShell
  let path: String
  let hash: String
  let bytes: Int
  let patience: Duration

  private static let sayEvery = Duration.seconds(5)
  /// Room for the packed file and what is in it.
  private static let growth = 5
  private static let pieceSize = 1 << 18

  func run(_ facts: HostFacts) throws(HostFailure) {
    if let free = facts.freeBytes, free / Self.growth < bytes {
      throw HostFailure(
        HostFailure.diskFull,
        "\(host): \(facts.workDirectory) has \(free >> 20) MB free, and the agent needs \((bytes * Self.growth) >> 20) MB: "
          + "make room, or name another work_dir", isRetryable: false)
    }
    let start = HostClock.now
    owner.say(.uploading(bytes: bytes, done: 0))
    let answers = try MarkedAnswers(
      Scripts.upload, lines: [facts.workDirectory, hash], on: shell, host: host, owner: owner)
    try expect("ready", answers, facts, within: patience)
    try stream(answers)
    // What is buffered on the way may be megabytes on a slow line.
    for step in ["received", "unpacked", "synced", "done"] { try expect(step, answers, facts, within: patience * 6) }
    owner.say(.uploaded(took: HostClock.now - start))
  }

  private func stream(_ answers: MarkedAnswers) throws(HostFailure) {
    let file: Descriptor
    do throws(SystemError) {
      file = try Descriptor.open(path, O_RDONLY)
    } catch {
      throw HostFailure(HostFailure.internal, "\(host): the agent's bundle: \(error.message)", isRetryable: false)
    }
    var done = 0
    var sayAt = HostClock.now + Self.sayEvery
    while true {
      let piece: [UInt8]
      do throws(SystemError) {
        piece = try file.read(upTo: Self.pieceSize)
      } catch {
        throw HostFailure(HostFailure.internal, "\(host): the agent's bundle: \(error.message)", isRetryable: true)
      }
      if piece.isEmpty { break }
      // A host that takes no more says why in its answer.
      guard try answers.run.write(piece, stall: patience * 1.5) else { break }
      done += piece.count
      if HostClock.now >= sayAt {
        owner.say(.uploading(bytes: bytes, done: done))
        sayAt = HostClock.now + Self.sayEvery
      }
    }
    answers.run.closeInput()
  }

  private func expect(
    _ step: String, _ answers: MarkedAnswers, _ facts: HostFacts, within patience: Duration
  ) throws(HostFailure) {
    let what = "putting the agent there"
    let (name, value) = try answers.expect(within: patience, doing: what)
    if name == step { return }
    guard name == "failed" else {
      throw HostFailure(HostFailure.upload, "\(host): an odd answer (\(name)) while \(what)", isRetryable: true)
    }
    _ = try answers.run.exit(within: .seconds(5))
    let errors = answers.run.errors
    if answers.run.tellsOfFullDisk {
      throw HostFailure(
        HostFailure.diskFull,
        "\(host): no room for the agent in \(facts.workDirectory): make room, or name another work_dir: \(errors)",
        isRetryable: false)
    }
    switch value {
    case "folder":
      throw HostFailure(
        HostFailure.workDirectory,
        "\(host): \(facts.workDirectory) cannot be made or written by \(facts.user): name another work_dir: \(errors)",
        isRetryable: false)
    case "hash":
      throw HostFailure(
        HostFailure.upload, "\(host): what arrived of the agent is not what was sent", isRetryable: true)
    case "sha256sum", "unpack":
      throw HostFailure(
        HostFailure.upload,
        "\(host): the agent cannot be \(value == "unpack" ? "unpacked" : "checked") there, which needs sha256sum, tar and "
          + "gzip: \(errors)", isRetryable: false)
    default:
      throw HostFailure(
        HostFailure.upload, "\(host): the agent cannot be put into \(facts.workDirectory): \(errors)",
        isRetryable: true)
    }
  }
}
