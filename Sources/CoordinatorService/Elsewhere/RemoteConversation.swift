import Foundation
import Glibc
import HostSystem
import Launching
import Presentation
import TuningModel

/// The conversation with a host that is to run a coordinator: one login, within which programs and files are brought there
/// and the coordinator is started.
final class RemoteConversation {
  let host: RemoteHost
  private let bundle: AgentBundle
  private let process: ProcessHandle
  private let input: Descriptor
  private let output: Descriptor
  private let mark = "pasha-\(getpid())-\(UInt64.random(in: 0...UInt64.max))"
  private var received: [UInt8] = []
  private var facts: [String: String] = [:]
  private var exit: ExitStatus?

  private static let pieceBytes = 256 << 10
  /// What logins print before the first answer is passed over, up to here.
  private static let noiseLimit = 16 << 20
  /// For an answer that takes no work. Logins have as long as people take to type a passphrase.
  private static let patience = Duration.seconds(60)
  private static let workPatience = Duration.seconds(600)

  /// Logs in, and looks at the host.
  init(_ host: RemoteHost, bundle: AgentBundle) throws {
    signal(SIGPIPE, SIG_IGN)
    self.host = host
    self.bundle = bundle
    (process, input, output) = try Self.connect(host)
    try send(Array("\(mark)\n\(bundle.hash)\n".utf8))
    while facts["end"] == nil {
      // The first answer comes after the login, which may ask for passphrases.
      let (name, value) = try answer(within: facts.isEmpty ? .seconds(600) : Self.patience)
      facts[name] = value
    }
    try checkHost()
  }

  /// The client, and this process's ends of its pipes. The other ends are the client's alone when this returns: their
  /// closing is what says that it is gone.
  private static func connect(_ host: RemoteHost) throws -> (ProcessHandle, Descriptor, Descriptor) {
    let (toHost, fromHost) = (try ProgramPipe(), try ProgramPipe())
    let process = try host.start(
      RemoteScripts.conversation, hasTerminal: false, input: toHost.read, output: fromHost.write,
      error: try Descriptor.duplicate(STDERR_FILENO))
    return (process, toHost.write, fromHost.read)
  }

  deinit {
    guard exit == nil else { return }
    process.signal(SIGTERM)
    _ = ChildProcess.reap(process.pid)
  }

  private func checkHost() throws {
    guard facts["system"] == "Linux" else {
      throw ServiceError(
        .cannotCreate, "\(host.text) runs \(shown(facts["system"])), and the coordinator needs Linux")
    }
    guard facts["machine"] == bundle.machine else {
      throw ServiceError(
        .cannotCreate,
        "\(host.text) is \(shown(facts["machine"])), and this pasha is built for \(bundle.machine): build it on such a "
          + "machine")
    }
    guard facts["proc"] != nil else {
      throw ServiceError(
        .cannotCreate, "/proc is not mounted on \(host.text), or cannot be read: `mount -t proc proc /proc` there")
    }
  }

  /// Whether this version is there already.
  var hasPrograms: Bool { facts["programs"] != nil }

  /// Brings this version there, where it is not yet.
  /// - Parameter say: is told what takes its time.
  func bringPrograms(say: (String) -> Void) throws {
    if hasPrograms { return }
    let need = bundle.bytes + bundle.unpackedBytes + (16 << 20)
    if let free = Self.freeBytes(facts["free"] ?? ""), free < need {
      throw ServiceError(
        .cannotCreate,
        "\(host.text): the disk of \(programs) has \(free >> 20) MB free, and pasha needs \(need >> 20) MB there: make room"
      )
    }
    say("bringing pasha to \(host.text): \(Presentation.bytes(bundle.bytes)), once for each version")
    try send(Array("programs \(bundle.bytes)\n".utf8))
    try expect("ready")
    let file = try Descriptor.open(bundle.path, O_RDONLY)
    try stream(file, bytes: bundle.bytes)
    try expect("received", within: Self.workPatience)
    try expect("done", within: Self.workPatience)
    facts["programs"] = "1"
  }

  /// Puts packed files (tar, gzip) into a new folder there.
  /// - Returns: its path there.
  func bringFiles(_ path: String, as name: String) throws -> String {
    let file = try Descriptor.open(path, O_RDONLY)
    let bytes = try file.status().size
    try send(Array("files \(bytes)\n\(name)\n".utf8))
    try expect("ready")
    try stream(file, bytes: bytes)
    return try expect("done", within: Self.workPatience)
  }

  /// Takes away what `bringFiles` put there.
  func drop(_ name: String) throws {
    try send(Array("drop \(name)\n".utf8))
    try expect("done")
  }

