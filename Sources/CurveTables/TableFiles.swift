import HostSystem

extension CurveTables {
  enum Kind { case file, folder }

  /// Whether a path is a file or a folder, links followed; `missing` says more when it is neither.
  static func kind(of path: String, missing: String = "") throws(CurveTableError) -> Kind {
    guard let status = try status(path) else {
      let more = missing.isEmpty ? "" : "; \(missing)"
      throw CurveTableError(.notFound, path, "there is no such file or folder" + more)
    }
    switch status.kind {
    case .file: return .file
    case .folder: return .folder
    default: throw CurveTableError(.unreadable, path, "is neither a file nor a folder")
    }
  }

  static func exists(_ path: String) throws(CurveTableError) -> Bool { try status(path) != nil }

  /// All bytes of a file.
  static func bytes(of path: String, limit: Int = fileLimit) throws(CurveTableError) -> [UInt8] {
    guard let status = try status(path) else { throw CurveTableError(.notFound, path, "there is no such file") }
    guard status.kind == .file else { throw CurveTableError(.unreadable, path, "is no regular file") }
    guard status.size <= limit else {
      throw CurveTableError(.tooLarge, path, "is larger than \(limit >> 20) MiB; leave out what is not needed")
    }
    do throws(SystemError) {
      return try Files.read(path, limit: limit)
    } catch {
      throw CurveTableError(.unreadable, path, error.message)
    }
  }

  /// The name of a file without what stands behind its last point.
  static func stem(of path: String) -> String {
    let name = Files.name(of: path)
    guard let point = name.lastIndex(of: "."), point != name.startIndex else { return name }
    return String(name[..<point])
  }

  private static func status(_ path: String) throws(CurveTableError) -> FileStatus? {
    do throws(SystemError) {
      return try Files.status(path, followingLinks: true)
    } catch {
      throw CurveTableError(.unreadable, path, error.message)
    }
  }
}
