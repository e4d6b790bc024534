/// Paths on hosts: `work_dir`, and what trials may write to. They are not looked up here.
enum WorkDirectory {
  /// `work_dir`; nil: not given, or wrong, which was told.
  static func read(_ map: MapReader) -> String? {
    guard let path = map.text("work_dir", "a folder") else { return nil }
    if let problem = problem(path) {
      map.tell(.invalidValue, "work_dir", problem)
      return nil
    }
    return path
  }

  /// Why the text is no path that means the same wherever a process starts; nil: it is one.
  static func problem(_ path: String) -> String? {
    let shown = YAMLScalar(text: path, isPlain: true).shown
    guard path.hasPrefix("/") || path == "~" || path.hasPrefix("~/") else {
      return "must be an absolute path or begin with ~/, the home directory on the host, not \(shown)"
    }
    guard path.utf8.count <= 4096, path.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F }) else {
      return "must be a path of at most 4096 bytes without control characters"
    }
    guard !path.split(separator: "/").contains("..") else { return "must not hold '..'; write the path out" }
    return nil
  }
}
