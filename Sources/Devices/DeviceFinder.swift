import Glibc
import HostSystem
import TuningModel

/// Finds the GPUs of the host by the vendors' tools.
public struct DeviceFinder: Sendable {
  /// Folders in which tools are looked for, as in `PATH`.
  public var path: String
  /// How long a tool may take.
  public var limit: Duration
  /// Where the kernel lists the devices of the PCI bus.
  var pciFolder = "/sys/bus/pci/devices"

  private static let folders = ["/usr/bin", "/usr/local/bin", "/opt/rocm/bin"]

  /// - Parameter path: as `PATH`; the usual places of the tools are looked at after it.
  public init(path: String, limit: Duration = .seconds(10)) {
    let own = path.split(separator: ":").map(String.init)
    self.path = (own + Self.folders.filter { !own.contains($0) }).joined(separator: ":")
    self.limit = limit
  }

  /// With this process's own `PATH`.
  public init() { self.init(path: getenv("PATH").map { String(cString: $0) } ?? "") }

  /// What there is now. Takes as long as the tools do, the time limit for each of a few calls at most.
  public func find() -> DeviceInventory {
    var inventory = DeviceInventory()
    if let tool = tool("nvidia-smi") { NVIDIATool(path: tool, finder: self).add(to: &inventory) }
    if let tool = tool("rocm-smi") { AMDTool(path: tool, finder: self).add(to: &inventory) }
    var people = ProcessOwners(path: path)
    for index in inventory.gpus.indices {
      people.complete(&inventory.gpus[index].users)
      for instance in inventory.gpus[index].instances.indices {
        people.complete(&inventory.gpus[index].instances[instance].users)
      }
    }
    return inventory
  }

  /// The first line that a program prints, nil where there is none, it fails, or it takes longer.
  public func answer(_ words: [String], within limit: Duration) -> String? {
    guard let output = try? ToolRun.run(words, within: limit, path: path), output.hasSucceeded else { return nil }
    return output.output.split(whereSeparator: \.isNewline).first.map(String.init)
  }

  /// The path of a program in the folders of `path`, nil where there is none.
  public func program(_ name: String) -> String? { tool(name) }

  func tool(_ name: String) -> String? {
    for folder in path.split(separator: ":") where folder.hasPrefix("/") {
      let candidate = "\(folder)/\(name)"
      guard let status = try? Files.status(candidate, followingLinks: true), status.kind == .file else { continue }
      if access(candidate, X_OK) == 0 { return candidate }
    }
    return nil
  }

  func run(_ words: [String]) throws(ToolFailure) -> ToolOutput {
    try ToolRun.run(words, within: limit, path: path)
  }

  /// Whether a display or compute device of the vendor sits on the bus, whatever its driver says.
  func hasHardware(vendor: String) -> Bool {
    guard let entries = try? Folders.list(pciFolder) else { return false }
    return entries.contains { entry in
      func line(_ name: String) -> String {
        let text = try? Files.readText("\(pciFolder)/\(entry.name)/\(name)", limit: 64)
        return String((text ?? "").prefix { !$0.isNewline })
      }
      let kind = line("class")
      return line("vendor") == vendor && (kind.hasPrefix("0x03") || kind.hasPrefix("0x12"))
    }
  }
}
