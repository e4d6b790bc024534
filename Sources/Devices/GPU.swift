/// One GPU of the host, or one instance of a partitioned one.
public struct GPU: Equatable, Sendable {
  public enum Kind: String, Sendable, CaseIterable {
    case nvidia
    case amd
  }

  public var kind: Kind
  /// As the vendor's tool counts; of an instance its number within the GPU. nil: the card did not say.
  public var index: Int?
  /// `GPU-…`, `MIG-…`; of AMD `GPU-` and the unique id in hexadecimal, or the index where the card has none. Empty when
  /// the card did not say.
  public var id: String
  public var name: String
  public var memoryBytes: Int?
  public var memoryUsedBytes: Int?
  /// Percent of the last moments.
  public var utilization: Int?
  /// Whether the GPU is used by its instances alone (MIG mode).
  public var isPartitioned: Bool
  public var instances: [GPU]
  /// Index of the GPU that an instance is part of.
  public var parentIndex: Int?
  /// Why it cannot be used: it has fallen off the bus, and the like.
  public var fault: String?
  /// Processes that compute on it. Those of an instance stand here or, where the tool does not say which instance, with
  /// the whole GPU.
  public var users: [GPUUser]

  public init(
    kind: Kind, index: Int?, id: String, name: String, memoryBytes: Int? = nil, memoryUsedBytes: Int? = nil,
    utilization: Int? = nil, isPartitioned: Bool = false, instances: [GPU] = [], parentIndex: Int? = nil,
    fault: String? = nil, users: [GPUUser] = []
  ) {
    self.kind = kind
    self.index = index
    self.id = id
    self.name = name
    self.memoryBytes = memoryBytes
    self.memoryUsedBytes = memoryUsedBytes
    self.utilization = utilization
    self.isPartitioned = isPartitioned
    self.instances = instances
    self.parentIndex = parentIndex
    self.fault = fault
    self.users = users
  }

  /// What a cluster file may call it by: `0`, or `0:1` of an instance.
  public var number: String {
    let own = index.map { "\($0)" } ?? "?"
    return parentIndex.map { "\($0):\(own)" } ?? own
  }

  /// For messages: `GPU 0 (GPU-5d5ba0d6)`.
  public var label: String {
    let short = id.utf8.count > 12 ? String(id.prefix(12)) : id
    return short.isEmpty || short == number ? "GPU \(number)" : "GPU \(number) (\(short))"
  }
}

/// A process that computes on a GPU.
public struct GPUUser: Equatable, Sendable {
  public var pid: Int
  /// Login name; `uid N` when that is not known, empty when the process cannot be seen.
  public var user: String
  /// The command line, shortened; empty when it cannot be seen.
  public var command: String
  public var memoryBytes: Int?

  public init(pid: Int, user: String = "", command: String = "", memoryBytes: Int? = nil) {
    self.pid = pid
    self.user = user
    self.command = command
    self.memoryBytes = memoryBytes
  }

  /// For messages: `pid 4242 of alice (python train.py, 3.2 GiB)`.
  public var label: String {
    let owner = user.isEmpty ? "" : " of \(user)"
    let details = [String(command.prefix(60)), memoryBytes.map(GPUMemory.text) ?? ""].filter { !$0.isEmpty }
    return "pid \(pid)\(owner)" + (details.isEmpty ? "" : " (\(details.joined(separator: ", ")))")
  }
}

/// What the tools told of the host's GPUs.
public struct DeviceInventory: Equatable, Sendable {
  /// Cards in the order of their tools, NVIDIA's before AMD's.
  public var gpus: [GPU]
  /// What went wrong, for people.
  public var notes: [String]
  /// Whether a tool failed though the host has cards for it: GPUs may be there that nobody can see.
  public var isIncomplete: Bool

  public init(gpus: [GPU] = [], notes: [String] = [], isIncomplete: Bool = false) {
    self.gpus = gpus
    self.notes = notes
    self.isIncomplete = isIncomplete
  }

  /// What trials can be given: whole GPUs, or the instances of partitioned ones; faulty ones too.
  public var devices: [GPU] { gpus.flatMap { $0.isPartitioned ? $0.instances : [$0] } }
}

/// Bytes as people read them.
enum GPUMemory {
  static func text(_ bytes: Int) -> String {
    let tenths = (Double(bytes) / Double(1 << 30) * 10).rounded() / 10
    return tenths >= 1 ? "\(tenths) GiB" : "\(bytes >> 20) MiB"
  }
}
