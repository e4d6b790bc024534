import Glibc
import HostSystem
import TuningModel

/// The agent as it travels to hosts: a packed folder that holds `pasha-agent`, every shared library that it needs, and
/// their loader. The C library is among them, so that the host's age does not matter; the kernel is the host's.
///
///     pasha-agent                the program
///     ld-linux-x86-64.so.2       its loader, under the name of the machine
///     lib….so.…                  the libraries
///     pasha-agent.sh             a shell script that starts the program with this loader and these libraries
///
/// Unpacked (`tar -xzf`) into any folder F of a host of the same `machine`, the agent is started as `F/pasha-agent.sh`,
/// or by the words of that script: `F/LOADER --library-path F F/pasha-agent`. It starts itself again in the same way.
/// The libraries are named to the loader alone and not in the environment: nothing that the agent starts ever sees them.
public struct AgentBundle: Equatable, Sendable {
  /// The packed file: tar (ustar), compressed with gzip.
  public let path: String
  /// SHA-256 of that file, in hexadecimal. The same program and libraries give the same.
  public let hash: String
  /// Size of that file.
  public let bytes: Int
  /// Sum of the sizes of the files in it.
  public let unpackedBytes: Int
  /// What `uname -m` says on the hosts that can run it.
  public let machine: String

  /// The program in the unpacked folder.
  static let program = "pasha-agent"
  /// The file in the unpacked folder that starts the agent, with the agent's own arguments.
  public static let script = "pasha-agent.sh"

  /// How long another process may take that makes the same bundle at the same time.
  private static let patience = Duration.seconds(180)

  /// The bundle of a program, made where `cache` does not hold it yet. Takes some seconds the first time, milliseconds
  /// afterwards. Any number of processes may call this at once.
  ///
  /// - Parameters:
  ///   - executable: path of `pasha-agent`, built for this machine.
  ///   - cache: a folder, which is made where there is none.
  public static func make(executable: String, cache: String) throws(BundleError) -> AgentBundle {
    let program = try AgentBundleProgram(executable, as: Self.program)
    let plan = AgentBundlePlan(
      programs: [program], libraries: try AgentBundleLibraries.find(of: program),
      strip: AgentBundleTool.find("strip"))
    return try make(plan, kind: "agent", cache: cache)
  }

  /// The bundle of a plan, from the cache where that has it.
  static func make(_ plan: AgentBundlePlan, kind: String, cache: String) throws(BundleError) -> AgentBundle {
    do {
      try Files.makeFolder(cache, intermediates: true)
      let store = AgentBundleStore(folder: cache, key: try plan.key(), kind: kind)
      if let known = store.load() { return known }
      // Held to the end: who comes meanwhile waits, and then finds the bundle.
      let lock = try FileLock.acquire(store.lockFile, within: patience)
      defer { withExtendedLifetime(lock) {} }
      if let known = store.load() { return known }
      return try build(plan, store)
    } catch let error as BundleError {
      throw error
    } catch {
      throw BundleError(error)
    }
  }

  private static func build(_ plan: AgentBundlePlan, _ store: AgentBundleStore) throws -> AgentBundle {
    // Left by a process that was killed: the lock is ours.
    try Folders.removeTree(store.buildFolder)
    defer { try? Folders.removeTree(store.buildFolder) }
    let files = try plan.assemble(in: store.buildFolder)
    try plan.check(store.buildFolder)
    let packed = try AgentBundleArchive.pack(files, in: store.buildFolder, to: store.partFile)
    let bundle = AgentBundle(
      path: store.bundleFile, hash: packed.hash, bytes: packed.bytes, unpackedBytes: packed.unpackedBytes,
      machine: plan.programs[0].machine)
    try store.store(bundle)
    return bundle
  }
}

/// Why there is no bundle.
public struct BundleError: Error, Equatable, Sendable, CustomStringConvertible {
  public enum Code: Equatable, Sendable {
    /// There is no such program.
    case notFound
    /// What is there cannot be bundled: no program, or one that was linked in another way.
    case unsuitable
    /// A program for another kind of machine than this one.
    case architecture
    /// A shared library is missing.
    case library
    /// The bundle was made, and does not start.
    case broken
    /// The cache cannot be written.
    case system
  }

  public let code: Code
  public let message: String
  public var description: String { message }

  public init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  init(_ error: any Error) {
    self.init(.system, "cannot make the agent's bundle: \(error)")
  }
}
