/// A place in the file, counted from 1.
struct Place: Hashable, Comparable {
  var line: Int
  var column: Int

  static func < (a: Place, b: Place) -> Bool { (a.line, a.column) < (b.line, b.column) }
}

/// A node of the file with its place: the YAML tree as the decoders see it, within bounds and without duplicate keys.
struct YAMLNode {
  enum Content {
    case scalar(YAMLScalar)
    case sequence([YAMLNode])
    case mapping([Pair])
  }

  struct Pair {
    var key: String
    var keyPlace: Place
    var value: YAMLNode
  }

  var place: Place
  var content: Content

  /// What the node is, for messages: `not a list`.
  var shown: String {
    switch content {
    case .scalar(let scalar): scalar.shown
    case .sequence: "a list"
    case .mapping: "a map"
    }
  }

  /// Nothing: an empty value, `~` or `null`.
  var isNull: Bool {
    if case .scalar(let scalar) = content { return scalar.value == .null }
    return false
  }
}
