extension ClusterFile {
  /// Whether `experiment.code` is written as a path that begins at the cluster file's folder; nil: there is none.
  public static func hasRelativeCode(_ text: String) -> Bool? {
    guard let root = YAMLDocument(text: text, mistakes: MistakeList(fileName: "")).root,
      case .mapping(let sections) = root.content,
      case .mapping(let pairs) = sections.first(where: { $0.key == "experiment" })?.value.content,
      case .scalar(let scalar) = pairs.first(where: { $0.key == "code" })?.value.content
    else { return nil }
    return !scalar.text.hasPrefix("/") && scalar.text != "~" && !scalar.text.hasPrefix("~/")
  }

  /// The text with another `experiment.code`. Comments are not kept, aliases are written out.
  /// - Throws: the mistakes of the file, or those of the changed one.
  public static func settingCode(
    _ text: String, to folder: String, fileName: String, baseDirectory: String
  ) throws(ClusterFileError) -> String {
    let mistakes = MistakeList(fileName: fileName)
    let document = YAMLDocument(text: text, mistakes: mistakes)
    if let error = mistakes.finish() { throw error }
    guard var root = document.root else { return text }
    root.set("experiment", "code", .word(folder))
    let changed = YAMLText.block(root)
    _ = try decode(text: changed, fileName: fileName, baseDirectory: baseDirectory, checksFiles: false)
    return changed
  }
}
