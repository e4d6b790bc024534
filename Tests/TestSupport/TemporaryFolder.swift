import Foundation

/// A folder of one test, removed with what is in it when the last reference goes.
public final class TemporaryFolder: Sendable {
  public let path: String

  /// - Parameter inMemory: for tests that make files by the thousand.
  public init(_ name: String = "test", inMemory: Bool = false) {
    // Not below a path that is long already: sockets and messages are easier to read.
    path = "\(inMemory ? "/dev/shm" : "/tmp")/pasha-\(name)-\(UUID().uuidString.prefix(8))"
    do {
      try FileManager.default.createDirectory(
        atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    } catch {
      preconditionFailure("cannot make \(path): \(error)")
    }
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  public func file(_ name: String) -> String { "\(path)/\(name)" }

  /// Writes a file and gives its path; folders on the way are made.
  @discardableResult
  public func write(_ name: String, _ text: String, mode: Int = 0o600) throws -> String {
    let path = file(name)
    let folder = (path as NSString).deletingLastPathComponent
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    guard mode & 0o111 != 0 else {
      try Data(text.utf8).write(to: URL(fileURLWithPath: path))
      try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
      return path
    }
    // A process that another test starts just now would hold the program open for writing, and for so long nobody can
    // execute it: another process writes it, which starts none.
    let source = path + ".text"
    try Data(text.utf8).write(to: URL(fileURLWithPath: source))
    let copy = try CommandProcess("/bin/cp", ["--remove-destination", source, path])
    guard try copy.wait() == 0 else { throw WaitedInVain(description: "cp: \(copy.errors)") }
    try FileManager.default.removeItem(atPath: source)
    try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
    return path
  }

  public func read(_ name: String) -> String? {
    FileManager.default.contents(atPath: file(name)).map { String(decoding: $0, as: UTF8.self) }
  }
}
