import Glibc
import HostSystem
import TuningModel

/// What a bundle is made from.
struct AgentBundlePlan {
  /// What is started to see whether the bundle is whole comes first.
  let programs: [AgentBundleProgram]
  let libraries: [AgentBundleLibraries.Library]
  /// The tool that takes out what is needed for linking and debugging only; nil: it is not here, and the bundle is
  /// larger.
  let strip: String?
  /// The agent's own bundle, where it is carried along.
  var agent: AgentBundle?

  private static let stripPatience = Duration.seconds(60)
  private static let checkPatience = Duration.seconds(30)

  /// Names what the bundle is made from, without reading it: every file by where it is and when it was changed.
  func key() throws(SystemError) -> String {
    var text = "\(Self.script)\n\(strip ?? "not stripped")\n"
    if let agent { text += "agent\t\(agent.hash)\n" }
    for (name, path) in sources {
      guard let status = try Files.status(path, followingLinks: true) else {
        throw SystemError(.notFound, message: "\(path) is gone")
      }
      text += "\(name)\t\(path)\t\(status.device)\t\(status.inode)\t\(status.size)\t\(status.modified.microseconds)\n"
    }
    return SHA256.hash(text.utf8)
  }

  /// Makes the folder; the names of the files in it, sorted.
  func assemble(in folder: String) throws -> [String] {
    try Files.makeFolder(folder)
    var names: [String] = []
    for program in programs {
      try Self.write(folder, program.script, Self.script(program.name, loader: loaderName))
      names.append(program.script)
    }
    if let agent {
      try Self.copy(agent.path, to: "\(folder)/\(CarriedAgent.bundle)")
      try Self.write(folder, CarriedAgent.record, AgentBundleStore.record(of: agent))
      names += [CarriedAgent.bundle, CarriedAgent.record]
    }
    for (name, path) in sources {
      try Self.copy(path, to: "\(folder)/\(name)")
      names.append(name)
      // The loader is left alone: it is small, and some systems' tools want its symbols.
      if name != loaderName { try shrink("\(folder)/\(name)", isProgram: programs.contains { $0.name == name }) }
    }
    return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  /// Starts the program once as a host would, with nothing of this process's environment.
  func check(_ folder: String) throws(BundleError) {
    let command = ["\(folder)/\(programs[0].script)", "--version"]
    let result = try AgentBundleTool.run(command, environment: [], within: Self.checkPatience)
    guard result.isSuccess else {
      throw BundleError(
        .broken,
        "the bundle of \(programs[0].path) does not start: `\(command.joined(separator: " "))` \(result.explanation)")
    }
  }

  private var loaderName: String { Files.name(of: programs[0].loader) }

  /// Names in the folder, and where their content is.
  private var sources: [(name: String, path: String)] {
    programs.map { ($0.name, $0.path) } + [(loaderName, programs[0].loader)] + libraries.map { ($0.name, $0.path) }
  }

  private func shrink(_ path: String, isProgram: Bool) throws(BundleError) {
    guard let strip else { return }
    // A tool that refuses the file leaves it as it is, which is larger and works as well.
    _ = try AgentBundleTool.run(
      [strip, isProgram ? "--strip-all" : "--strip-unneeded", path], environment: [], within: Self.stripPatience)
  }

  private static func copy(_ path: String, to target: String) throws(SystemError) {
    let source = try Descriptor.open(path, O_RDONLY)
    let file = try Descriptor.open(target, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode: 0o700)
    try FileCopy.content(from: source, to: file, path: target)
  }

  private static func write(_ folder: String, _ name: String, _ text: String) throws(SystemError) {
    let file = try Descriptor.open("\(folder)/\(name)", O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode: 0o700)
    try file.write(text.utf8)
  }

  private static let script = script("PROGRAM", loader: "LOADER")

  /// Starts a program of the folder. Needs no command of the host but a shell. Preloaded libraries are made for the host's C
  /// library, not for this one.
  private static func script(_ program: String, loader: String) -> String {
    """
    #!/bin/sh
    # Starts \(program) with the loader and the libraries that came with it.
    self=$0
    if [ -h "$self" ]; then self=$(readlink -f "$self") || exit 71; fi
    case $self in */*) folder=${self%/*} ;; *) folder=. ;; esac
    folder=$(CDPATH='' cd -P "$folder" && pwd) || exit 71
    unset LD_PRELOAD LD_AUDIT LD_LIBRARY_PATH GLIBC_TUNABLES
    exec "$folder/\(loader)" --library-path "$folder" "$folder/\(program)" "$@"

    """
  }
}
