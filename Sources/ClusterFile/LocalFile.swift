import Foundation

/// A file on this machine that a cluster file names: a private key, an SSH configuration.
struct LocalFile {
  /// What a path that is not absolute begins at.
  let baseDirectory: String
  /// Whether files must be there.
  let checksFiles: Bool

  /// The absolute path; `~/` is the home directory.
  func absolute(_ written: String) -> String {
    let expanded = written.hasPrefix("~/") || written == "~" ? NSString(string: written).expandingTildeInPath : written
    let base = URL(fileURLWithPath: baseDirectory, isDirectory: true)
    return URL(fileURLWithPath: expanded, relativeTo: base).standardizedFileURL.path
  }

  /// The file that a key names; nil: not given, or not usable, which was told.
  func path(_ map: MapReader, _ key: String, _ what: String) -> String? {
    guard let written = map.text(key, "the path of \(what)") else { return nil }
    let path = absolute(written)
    do {
      if checksFiles { try FileReading.checkFile(path) }
      return path
    } catch {
      let place = path == written ? "" : " (\(path))"
      map.tell(
        .invalidValue, key,
        "must be \(what) that can be read, not \(written)\(place): \(error.reason); "
          + "a relative path begins at the cluster file's folder")
      return nil
    }
  }
}
