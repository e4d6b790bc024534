import Glibc

/// Reads files and looks at folders, with the system's reason when that fails.
enum FileReading {
  struct Failure: Error {
    let reason: String

    init(_ reason: String) { self.reason = reason }
    /// The system's words for `errno`.
    init(errno number: Int32) { reason = String(cString: strerror(number)) }
  }

  /// At most `limit` bytes of a regular file.
  static func bytes(of path: String, limit: Int) throws(Failure) -> [UInt8] {
    // Without O_NONBLOCK, opening a pipe would wait for a writer.
    let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard file >= 0 else { throw Failure(errno: errno) }
    defer { close(file) }
    var status = stat()
    guard fstat(file, &status) == 0 else { throw Failure(errno: errno) }
    guard status.st_mode & S_IFMT != S_IFDIR else { throw Failure("it is a folder") }
    guard status.st_mode & S_IFMT == S_IFREG else { throw Failure("it is no regular file") }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 64 << 10)
    while bytes.count < limit {
      let count = read(file, &buffer, min(buffer.count, limit - bytes.count))
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw Failure(errno: errno) }
      if count == 0 { break }
      bytes += buffer[..<count]
    }
    return bytes
  }

  /// Fails unless it is a regular file that can be opened.
  static func checkFile(_ path: String) throws(Failure) { _ = try bytes(of: path, limit: 1) }

  /// Fails unless the folder's entries can be listed and opened.
  static func checkFolder(_ path: String) throws(Failure) {
    var status = stat()
    guard stat(path, &status) == 0 else { throw Failure(errno: errno) }
    guard status.st_mode & S_IFMT == S_IFDIR else { throw Failure("it is no folder") }
    guard let folder = opendir(path) else { throw Failure(errno: errno) }
    closedir(folder)
    // Without the right to enter it, a folder can be listed but nothing in it can be read.
    guard stat(path + "/.", &status) == 0 else { throw Failure(errno: errno) }
  }

  /// How many bytes at the beginning are UTF-8.
  static func validPrefix(of bytes: [UInt8]) -> Int {
    var decoder = UTF8()
    var iterator = bytes.makeIterator()
    var valid = 0
    while case .scalarValue(let scalar) = decoder.decode(&iterator) { valid += UTF8.width(scalar) }
    return min(valid, bytes.count)
  }
}
