// Changes of a tree that is written out again.

extension YAMLNode {
  static func word(_ text: String) -> YAMLNode {
    YAMLNode(place: Place(line: 1, column: 1), content: .scalar(YAMLScalar(text: text, isPlain: true)))
  }

  /// Sets a key of a section, which is made where it is not there.
  mutating func set(_ section: String, _ key: String, _ value: YAMLNode) {
    let place = place
    change(section) { pairs in
      if let index = pairs.firstIndex(where: { $0.key == key }) {
        pairs[index].value = value
      } else {
        pairs.append(Pair(key: key, keyPlace: place, value: value))
      }
    }
  }

  mutating func remove(_ section: String, where isUnwanted: (String) -> Bool) {
    change(section) { pairs in pairs.removeAll { isUnwanted($0.key) } }
  }

  private mutating func change(_ section: String, _ body: (inout [Pair]) -> Void) {
    guard case .mapping(var sections) = content else { return }
    if !sections.contains(where: { $0.key == section }) {
      sections.append(Pair(key: section, keyPlace: place, value: Self.emptyMap(at: place)))
    }
    for index in sections.indices where sections[index].key == section {
      if sections[index].value.isNull { sections[index].value = Self.emptyMap(at: place) }
      guard case .mapping(var pairs) = sections[index].value.content else { continue }
      body(&pairs)
      sections[index].value.content = .mapping(pairs)
    }
    content = .mapping(sections)
  }

  private static func emptyMap(at place: Place) -> YAMLNode { YAMLNode(place: place, content: .mapping([])) }
}
