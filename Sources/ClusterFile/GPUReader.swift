import Coordination

/// `gpus`: which GPUs are used, of all hosts or of one.
enum GPUReader {
  private static let expected = "all, idle, none or a list such as [0, 1]"

  /// nil: not given, or wrong, which was told.
  static func selection(_ map: MapReader) -> GPUSelection? {
    guard let node = map.node("gpus") else { return nil }
    switch node.content {
    case .mapping:
      map.tell(.wrongType, "gpus", "must be \(expected), not a map")
      return nil
    case .scalar(let scalar): return selection(scalar, map)
    case .sequence(let elements):
      guard !elements.isEmpty else {
        map.tell(.invalidValue, "gpus", "must name at least one GPU; write none to use none")
        return nil
      }
      return listed(elements, map)
    }
  }

  private static func selection(_ scalar: YAMLScalar, _ map: MapReader) -> GPUSelection? {
    switch scalar.text {
    case "all": return .all
    case "idle": return .idle
    case "none": return GPUSelection.none
    default:
      let advice: String
      if case .int(let number) = scalar.value {
        advice = "; write [\(number)] for the GPU of this index, all for every one"
      } else if scalar.text.contains(","), scalar.text.allSatisfy({ $0.isNumber || $0 == "," || $0 == " " }) {
        advice = "; write [\(scalar.text)]"
      } else if scalar.text.hasPrefix("GPU-") || scalar.text.hasPrefix("MIG-") {
        advice = "; write [\(scalar.text)]"
      } else if let near = KeyHints.nearest(to: scalar.text, among: ["all", "idle", "none"]) {
        advice = "; did you mean \(near)?"
      } else {
        advice = ""
      }
      map.tell(.invalidValue, "gpus", "must be \(expected), not \(scalar.shown)\(advice)")
      return nil
    }
  }

  private static func listed(_ elements: [YAMLNode], _ map: MapReader) -> GPUSelection? {
    var names: [String] = []
    var isWhole = true
    func refuse(_ code: ClusterFileProblem.Code, _ index: Int, _ message: String) {
      isWhole = false
      map.mistakes.add(code, elements[index].place, "\(map.fullPath("gpus"))[\(index)] \(message)")
    }
    for (index, element) in elements.enumerated() {
      guard case .scalar(let scalar) = element.content, let name = name(scalar) else {
        refuse(
          .invalidValue, index,
          "must be the index of a GPU, as 0, or its UUID or the beginning of it, as GPU-3f2a or MIG-3f2a, not "
            + element.shown)
        continue
      }
      if let earlier = names.firstIndex(of: name) {
        refuse(.contradiction, index, "must be there once, not twice: \(name) is element \(earlier) already")
      }
      names.append(name)
    }
    return isWhole ? .listed(names) : nil
  }

  /// `0`, or `0:1` for an instance of a GPU that is divided.
  private static func isIndex(_ text: String) -> Bool {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    return parts.count <= 2
      && parts.allSatisfy { part in Int(part).map { (0...4095).contains($0) && String($0) == part } ?? false }
  }

  private static func name(_ scalar: YAMLScalar) -> String? {
    switch scalar.value {
    case .int(let index): return (0...4095).contains(index) ? String(index) : nil
    case .text(let text):
      let isUUID = text.utf8.count <= 96 && (text.hasPrefix("GPU-") || text.hasPrefix("MIG-")) && text.utf8.count > 4
      let isClean = text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "/") }
      if isUUID, isClean { return text }
      return isIndex(text) ? text : nil
    default: return nil
    }
  }

  /// How GPUs become slots; what is wrong was told.
  static func options(_ map: MapReader) -> GPUOptions {
    let perTrial = map.int("gpus_per_trial", 1...64)
    let trialsPerGPU = map.int("trials_per_gpu", 1...64)
    if let perTrial, perTrial > 1, let trialsPerGPU, trialsPerGPU > 1 {
      map.tell(
        .contradiction, "trials_per_gpu",
        "is \(trialsPerGPU), and gpus_per_trial is \(perTrial): a GPU is shared only by trials that use one; "
          + "keep one of them above 1")
    }
    return GPUOptions(
      selection: selection(map) ?? .all, perTrial: perTrial ?? 1, trialsPerGPU: trialsPerGPU ?? 1)
  }
}
