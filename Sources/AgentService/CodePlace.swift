import Glibc
import HostSystem
import Wire

/// Where the code of a program stands on this host. The same code with another `setup` is another place, since `setup`
/// changes the tree that running trials link to.
struct CodePlace {
  let folder: String
  /// Marks the tree as complete, `setup` included.
  let readyFile: String
  let lockFile: String
  /// Output of `setup`.
  let logFile: String
  /// Where the tree is put together.
  let partFolder: String
  private let identity: String

  init(home: AgentHome, program: Program) {
    var name = program.codeHash ?? "none"
    identity = SHA256.hash(Array("\(name)\n\(program.setup ?? "")".utf8))
    if program.setup != nil { name += "-\(identity.prefix(8))" }
    folder = "\(home.codeFolder)/\(name)"
    readyFile = folder + ".ready"
    lockFile = folder + ".lock"
    logFile = folder + ".log"
    partFolder = folder + ".part"
  }

  var isReady: Bool {
    guard let text = try? Files.readText(readyFile, limit: 256) else { return false }
    return text.hasPrefix(identity) && Files.exists(folder)
  }

  func markReady() throws(SystemError) { try Files.writeDurably(readyFile, "\(identity)\n".utf8) }

  /// Takes away what an earlier preparation did not finish.
  func clear() throws(SystemError) {
    try Files.removeFile(readyFile)
    try Folders.removeTree(folder)
    try Folders.removeTree(partFolder)
  }
}

/// The lock of a code place. Its descriptor is handed on to `setup`, so that a `setup` that outlives its agent keeps the
/// next one waiting.
struct CodeLock {
  let descriptor: Descriptor

  /// nil: another agent of this host prepares the same code, or the `setup` of one that died still runs.
  init?(_ path: String) throws(SystemError) {
    descriptor = try Descriptor.open(path, O_RDWR | O_CREAT | O_NOFOLLOW)
    guard flock(descriptor.number, LOCK_EX | LOCK_NB) == 0 else { return nil }
  }
}
