import Coordination

extension ClusterFile {
  /// Reads what `hosts add` is given: a host as it may stand in `cluster.hosts`, such as `gpu3`, `bob@gpu4:2222`,
  /// `box[17-20]` or `{host: gpu5, slots: 2}`. A path that is not absolute begins at `baseDirectory`.
  /// The messages of problems tell all; their places mean little.
  public static func hosts(
    fromArgument text: String, baseDirectory: String, checksFiles: Bool = true
  ) throws(ClusterFileError) -> [HostOptions] {
    let mistakes = MistakeList(fileName: "HOST")
    let files = LocalFile(baseDirectory: baseDirectory, checksFiles: checksFiles)
    let node: YAMLNode?
    if text.first == "{" {
      node = YAMLDocument(text: text, mistakes: mistakes).root
    } else {
      // Not read as YAML, for which `[::1]:22` is a list.
      let scalar = YAMLScalar(text: text, isPlain: false)
      node = YAMLNode(place: Place(line: 1, column: 1), content: .scalar(scalar))
    }
    let section = HostsSection(files: files, mistakes: mistakes)
    let hosts = node.flatMap { section.decode([$0], path: "host", place: $0.place) { _ in "host" } }
    if let error = mistakes.finish() { throw error }
    return hosts ?? []
  }
}
