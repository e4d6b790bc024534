import Glibc
import HostSystem
import Messaging
import TuningModel

/// The agent's folder for one run on this machine, `WORK_DIR/MACHINE-ID/RUN`, and this process's place in it.
///
///     agent-N/     one per agent process of the run on the machine: lock, coordinator, log, and the key of one that
///                  joined by hand
///     code/        code trees with what `setup` made in them
///     python/      pasha.py
///     trials/ID/   see `TrialFolder`
///     slots/       a lock file per slot
///     place        a random name of the folder
final class AgentHome {
  let path: String
  let run: String
  let machineID: String
  /// N of `agent-N`.
  let index: Int
  let keys: CurveKeyPair
  private let lock: FileLock
  /// Where sealed checkpoints are when all hosts mount a folder for them; known from the welcome on.
  var sharedFolder: String?

  /// Takes the first `agent-N` that no living agent holds, or exactly the one that is named.
  /// - Throws: `AgentError`; `PlaceTaken` when a living agent holds the one that is named.
  convenience init(workFolder: String?, run: String, place: Int, keySeed: String? = nil) throws {
    try self.init(workFolder: workFolder, run: run, keySeed: keySeed) { path in
      (place, try PlaceLock.takeExactly("\(path)/agent-\(place)"))
    }
  }

  /// Takes the first `agent-N` that no living agent holds.
  convenience init(workFolder: String?, run: String, keySeed: String? = nil) throws(AgentError) {
    do {
      try self.init(workFolder: workFolder, run: run, keySeed: keySeed, taking: Self.takePlace)
    } catch {
      throw error as? AgentError ?? AgentError(.systemFailure, "\(error)")
    }
  }

  private init(workFolder: String?, run: String, keySeed: String?, taking: (String) throws -> (Int, FileLock)) throws {
    guard Self.isPlainName(run) else {
      throw AgentError(.usage, "'\(run.prefix(80))' cannot be the name of a run")
    }
    self.run = run
    machineID = Self.thisMachine
    path = "\(try Self.workFolder(workFolder))/\(machineID)/\(run)"
    do {
      for folder in ["", "/code", "/python", "/trials", "/slots"] {
        try Files.makeFolder(path + folder, intermediates: true)
      }
      (index, lock) = try taking(path)
      let folder = "\(path)/agent-\(index)"
      if let keySeed {
        keys = try Self.keys(seed: keySeed, machine: machineID, place: Self.placeName(path), index: index)
        // Of an agent that had none from its coordinator. One that joined by hand needs its own to come back.
        if !Files.exists("\(folder)/joined") { try Files.removeFile("\(folder)/key") }
      } else {
        keys = try Self.keys(at: "\(folder)/key")
      }
    } catch let error as SystemError {
      throw AgentError(.cannotWrite, "\(error.message); choose another folder with --work-dir")
    }
  }

  var folder: String { "\(path)/agent-\(index)" }
  var codeFolder: String { "\(path)/code" }
  var pythonFolder: String { "\(path)/python" }
  var trialsFolder: String { "\(path)/trials" }

  func trial(_ id: TrialID) -> TrialFolder { trial(id, sharedFolder: sharedFolder) }

  /// Two agents on one machine have slots of their own.
  func slotLock(_ slot: Int) -> String { "\(path)/slots/\(index).\(slot).lock" }

  static var thisMachine: String {
    if let id = HostIdentity.machineID() { return id }
    let name = HostIdentity.hostname()
    return "host-" + (isPlainName(name) ? name : "unnamed")
  }

  /// The folder that is named, or the default one; absolute.
  static func workFolder(_ named: String?) throws(AgentError) -> String {
    guard let named else { return try defaultWorkFolder() }
    guard named == "~" || named.hasPrefix("~/") else { return absolute(named) }
    return try homeFolder() + named.dropFirst()
  }

  /// The agent leaves the directory that it was started in.
  static func absolute(_ path: String) -> String {
    if path.hasPrefix("/") { return path }
    guard let here = getcwd(nil, 0) else { return "/" + path }
    defer { free(here) }
    return "\(String(cString: here))/\(path)"
  }

  static func defaultWorkFolder() throws(AgentError) -> String { try homeFolder() + "/.pasha" }

  private static func homeFolder() throws(AgentError) -> String {
    if let home = getenv("HOME"), home.pointee != 0 { return String(cString: home) }
    guard let user = getpwuid(getuid()), let home = user.pointee.pw_dir else {
      throw AgentError(.cannotWrite, "this user has no home directory; name a folder with --work-dir")
    }
    return String(cString: home)
  }

  /// Whether the text can be one component of a path: letters, digits, `-`, `_` and, within, `.`.
  static func isPlainName(_ text: String) -> Bool {
    let isPlain = text.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
        true
      default: false
      }
    }
    return isPlain && !text.isEmpty && text.utf8.first != UInt8(ascii: ".") && text.utf8.count <= 255
  }

  private static func takePlace(_ path: String) throws -> (Int, FileLock) {
    for index in 0..<256 {
      if let lock = try PlaceLock.take("\(path)/agent-\(index)") { return (index, lock) }
    }
    throw AgentError(.usage, "256 agents of this run are on this machine already")
  }

  /// The key of a place from its coordinator's seed: the same for every agent of the place, so that one that comes back is
  /// the same agent, and on no disk, where the trials of its user could read it.
  static func keys(seed: String, machine: String, place: String, index: Int) throws -> CurveKeyPair {
    let words = ["pasha agent key", seed, machine, place, "\(index)"].joined(separator: "\n")
    let hash = Array(SHA256.hash(words.utf8).utf8)
    let bytes = stride(from: 0, to: hash.count, by: 2).compactMap {
      UInt8(String(decoding: hash[$0..<$0 + 2], as: UTF8.self), radix: 16)
    }
    guard let secret = Z85.encode(bytes) else { throw AgentError(.systemFailure, "no key can be made") }
    return try CurveKeyPair(secretText: secret)
  }

  /// The key that stays with the place, so that an agent that comes back is the same agent.
  private static func keys(at path: String) throws -> CurveKeyPair {
    if try Files.status(path) != nil {
      let text = try Files.readText(path, limit: 256)
      if let keys = try? CurveKeyPair(secretText: String(text.prefix { !$0.isNewline })) { return keys }
    }
    let keys = try CurveKeyPair.generate()
    try Files.writeDurably(path, (keys.secretText + "\n").utf8, mode: 0o600)
    return keys
  }
}