  /// Runs pasha-coord there to its end; what it says on standard error comes out here.
  /// - Returns: its exit code, and its last line.
  func run(_ words: [String]) throws -> (code: Int32, line: String) {
    for word in words where word.contains("\n") {
      throw ServiceError(.usage, "\(word.debugDescription) holds a line break")
    }
    try send(Array(([("run \(words.count)")] + words).joined(separator: "\n").utf8) + [10])
    let line = try expect("output", within: Self.workPatience)
    let code = try expect("done")
    return (Int32(code) ?? ExitCode.software.rawValue, line)
  }

  // MARK: Lines

  private var programs: String { (facts["home"] ?? "~") + "/.pasha/programs" }
  private func shown(_ text: String?) -> String { text.flatMap { $0.isEmpty ? nil : $0 } ?? "an unknown system" }

  private func send(_ bytes: [UInt8]) throws {
    do throws(SystemError) {
      try input.write(bytes)
    } catch {
      // What it said last tells why; otherwise how it ended.
      while true { if try answer(within: .seconds(5)).name == "failed" { break } }
    }
  }

  private func stream(_ file: Descriptor, bytes: Int) throws {
    var done = 0
    while done < bytes {
      let piece = try file.read(upTo: min(Self.pieceBytes, bytes - done))
      guard !piece.isEmpty else { throw ServiceError(.software, "a file became shorter while it was sent") }
      try send(piece)
      done += piece.count
    }
  }

  @discardableResult
  private func expect(_ wanted: String, within patience: Duration = RemoteConversation.patience) throws -> String {
    let (name, value) = try answer(within: patience)
    guard name == wanted else {
      throw ServiceError(.software, "\(host.text): an odd answer (\(name)) in place of \(wanted)")
    }
    return value
  }

  /// The next answer. A step that failed there is an error.
  private func answer(within patience: Duration) throws -> (name: String, value: String) {
    let deadline = HostClock.now + patience
    while true {
      while let end = received.firstIndex(of: 10) {
        let line = String(decoding: received[..<end], as: UTF8.self)
        received.removeSubrange(...end)
        guard line.hasPrefix(mark + ":") else { continue }
        let parts = line.dropFirst(mark.count + 1).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else { continue }
        if parts[0] == "failed" { throw failure(String(parts[1])) }
        return (String(parts[0]), String(parts[1]))
      }
      guard received.count < Self.noiseLimit else {
        throw ServiceError(.software, "\(host.text): the login there prints without end")
      }
      guard waitReadable(output.number, for: max(.zero, deadline - HostClock.now)) else {
        throw ServiceError(
          .connectionLost, "\(host.text) gave no answer within \(Int(patience.components.seconds)) s")
      }
      let piece = try output.read(upTo: 65_536)
      if piece.isEmpty { throw ended() }
      received += piece
    }
  }

  private func ended() -> ServiceError {
    waitReadable(process.descriptor.number, for: .seconds(10))
    exit = ChildProcess.reap(process.pid)
    let why =
      facts.isEmpty
      ? "no login to \(host.text); what ssh says stands above. Nothing was done there"
      : "the connection to \(host.text) is lost; what was not yet there whole is left out"
    return ServiceError(.connectionLost, "\(why). Try `ssh \(host.text) true`")
  }

  private func failure(_ step: String) -> ServiceError {
    let user = facts["user"].flatMap { $0.isEmpty ? nil : $0 } ?? "its user"
    let place = (facts["home"] ?? "~") + "/.pasha"
    switch step {
    case "folder":
      return ServiceError(
        .cannotCreate, "\(host.text): \(place) cannot be made or written by \(user); what is said there stands above")
    case "hash":
      return ServiceError(.software, "\(host.text): what arrived of pasha is not what was sent; try again")
    case "sha256sum", "unpack":
      return ServiceError(
        .cannotCreate,
        "\(host.text): what was sent cannot be \(step == "unpack" ? "unpacked" : "checked") in \(place), which needs room "
          + "and the commands head, sha256sum, tar and gzip; what is said there stands above")
    default:
      return ServiceError(
        .cannotCreate, "\(host.text): \(place) cannot be written (\(step)); what is said there stands above")
    }
  }

  /// The fourth column of a line of `df -Pk`, counted from the one with the percent sign: the first may hold spaces.
  private static func freeBytes(_ line: String) -> Int? {
    let words = line.split(separator: " ")
    guard let percent = words.lastIndex(where: { $0.hasSuffix("%") }), percent >= 1,
      let blocks = Int(words[percent - 1]), blocks < 1 << 50
    else { return nil }
    return blocks * 1024
  }
}
