import Coordination

/// `experiment.env`: variables for the trials and `setup`.
enum EnvironmentSection {
  static func decode(_ experiment: MapReader) -> [EnvironmentVariable] {
    guard let map = experiment.map("env", example: "{OMP_NUM_THREADS: \"1\"}") else { return [] }
    return map.pairs.compactMap { pair in
      guard isName(pair.key) else {
        map.mistakes.add(
          .invalidValue, pair.keyPlace,
          "experiment.env must have names of letters, digits and '_' not beginning with a digit, not "
            + YAMLScalar(text: pair.key, isPlain: true).shown)
        return nil
      }
      guard !pair.key.hasPrefix("PASHA_") else {
        map.mistakes.add(
          .invalidValue, pair.keyPlace,
          "experiment.env must not set \(pair.key): names with PASHA_ are set for each trial")
        return nil
      }
      guard case .scalar(let scalar) = pair.value.content else {
        map.tell(.wrongType, pair.key, "must be text, not \(pair.value.shown)")
        return nil
      }
      guard !pair.value.isNull else {
        map.tell(.wrongType, pair.key, "must be text, not nothing; write \"\" for an empty variable")
        return nil
      }
      return EnvironmentVariable(name: pair.key, value: scalar.text)
    }
  }

  /// Whether a shell would take it as the name of a variable.
  static func isName(_ text: String) -> Bool {
    func isLetter(_ scalar: Unicode.Scalar) -> Bool {
      ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) || scalar == "_"
    }
    guard let first = text.unicodeScalars.first, isLetter(first) else { return false }
    return text.unicodeScalars.allSatisfy { isLetter($0) || ("0"..."9").contains($0) }
  }
}
