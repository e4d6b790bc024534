import Glibc
import Testing

/// A folder of one test, removed with it. By the C library alone: names in these tests are such that Foundation, which
/// takes them for Unicode text and URLs, does something else with them.
final class Scratch {
  let path: String

  init() throws {
    var template = Array("/tmp/code-tree-XXXXXX".utf8CString)
    try #require(mkdtemp(&template) != nil)
    path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  deinit { Self.removeTree(path) }

  private static func removeTree(_ path: String) {
    // A link to a folder is removed here, before it could be entered.
    if unlink(path) == 0 { return }
    for name in names(path) { removeTree("\(path)/\(name)") }
    rmdir(path)
  }

  /// The absolute path of a name in the folder.
  func callAsFunction(_ name: String) -> String { "\(path)/\(name)" }

  /// Writes a file, and the folders above it.
  func write(_ name: String, _ text: String = "content\n", mode: mode_t = 0o644) throws {
    try write(name, Array(text.utf8), mode: mode)
  }

  func write(_ name: String, _ bytes: [UInt8], mode: mode_t = 0o644) throws {
    try makeFolderOf(name)
    let file = try #require(fopen(self(name), "w"), "cannot write \(self(name))")
    fwrite(bytes, 1, bytes.count, file)
    try #require(fclose(file) == 0)
    try setMode(name, mode)
  }

  func makeFolder(_ name: String) throws {
    if !name.isEmpty { try makeFolderOf(name + "/") }
  }

  func link(_ name: String, to target: String) throws {
    try makeFolderOf(name)
    try #require(symlink(target, self(name)) == 0)
  }

  func setMode(_ name: String, _ mode: mode_t) throws { try #require(chmod(self(name), mode) == 0) }

  func remove(_ name: String) throws { try #require(Glibc.remove(self(name)) == 0) }

  /// The whole of a file.
  func read(_ name: String) throws -> [UInt8] {
    let file = try #require(fopen(self(name), "r"), "cannot read \(self(name))")
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while case let count = fread(&buffer, 1, buffer.count, file), count > 0 { bytes += buffer[..<count] }
    return bytes
  }

  /// Names in a folder, sorted.
  func names(_ name: String) -> [String] { Self.names(self(name)) }

  private static func names(_ path: String) -> [String] {
    guard let folder = opendir(path) else { return [] }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
      names.append(withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) })
    }
    return names.filter { $0 != "." && $0 != ".." }.sorted()
  }

  private func makeFolderOf(_ name: String) throws {
    for (index, character) in name.utf8.enumerated() where character == UInt8(ascii: "/") {
      let place = self(String(decoding: name.utf8.prefix(index), as: UTF8.self))
      try #require(mkdir(place, 0o755) == 0 || errno == EEXIST, "cannot make \(place)")
    }
  }
}
