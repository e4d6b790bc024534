import Glibc
import HostSystem

/// The shared libraries of a program, as its own loader finds them.
enum AgentBundleLibraries {
  struct Library: Equatable {
    /// The name under which programs ask for it.
    let name: String
    let path: String
  }

  private static let patience = Duration.seconds(20)

  /// All that the program needs, what libraries need included and the loader itself left out, sorted by name.
  static func find(of program: AgentBundleProgram) throws(BundleError) -> [Library] {
    guard Files.exists(program.loader) else {
      throw BundleError(.library, "\(program.path) asks for the loader \(program.loader), which is not here")
    }
    // Libraries are looked for where the program itself would find them.
    let environment = getenv("LD_LIBRARY_PATH").map { ["LD_LIBRARY_PATH=\(String(cString: $0))"] } ?? []
    let command = [program.loader, "--list", program.path]
    let result = try AgentBundleTool.run(command, environment: environment, within: patience)
    let libraries = parse(result.output)
    if let missing = libraries.first(where: { $0.path == "not found" }) {
      throw BundleError(.library, "\(program.path) needs \(missing.name), which is not installed here")
    }
    guard result.isSuccess, !libraries.isEmpty else {
      throw BundleError(.library, "\(command.joined(separator: " ")) \(result.explanation)")
    }
    let loader = Files.name(of: program.loader)
    return libraries.filter { $0.name != loader }.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
  }

  /// Lines as `libz.so.1 => /lib/x86_64-linux-gnu/libz.so.1 (0x00007f…)`. Lines without an arrow are the loader and what
  /// the kernel brings.
  static func parse(_ text: String) -> [Library] {
    var seen: Set<String> = []
    return text.split(separator: "\n").compactMap { line in
      guard let arrow = line.firstRange(of: " => ") else { return nil }
      let name = Files.name(of: String(line[..<arrow.lowerBound].drop(while: \.isWhitespace)))
      var path = line[arrow.upperBound...]
      if let address = path.ranges(of: " (0x").last { path = path[..<address.lowerBound] }
      guard seen.insert(name).inserted else { return nil }
      return Library(name: name, path: String(path))
    }
  }
}
