import TuningModel

/// Which of a host's GPUs are used.
public enum DeviceSelection: Equatable, Sendable {
  case all
  /// Those that nobody else uses, looked at before each start.
  case idle
  case none
  /// By index (`0`, `0:1` for an instance), UUID or its beginning.
  case listed([String])

  /// From an argument: `all`, `idle`, `none`, or names with commas between them. nil when a name is empty.
  public init?(text: String) {
    switch text {
    case "all": self = .all
    case "idle": self = .idle
    case "none": self = .none
    default:
      let names = text.split(separator: ",", omittingEmptySubsequences: false).map { $0.filter { $0 != " " } }
      guard names.allSatisfy({ !$0.isEmpty }) else { return nil }
      self = .listed(names)
    }
  }

  /// From a launcher's request: one of the words, or a list of texts and numbers. nil when it is something else.
  public init?(json: JSONValue) {
    switch json {
    case .string(let text): self.init(text: text)
    case .array(let elements):
      var names: [String] = []
      for element in elements {
        switch element {
        case .string(let text) where !text.isEmpty: names.append(text)
        case .int(let number): names.append("\(number)")
        default: return nil
        }
      }
      self = names.isEmpty ? .none : .listed(names)
    default: return nil
    }
  }

  /// As a cluster file has it: `gpus: [0, 7]`.
  public var text: String {
    switch self {
    case .all: "gpus: all"
    case .idle: "gpus: idle"
    case .none: "gpus: none"
    case .listed(let names): "gpus: [\(names.joined(separator: ", "))]"
    }
  }
}

/// What is asked for of a host's devices.
public struct DeviceRequest: Equatable, Sendable {
  public var selection: DeviceSelection
  /// GPUs of one slot.
  public var perTrial: Int
  /// Slots that share one GPU.
  public var trialsPerGPU: Int
  /// Where there are GPUs, slots at most; elsewhere their number, nil: one for each core.
  public var slots: Int?

  public init(
    selection: DeviceSelection = .all, perTrial: Int = 1, trialsPerGPU: Int = 1, slots: Int? = nil
  ) {
    self.selection = selection
    self.perTrial = perTrial
    self.trialsPerGPU = trialsPerGPU
    self.slots = slots
  }
}
