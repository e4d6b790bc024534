import ClusterFile
import CodeTree
import Coordination
import Foundation
import HostSystem
import TuningModel

/// What a run needs of this machine, packed: the cluster file, the code as a run here would take it, and files beside the
/// cluster file that the commands of `scheduler` and `notifications` name. They lie to each other as they do here, so that
/// relative paths mean the same.
struct RemoteFiles {
  /// The packed files (tar, gzip); gone with `remove`.
  let packed: String
  /// Path of the cluster file in them.
  let clusterFile: String
  /// Whether the cluster file names files that are the host's own: `ssh_config`, `identity_file`.
  let namesKeys: Bool
  private let folder: String

  private static let prefix = "packing-"
  private static let patience = Duration.seconds(600)

  /// Checks everything here first: a mistake is told before any host hears of it.
  static func pack(file: String, in state: String) throws -> RemoteFiles {
    let text = try FileText(file)
    let path = RunService.absolute(file)
    let base = Files.parent(of: path)
    // Keys and SSH configurations are those of the host, and are looked for there.
    let decoded = try ClusterFile.decode(text: text.text, fileName: file, baseDirectory: base, checksFiles: false)
    for warning in decoded.warnings { complain(warning.description) }
    let specification = decoded.specification
    let tree = try RunService.scanCode(of: specification)

    removeLeftovers(in: state)
    let folder = "\(state)/\(prefix)\(getpid())"
    try Folders.removeTree(folder)
    try Files.makeFolder("\(folder)/tree", intermediates: true)
    do {
      var layout = Layout(base: base, code: specification.experiment.codeFolder)
      var written = text.text
      if let tree {
        if ClusterFile.hasRelativeCode(written) != true {
          layout = Layout(base: "/file", code: "/code")
          written = try ClusterFile.settingCode(written, to: "../code", fileName: file, baseDirectory: base)
        }
        try tree.snapshot(into: "\(folder)/code")
        let reader = try CodeTreeReader(folder: "\(folder)/code")
        try place("\(folder)/code/\(reader.hash)", at: layout.code, in: "\(folder)/tree")
      }
      let target = "\(folder)/tree/\(layout.file)"
      try Files.makeFolder(target, intermediates: true)
      for name in named(by: specification, in: base) {
        let place = "\(target)/\(name)"
        guard !Files.exists(place) else { continue }
        try Files.makeFolder(Files.parent(of: place), intermediates: true)
        try copy("\(base)/\(name)", to: place)
      }
      let name = Files.name(of: path)
      try Folders.removeTree("\(target)/\(name)")
      try Files.writeDurably("\(target)/\(name)", Array(written.utf8))
      let packed = "\(folder)/packed"
      try tar("\(folder)/tree", to: packed)
      let cluster = specification.cluster
      return RemoteFiles(
        packed: packed, clusterFile: (layout.file == "." ? "" : layout.file + "/") + name,
        namesKeys: cluster.ssh.configurationFile != nil || cluster.hosts.contains { $0.identityFile != nil },
        folder: folder)
    } catch {
      try? Folders.removeTree(folder)
      throw error
    }
  }

  /// What processes left that were killed.
  private static func removeLeftovers(in state: String) {
    for entry in (try? Folders.list(state)) ?? [] where entry.name.hasPrefix(prefix) {
      guard let pid = Int(entry.name.dropFirst(prefix.count)), ProcessTable.entry(pid) == nil else { continue }
      try? Folders.removeTree("\(state)/\(entry.name)")
    }
  }

  func remove() { try? Folders.removeTree(folder) }

  /// Where the cluster file's folder and the code lie below a folder of their own.
  struct Layout: Equatable {
    var file: String
    var code: String

    /// - Parameter base: the cluster file's folder; both absolute.
    init(base: String, code: String?) {
      let file = base.split(separator: "/")
      let other = code.map { $0.split(separator: "/") } ?? file
      var common = 0
      while common < min(file.count, other.count), file[common] == other[common] { common += 1 }
      func rest(_ parts: [Substring]) -> String {
        let rest = parts[common...].joined(separator: "/")
        return rest.isEmpty ? "." : rest
      }
      self.file = rest(file)
      self.code = rest(other)
    }
  }

  /// Words of commands that are run in the cluster file's folder, and that name files in it.
  private static func named(by specification: RunSpecification, in base: String) -> [String] {
    var words = specification.program?.command ?? []
    for target in specification.notifications {
      if case .command(let command) = target.way {
        words += command.split { $0.isWhitespace || "'\"();&|<>".contains($0) }.map(String.init)
      }
    }
    return Set(words).sorted().filter { word in
      guard !word.hasPrefix("/"), !word.hasPrefix("~"), !word.split(separator: "/").contains("..") else { return false }
      return (try? Files.status("\(base)/\(word)", followingLinks: true))?.kind == .file
    }
  }

  private static func place(_ tree: String, at path: String, in folder: String) throws {
    let target = "\(folder)/\(path)"
    if path == "." { try Folders.removeTree(folder) }
    try Files.makeFolder(Files.parent(of: path == "." ? folder : target), intermediates: true)
    try Files.rename(tree, to: path == "." ? folder : target)
  }

  private static func copy(_ path: String, to target: String) throws {
    let source = try Descriptor.open(path, O_RDONLY)
    let isExecutable = try source.status().isExecutable
    let file = try Descriptor.open(target, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode: isExecutable ? 0o700 : 0o600)
    try FileCopy.content(from: source, to: file, path: target)
  }

  private static func tar(_ folder: String, to path: String) throws {
    let null = try Descriptor.open("/dev/null", O_RDWR)
    let pid = try ChildProcess.start(
      ProcessRequest(
        arguments: ["tar", "-czf", path, "-C", folder, "."],
        environment: ProcessInfo.processInfo.environment.map { "\($0.key)=\($0.value)" }, directory: folder,
        input: null, output: null, error: try Descriptor.duplicate(STDERR_FILENO)))
    let process = try ProcessHandle(pid)
    waitReadable(process.descriptor.number, for: patience)
    guard ChildProcess.reap(pid) == .exited(0) else {
      ChildProcess.signalGroup(pid, SIGKILL)
      throw ServiceError(.software, "the files of the run cannot be packed by tar in \(folder)")
    }
  }
}

/// The text of a cluster file, with the errors of one that is started here.
private struct FileText {
  let text: String

  init(_ file: String) throws {
    do throws(SystemError) {
      text = try Files.readText(file, limit: ClusterFile.sizeLimit + 1)
    } catch {
      // Says in a cluster file's own words what is wrong with it.
      _ = try ClusterFile.load(path: file)
      throw error
    }
    guard text.utf8.count <= ClusterFile.sizeLimit else {
      _ = try ClusterFile.load(path: file)
      throw ServiceError(.usage, "\(file) is too large")
    }
  }
}
