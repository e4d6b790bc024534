/// Finding GPUs by the names that people and job systems give them.
enum DeviceList {
  /// What a name of a cluster file stands for: an index (`0`: with MIG all its instances; `0:1`), a UUID or its
  /// beginning. More than one where it is the beginning of several.
  static func find(_ name: String, in inventory: DeviceInventory) -> [GPU] {
    for kind in GPU.Kind.allCases {
      let gpus = inventory.gpus.filter { $0.kind == kind }
      if let gpu = gpus.first(where: { $0.index != nil && $0.number == name }) {
        return gpu.isPartitioned ? gpu.instances : [gpu]
      }
      let instance = gpus.flatMap(\.instances).first { $0.index != nil && $0.number == name }
      if let instance { return [instance] }
    }
    let beginning = (name.hasPrefix("0x") ? "GPU-" + name.dropFirst(2) : name).lowercased()
    guard beginning.contains("-") else { return [] }
    var found: [GPU] = []
    for gpu in inventory.gpus {
      if gpu.id.lowercased().hasPrefix(beginning) {
        found += gpu.isPartitioned ? gpu.instances : [gpu]
      } else {
        found += gpu.instances.filter { $0.id.lowercased().hasPrefix(beginning) }
      }
    }
    // A whole name is not the beginning of a longer one.
    let whole = found.filter { $0.id.lowercased() == beginning }
    return whole.isEmpty ? found : whole
  }

  /// What the list of CUDA_VISIBLE_DEVICES lets through: CUDA ends it at the first name that is none.
  static func visible(_ gpus: [GPU], _ list: String) -> [GPU] {
    var found: [GPU] = []
    for name in list.split(separator: ",", omittingEmptySubsequences: false) {
      let name = name.filter { $0 != " " }
      var matches = DeviceList.find(name, in: DeviceInventory(gpus: gpus))
      // Of a partitioned GPU only its instances stand here.
      if matches.isEmpty { matches = gpus.filter { $0.parentIndex.map { "\($0)" } == name } }
      guard !matches.isEmpty else { break }
      found += matches.filter { match in !found.contains { $0.id == match.id && $0.kind == match.kind } }
    }
    return found
  }

  /// For messages: `this host has 0 (GPU-5d5ba0d6), 1 (GPU-9f…)`.
  static func text(_ inventory: DeviceInventory) -> String {
    let devices = inventory.devices
    let notes = inventory.notes.isEmpty ? "" : " (\(inventory.notes.joined(separator: "; ")))"
    if devices.isEmpty { return "this host has no GPU\(notes)" }
    return "this host has " + devices.map { String($0.label.dropFirst(4)) }.joined(separator: ", ")
  }
}
