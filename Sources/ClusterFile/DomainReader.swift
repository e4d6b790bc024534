import SearchSpace
import TuningModel

/// One domain of `config_space`, as `{type: loguniform, lower: 1e-5, upper: 0.1}`.
struct DomainReader {
  /// The types, which are Syne Tune's.
  enum Kind: String, CaseIterable {
    case uniform, loguniform, reverseloguniform, randint, lograndint, choice, ordinal, logordinal, finrange, logfinrange

    var keys: [String] {
      switch self {
      case .uniform, .loguniform, .reverseloguniform, .randint, .lograndint: ["type", "lower", "upper"]
      case .choice, .logordinal: ["type", "values"]
      case .ordinal: ["type", "values", "kind"]
      case .finrange, .logfinrange: ["type", "lower", "upper", "size", "cast_int"]
      }
    }

    var required: [String] { keys.filter { !["type", "kind", "cast_int"].contains($0) } }
  }

  private static let allKeys = ["type", "lower", "upper", "values", "kind", "size", "cast_int"]

  let map: MapReader

  init(_ map: MapReader) { self.map = map }

  /// nil: there are mistakes.
  func decode() -> Domain? {
    let kind = kind()
    let known = kind?.keys ?? Self.allKeys
    for pair in map.pairs where !known.contains(pair.key) { explain(pair, kind: kind, known: known) }
    if !map.has("type") {
      map.require("type", "choose one of \(Kind.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    guard let kind else { return nil }
    for key in kind.required { map.require(key, "a \(kind.rawValue) domain has \(Self.listed(kind.required))") }
    guard let (domain, elements) = domain(kind) else { return nil }
    let problems = domain.problems()
    for problem in problems { tell(problem, elements) }
    return problems.isEmpty ? domain : nil
  }

  private func kind() -> Kind? {
    guard map.has("type") else { return nil }
    if case .scalar(let scalar)? = map.node("type")?.content, let advice = ForeignKeys.domainType(scalar.text),
      Kind(rawValue: scalar.text) == nil
    {
      map.tell(.invalidValue, "type", "must be a type of domain, not \(scalar.shown); \(advice)")
      return nil
    }
    return map.keyword("type", Kind.self) { word in
      Kind.allCases.first { KeyHints.folded($0.rawValue) == KeyHints.folded(word) }.map { "write \($0.rawValue)" }
    }
  }

  private func explain(_ pair: YAMLNode.Pair, kind: Kind?, known: [String]) {
    let shown = YAMLScalar(text: map.fullPath(pair.key), isPlain: true).shown
    func tell(_ advice: String) { map.mistakes.add(.unknownKey, pair.keyPlace, "\(shown) is not a key; \(advice)") }
    if let foreign = ForeignKeys.domainEntry(for: pair.key) {
      if let ours = foreign.path { map.mistakes.noteAdvice(map.fullPath(ours)) }
      if pair.key == "_value" { for key in Self.allKeys { map.mistakes.noteAdvice(map.fullPath(key)) } }
      map.mistakes.add(.unknownKey, pair.keyPlace, "\(shown) is not a key (\(foreign.owner)'s); \(foreign.advice)")
    } else if let kind, Self.allKeys.contains(pair.key) {
      tell("a \(kind.rawValue) domain has \(Self.listed(kind.keys.filter { $0 != "type" }))")
    } else if let near = KeyHints.nearest(to: pair.key, among: known) {
      map.mistakes.noteAdvice(map.fullPath(near))
      tell("did you mean \(near)?")
    } else {
      tell("the keys here are \(known.joined(separator: ", "))")
    }
  }

  /// The domain, and the nodes of its list.
  private func domain(_ kind: Kind) -> (Domain, [YAMLNode])? {
    switch kind {
    case .uniform, .loguniform, .reverseloguniform:
      let lower = map.double("lower")
      let upper = map.double("upper")
      guard let lower, let upper else { return nil }
      switch kind {
      case .loguniform: return (.loguniform(lower: lower, upper: upper), [])
      case .reverseloguniform: return (.reverseloguniform(lower: lower, upper: upper), [])
      default: return (.uniform(lower: lower, upper: upper), [])
      }
    case .randint, .lograndint:
      let lower = map.int("lower", Int.min...Int.max)
      let upper = map.int("upper", Int.min...Int.max)
      guard let lower, let upper else { return nil }
      return (kind == .randint ? .randint(lower: lower, upper: upper) : .lograndint(lower: lower, upper: upper), [])
    case .choice, .ordinal, .logordinal:
      let ordinalKind = kind == .ordinal ? map.keyword("kind", OrdinalValues.Kind.self) : nil
      guard !map.has("kind") || ordinalKind != nil || kind != .ordinal, let (values, nodes) = values() else {
        return nil
      }
      switch kind {
      case .choice: return (.choice(values), nodes)
      case .logordinal: return (.logordinal(values), nodes)
      default: return (.ordinal(values, kind: ordinalKind), nodes)
      }
    case .finrange, .logfinrange:
      let lower = map.double("lower")
      let upper = map.double("upper")
      let size = map.int("size", 1...FiniteRange.maximumSize)
      let isWhole = castsToInt()
      guard let lower, let upper, let size, let isWhole else { return nil }
      return kind == .finrange
        ? (.finrange(lower: lower, upper: upper, size: size, isWhole: isWhole), [])
        : (.logfinrange(lower: lower, upper: upper, size: size, isWhole: isWhole), [])
    }
  }

  private func castsToInt() -> Bool? {
    guard let node = map.node("cast_int") else { return false }
    guard case .scalar(let scalar) = node.content, case .bool(let value) = scalar.value else {
      map.tell(.wrongType, "cast_int", "must be true or false, not \(node.shown)")
      return nil
    }
    return value
  }

  /// The values of a list with their nodes. Whole numbers beside others are numbers, so that `[1, 2.5]` has one type.
  private func values() -> (values: [ParameterValue], nodes: [YAMLNode])? {
    guard let nodes = map.list("values", "[relu, tanh]") else { return nil }
    let path = map.fullPath("values")
    let values = nodes.enumerated().map { ParameterReading.value($1, "\(path)[\($0)]", map.mistakes) }
    let read = values.compactMap { $0 }
    guard read.count == values.count else { return nil }
    let isMixed = read.allSatisfy { $0.number != nil } && read.contains { if case .double = $0 { true } else { false } }
    return (isMixed ? read.compactMap { $0.number.map(ParameterValue.double) } : read, nodes)
  }

  private func tell(_ problem: SpaceProblem, _ elements: [YAMLNode]) {
    let key = problem.part.rawValue
    if let index = problem.index, elements.indices.contains(index) {
      map.mistakes.add(
        .invalidValue, elements[index].place, "\(map.fullPath(key))[\(index)] \(problem.message)")
    } else {
      map.tell(.invalidValue, key, problem.message)
    }
  }

  private static func listed(_ words: [String]) -> String {
    guard let last = words.last, words.count > 1 else { return words.first ?? "" }
    return words.dropLast().joined(separator: ", ") + " and " + last
  }
}
