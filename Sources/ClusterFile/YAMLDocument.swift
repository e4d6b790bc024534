import Yams

/// What a cluster file may hold at most. A file of a few lines can stand for billions of nodes (aliases of aliases) or
/// exhaust the stack (lists in lists).
enum YAMLLimits {
  static let bytes = 1 << 20
  static let depth = 64
  /// Nodes, each alias counted as what it stands for.
  static let nodes = 100_000
  /// Aliases in a file that has keys other than plain text: the parser compares such keys through all their aliases.
  static let aliasesBesideComplexKeys = 8
  static let duplicates = 100
}

/// Reads YAML text into a tree, telling mistakes to a list.
struct YAMLDocument {
  /// nil: there are mistakes that leave nothing to look at.
  private(set) var root: YAMLNode?
  private let text: String
  private let mistakes: MistakeList
  private var budget = YAMLLimits.nodes
  private var duplicates: [String] = []
  private var isBroken = false

  init(text: String, mistakes: MistakeList) {
    self.text = text
    self.mistakes = mistakes
    guard text.utf8.count <= YAMLLimits.bytes else {
      mistakes.add(
        .tooLarge, nil, "the file must be at most 1 MiB, not \(text.utf8.count) bytes; keep data in files beside it")
      return
    }
    if let place = Self.firstForbiddenKey(text) {
      mistakes.add(
        .tooLarge, place,
        "keys must be plain text in a file with more than "
          + "\(YAMLLimits.aliasesBesideComplexKeys) aliases; write the key out")
      return
    }
    guard let composed = compose() else { return }
    guard let node = composed else {
      mistakes.add(.missingKey, Place(line: 1, column: 1), "the file is empty; it must have the key experiment")
      return
    }
    root = convert(node, depth: 1)
    if isBroken { root = nil }
  }

  /// nil: not YAML, which was told. The parser ends at the first key that comes twice; such a key is given a name of
  /// its own and the text is read again, so that all mistakes are found at once.
  private mutating func compose() -> Node?? {
    var text = text
    while true {
      do {
        return .some(try Parser(yaml: text, encoding: .utf8).singleRoot())
      } catch let error as YamlError {
        if case .duplicatedKeysInMapping(let names, let context) = error, let name = names.first {
          let place = Place(line: context.mark.line, column: context.mark.column)
          duplicates.append(name)
          if duplicates.count <= YAMLLimits.duplicates,
            let renamed = Self.renamed(text, at: place, to: duplicates.count)
          {
            text = renamed
            continue
          }
          mistakes.add(.duplicateKey, place, "the key \(name) is given twice; remove one")
          return nil
        }
        SyntaxMistake.tell(error, of: self.text, to: mistakes)
        return nil
      } catch {
        mistakes.add(.syntax, nil, "the file cannot be read as YAML: \(error)")
        return nil
      }
    }
  }

  // MARK: The tree

  private mutating func convert(_ node: Node, depth: Int) -> YAMLNode? {
    guard !isBroken else { return nil }
    let place = node.mark.map { Place(line: $0.line, column: $0.column) } ?? Place(line: 1, column: 1)
    budget -= 1
    guard budget >= 0 else {
      return breakOff(
        place, "the file must hold at most \(YAMLLimits.nodes) values, each alias counted as what it stands for")
    }
    guard depth <= YAMLLimits.depth else {
      return breakOff(place, "there must be at most \(YAMLLimits.depth) lists and maps within each other")
    }
    switch node {
    case .scalar(let scalar): return convert(scalar, place)
    case .sequence(let sequence):
      var elements: [YAMLNode] = []
      for element in sequence {
        guard let converted = convert(element, depth: depth + 1) else { continue }
        elements.append(converted)
      }
      return YAMLNode(place: place, content: .sequence(elements))
    case .mapping(let mapping):
      var pairs: [YAMLNode.Pair] = []
      for (key, value) in mapping { convert(key, value, depth: depth, into: &pairs) }
      return YAMLNode(place: place, content: .mapping(pairs))
    case .alias:
      return breakOff(place, "this alias cannot be read; write the value out")
    }
  }

  private mutating func breakOff(_ place: Place, _ message: String) -> YAMLNode? {
    mistakes.add(.tooLarge, place, message)
    isBroken = true
    return nil
  }

  private func convert(_ scalar: Node.Scalar, _ place: Place) -> YAMLNode? {
    let tag = scalar.tag.description
    guard tag.isEmpty || tag == "!" || tag.hasPrefix("tag:yaml.org,2002:") else {
      mistakes.add(.unsupported, place, "the tag \(tag) is not known here; remove it")
      return nil
    }
    guard !scalar.string.unicodeScalars.contains("\0") else {
      mistakes.add(.invalidValue, place, "text must not hold the character NUL")
      return nil
    }
    let isPlain: Bool
    switch tag {
    case "tag:yaml.org,2002:str", "!": isPlain = false
    case "tag:yaml.org,2002:int", "tag:yaml.org,2002:float", "tag:yaml.org,2002:bool", "tag:yaml.org,2002:null":
      isPlain = true
    default: isPlain = scalar.style == .plain
    }
    return YAMLNode(place: place, content: .scalar(YAMLScalar(text: scalar.string, isPlain: isPlain)))
  }

  private mutating func convert(_ key: Node, _ value: Node, depth: Int, into pairs: inout [YAMLNode.Pair]) {
    let place = key.mark.map { Place(line: $0.line, column: $0.column) } ?? Place(line: 1, column: 1)
    guard case .scalar(let scalar) = key else {
      mistakes.add(.wrongType, place, "a key must be text, not a list or a map")
      return
    }
    var name = scalar.string
    let renamed = Self.number(ofRenamed: name).flatMap { $0 <= duplicates.count ? $0 : nil }
    if let renamed { name = duplicates[renamed - 1] }
    guard !name.unicodeScalars.contains("\0") else {
      mistakes.add(.invalidValue, place, "text must not hold the character NUL")
      return
    }
    if scalar.style == .plain, renamed == nil {
      switch YAMLScalar(text: name, isPlain: true).value {
      case .text: break
      case .null: return mistakes.add(.wrongType, place, "a key must be text, not nothing")
      case .bool, .int, .double, .doubtful:
        return mistakes.add(.wrongType, place, "a key must be text, not \(name); put it in quotes if it is a name")
      }
      if name == "<<" {
        return mistakes.add(.unsupported, place, "merge keys (<<) are not known here; write the keys out")
      }
    }
    if let earlier = pairs.firstIndex(where: { $0.key == name }) {
      mistakes.add(
        .duplicateKey, place,
        "the key \(name) is given twice, first in line \(pairs[earlier].keyPlace.line); remove one")
      pairs.remove(at: earlier)
    }
    guard let converted = convert(value, depth: depth + 1) else { return }
    pairs.append(YAMLNode.Pair(key: name, keyPlace: place, value: converted))
  }
}
