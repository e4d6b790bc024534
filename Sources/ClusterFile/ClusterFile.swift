import Coordination
import Foundation

/// A cluster file that was read and checked: what a run is to do.
///
/// Reading finds every mistake at once, each with its line and column (`ClusterFileError`); what is only worth a look
/// is a warning. `Docs/cluster-file.md` describes every key.
public struct ClusterFile: Equatable, Sendable {
  /// Bytes that a cluster file may have.
  public static let sizeLimit = YAMLLimits.bytes

  public let specification: RunSpecification
  /// For the user's eyes; the file can be run with them. In the order of the file.
  public let warnings: [ClusterFileProblem]

  /// Reads the file at `path`; messages name it as given. The code folder is looked up from the folder that holds it.
  public static func load(path: String) throws(ClusterFileError) -> ClusterFile {
    let text = try contents(of: path)
    let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
    return try decode(text: text, fileName: path, baseDirectory: folder)
  }

  /// Reads the text of a cluster file. A code folder that is not absolute is looked up from `baseDirectory`. With
  /// `checksFiles` it must be there and readable; a run that goes on has its own copy of the code and does not look.
  public static func decode(
    text: String, fileName: String, baseDirectory: String, checksFiles: Bool = true
  ) throws(ClusterFileError) -> ClusterFile {
    let mistakes = MistakeList(fileName: fileName)
    // Editors of other systems put a byte order mark before the text.
    let marked = text.unicodeScalars.first == "\u{FEFF}"
    let document = YAMLDocument(text: marked ? String(text.unicodeScalars.dropFirst()) : text, mistakes: mistakes)
    let specification = document.root.flatMap {
      ClusterFileDecoder(baseDirectory: baseDirectory, checksFiles: checksFiles, mistakes: mistakes).decode($0)
    }
    if let error = mistakes.finish() { throw error }
    guard let specification else {
      throw ClusterFileError(
        problems: [
          ClusterFileProblem(
            code: .invalidValue, fileName: fileName, line: nil, column: nil,
            message: "the file cannot be used, and it is a fault of pasha that it does not say why; please report it",
            snippet: nil)
        ], warnings: [])
    }
    return ClusterFile(specification: specification, warnings: mistakes.sortedWarnings)
  }

  /// The text of the file at `path`, of which no more is read than a cluster file may hold.
  private static func contents(of path: String) throws(ClusterFileError) -> String {
    func failure(_ code: ClusterFileProblem.Code, _ message: String, line: Int? = nil) -> ClusterFileError {
      ClusterFileError(
        problems: [
          ClusterFileProblem(
            code: code, fileName: path, line: line, column: line == nil ? nil : 1, message: message, snippet: nil)
        ], warnings: [])
    }
    let bytes: [UInt8]
    do {
      bytes = try FileReading.bytes(of: path, limit: YAMLLimits.bytes + 1)
    } catch {
      throw failure(.unreadableFile, "the file cannot be read: \(error.reason)")
    }
    guard bytes.count <= YAMLLimits.bytes else {
      throw failure(.tooLarge, "the file must be at most 1 MiB; keep data in files beside it")
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      let valid = FileReading.validPrefix(of: bytes)
      let line = 1 + bytes[..<valid].count { $0 == UInt8(ascii: "\n") }
      throw failure(.unreadableFile, "the file must be text in UTF-8; byte \(valid) is not", line: line)
    }
    return text
  }
}
