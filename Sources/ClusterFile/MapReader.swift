import TuningModel

/// Reads one map of the file: knows its keys, tells unknown ones, and gives values by type. A value that is missing or
/// wrong is nil; that it is wrong was told.
struct MapReader {
  /// The map's path, as `experiment`; empty at the top.
  let path: String
  /// Where the map's own key stands: the place of mistakes about what is missing.
  let place: Place
  let pairs: [YAMLNode.Pair]
  let mistakes: MistakeList

  /// nil: the node is no map, which was told. Nothing stands for an empty map.
  init?(
    _ node: YAMLNode, path: String, place: Place, example: String, mistakes: MistakeList, name: String? = nil
  ) {
    switch node.content {
    case .mapping(let pairs): self.pairs = pairs
    case .scalar(let scalar) where scalar.value == .null: pairs = []
    default:
      let expected = example.isEmpty ? "a map" : "a map such as \(example)"
      mistakes.add(.wrongType, node.place, "\(name ?? path) must be \(expected), not \(node.shown)")
      return nil
    }
    self.path = path
    self.place = place
    self.mistakes = mistakes
  }

  /// A map without a key.
  init(emptyAt place: Place, path: String, mistakes: MistakeList) {
    self.path = path
    self.place = place
    self.mistakes = mistakes
    pairs = []
  }

  func fullPath(_ key: String) -> String { KnownKeys.path(path, key) }

  /// The value of a key; nil: it is not there, or nothing.
  func node(_ key: String) -> YAMLNode? {
    guard let pair = pairs.first(where: { $0.key == key }), !pair.value.isNull else { return nil }
    return pair.value
  }

  func has(_ key: String) -> Bool { node(key) != nil }

  /// Where a mistake about a key's value is told: at the value, or where the map begins.
  func place(of key: String) -> Place { pairs.first { $0.key == key }?.value.place ?? place }

  func keyPlace(of key: String) -> Place { pairs.first { $0.key == key }?.keyPlace ?? place }

  func tell(_ code: ClusterFileProblem.Code, _ key: String, _ message: String) {
    mistakes.add(code, place(of: key), "\(fullPath(key)) \(message)")
  }

  func warn(_ code: ClusterFileProblem.Code, _ key: String, _ message: String) {
    mistakes.warn(code, place(of: key), "\(fullPath(key)) \(message)")
  }

  /// Tells that a key must be there.
  func require(_ key: String, _ advice: String) {
    guard !has(key) else { return }
    mistakes.addMissing(fullPath(key), keyPlace(of: key), "\(fullPath(key)) is missing; \(advice)")
  }

  /// Tells the keys that are not among `known`.
  func refuseUnknownKeys(_ known: [String]) {
    for pair in pairs where !known.contains(pair.key) { explain(pair, known: known) }
  }

  private func explain(_ pair: YAMLNode.Pair, known: [String]) {
    let own = fullPath(pair.key)
    let shown = YAMLScalar(text: own, isPlain: true).shown
    func tell(_ advice: String) { mistakes.add(.unknownKey, pair.keyPlace, "\(shown) is not a key; \(advice)") }
    if let same = known.first(where: { KeyHints.folded($0) == KeyHints.folded(pair.key) }) {
      mistakes.noteAdvice(fullPath(same))
      return tell("did you mean \(same)?")
    }
    if let foreign = ForeignKeys.entry(for: pair.key, in: path) ?? ForeignKeys.entry(for: pair.key),
      !(path.isEmpty && pair.key == "type")
    {
      foreign.path.map { mistakes.noteAdvice($0) }
      mistakes.add(.unknownKey, pair.keyPlace, "\(shown) is not a key (\(foreign.owner)'s); \(foreign.advice)")
      return explainForeignMap(pair.value, path: own)
    }
    if let home = KnownKeys.home(of: pair.key), home != own {
      mistakes.noteAdvice(home)
      return tell("write \(home)")
    }
    if KnownKeys.host.contains(pair.key) {
      return tell("it belongs to a host, as in cluster: {hosts: [{host: gpu1, \(pair.key): …}]}")
    }
    if let near = KeyHints.nearest(to: pair.key, among: known) {
      mistakes.noteAdvice(fullPath(near))
      return tell("did you mean \(near)?")
    }
    let everywhere = KnownKeys.sections.filter { $0.name != path }.flatMap(\.keys)
    if let near = KeyHints.nearest(to: pair.key, among: everywhere), let home = KnownKeys.home(of: near) {
      mistakes.noteAdvice(home)
      return tell("did you mean \(home)?")
    }
    tell("the keys here are \(known.joined(separator: ", "))")
  }

  /// The keys within another tuner's section, each by itself, as `searcher.metric`.
  private func explainForeignMap(_ node: YAMLNode, path: String) {
    if case .sequence(let elements) = node.content { return explainForeignHosts(elements, path: path) }
    guard case .mapping(let pairs) = node.content else { return }
    for pair in pairs {
      let own = "\(path).\(pair.key)"
      let shown = YAMLScalar(text: own, isPlain: true).shown
      if let foreign = ForeignKeys.entry(for: pair.key) {
        foreign.path.map { mistakes.noteAdvice($0) }
        mistakes.add(.unknownKey, pair.keyPlace, "\(shown) is not a key (\(foreign.owner)'s); \(foreign.advice)")
        explainForeignMap(pair.value, path: own)
      } else if let home = KnownKeys.home(of: pair.key) {
        mistakes.noteAdvice(home)
        mistakes.add(.unknownKey, pair.keyPlace, "\(shown) is not a key; write \(home)")
      }
    }
  }

  /// The keys of another tuner's list of hosts, as NNI's `machineList`.
  private func explainForeignHosts(_ elements: [YAMLNode], path: String) {
    for (index, element) in elements.enumerated() {
      guard case .mapping(let pairs) = element.content else { continue }
      for pair in pairs {
        guard let foreign = ForeignKeys.hostEntry(for: pair.key) else { continue }
        let shown = YAMLScalar(text: "\(path)[\(index)].\(pair.key)", isPlain: true).shown
        mistakes.add(.unknownKey, pair.keyPlace, "\(shown) is not a key (\(foreign.owner)'s); \(foreign.advice)")
      }
    }
  }
}
