import Foundation

/// Where the build has put its executables: the folder of the running tests.
public let productsDirectory: URL = {
  let arguments = CommandLine.arguments
  let bundle: URL
  if let index = arguments.firstIndex(of: "--test-bundle-path"), index + 1 < arguments.count {
    bundle = URL(fileURLWithPath: arguments[index + 1])
  } else {
    bundle = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
  }
  var folder = bundle.deletingLastPathComponent()
  // A bundle that is a folder has its executable some levels down.
  while folder.pathComponents.contains(where: { $0.hasSuffix(".xctest") }) { folder.deleteLastPathComponent() }
  return folder
}()

/// The path of an executable of this package.
public func product(_ name: String) -> String { productsDirectory.appendingPathComponent(name).path }

/// The root of the repository that the given test file stands in: the folder above `Tests`.
public func repositoryRoot(_ file: String = #filePath) -> URL {
  var folder = URL(fileURLWithPath: file).resolvingSymlinksInPath()
  while folder.path != "/", folder.lastPathComponent != "Tests" { folder.deleteLastPathComponent() }
  return folder.deletingLastPathComponent()
}
