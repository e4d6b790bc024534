import HostSystem

/// NVIDIA's cards, by `nvidia-smi`. What it prints for what it does not know (`[N/A]`, `[Not Supported]`,
/// `[Unknown Error]`) differs between drivers: what is no number is unknown.
struct NVIDIATool {
  let path: String
  let finder: DeviceFinder

  private static let vendor = "0x10de"
  private static let fields = "index,uuid,name,memory.total,memory.used,utilization.gpu"
  private static let format = "--format=csv,noheader,nounits"

  func add(to inventory: inout DeviceInventory) {
    do throws(ToolFailure) {
      var answer = try finder.run([path, "--query-gpu=\(Self.fields),mig.mode.current", Self.format])
      // Drivers older than MIG know no such field.
      let knowsMode = answer.hasSucceeded || !(answer.output + answer.errors).contains("mig.mode.current")
      if !knowsMode { answer = try finder.run([path, "--query-gpu=\(Self.fields)", Self.format]) }
      var found = Self.gpus(answer.output, withMode: knowsMode)
      found += Self.lostGPUs(answer.errors)
      if found.isEmpty {
        return nothing(answer.output.contains("No devices were found") ? nil : answer.complaint, &inventory)
      }
      if !answer.hasSucceeded { inventory.notes.append("nvidia-smi: \(answer.complaint)") }
      if found.contains(where: \.isPartitioned) { try addInstances(to: &found, &inventory.notes) }
      try addUsers(to: &found, &inventory.notes)
      inventory.gpus += found
    } catch {
      nothing(error.message, &inventory)
    }
  }

  private func nothing(_ complaint: String?, _ inventory: inout DeviceInventory) {
    guard let complaint else { return }
    inventory.notes.append("nvidia-smi tells of no GPU: \(complaint)")
    if finder.hasHardware(vendor: Self.vendor) { inventory.isIncomplete = true }
  }

  private func addInstances(to gpus: inout [GPU], _ notes: inout [String]) throws(ToolFailure) {
    let list = try finder.run([path, "-L"])
    if !list.hasSucceeded { notes.append("nvidia-smi -L: \(list.complaint)") }
    let instances = Self.instances(list.output)
    for index in gpus.indices where gpus[index].isPartitioned {
      gpus[index].instances = (instances[gpus[index].id] ?? []).map {
        var instance = $0
        instance.parentIndex = gpus[index].index
        instance.fault = gpus[index].fault
        return instance
      }
      if gpus[index].instances.isEmpty {
        notes.append("\(gpus[index].label) is in MIG mode and has no instance: it offers nothing")
      }
    }
  }

  private func addUsers(to gpus: inout [GPU], _ notes: inout [String]) throws(ToolFailure) {
    let answer = try computeProcesses()
    if !answer.hasSucceeded { notes.append("nvidia-smi does not say who uses the GPUs: \(answer.complaint)") }
    for (id, user) in Self.users(answer.output) {
      for index in gpus.indices {
        if gpus[index].id == id { gpus[index].users.append(user) }
        for instance in gpus[index].instances.indices where gpus[index].instances[instance].id == id {
          gpus[index].instances[instance].users.append(user)
        }
      }
    }
  }

  func computeProcesses() throws(ToolFailure) -> ToolOutput {
    try finder.run([path, "--query-compute-apps=gpu_uuid,pid,used_memory", Self.format])
  }

  // MARK: What it prints

  /// Lines of `--query-gpu`, with or without the MIG mode as the last field.
  static func gpus(_ text: String, withMode hasMode: Bool = true) -> [GPU] {
    var found: [GPU] = []
    for line in text.split(whereSeparator: \.isNewline) {
      let fields = line.split(separator: ",", omittingEmptySubsequences: false).map(trimmed)
      guard fields.count >= (hasMode ? 7 : 6), let index = Int(fields[0]), (0..<4_096).contains(index) else {
        found += lostGPUs(String(line))
        continue
      }
      let figures = hasMode ? fields.dropLast() : fields[...]
      let name = figures[2..<(figures.count - 3)].joined(separator: ", ")
      let values = Array(figures.suffix(3))
      var gpu = GPU(
        kind: .nvidia, index: index, id: fields[1], name: name, memoryBytes: mebibytes(values[0]),
        memoryUsedBytes: mebibytes(values[1]), utilization: Int(values[2]),
        isPartitioned: hasMode && fields.last == "Enabled")
      gpu.fault = fault(in: fields)
      if !gpu.id.hasPrefix("GPU-") {
        gpu.fault = gpu.fault ?? "it has no UUID (\(gpu.id))"
        gpu.id = ""
      }
      found.append(gpu)
    }
    return found
  }

  /// Cards that are named in complaints alone: `Unable to determine the device handle for GPU 0000:02:00.0: GPU is lost.`
  static func lostGPUs(_ text: String) -> [GPU] {
    text.split(whereSeparator: \.isNewline).compactMap { line in
      let words = line.split(separator: " ")
      guard line.contains("nable to determine the device handle"),
        let place = words.firstIndex(where: { $0 == "GPU" || $0 == "gpu" || $0.hasPrefix("GPU0") }),
        let address = words[place] == "GPU" || words[place] == "gpu" ? words[(place + 1)...].first : words[place]
      else { return nil }
      let bus = address.hasSuffix(":") ? address.dropLast() : address
      return GPU(kind: .nvidia, index: nil, id: "", name: "at \(bus)", fault: trimmed(line))
    }
  }

  /// Instances by the UUID of their GPU, from `-L`.
  static func instances(_ text: String) -> [String: [GPU]] {
    var found: [String: [GPU]] = [:]
    var parent = ""
    for line in text.split(whereSeparator: \.isNewline) {
      guard let start = line.range(ofText: "(UUID: "), let end = line[start.upperBound...].firstIndex(of: ")") else {
        continue
      }
      let id = String(line[start.upperBound..<end])
      let head = trimmed(line[..<start.lowerBound])
      if head.hasPrefix("GPU ") {
        parent = id
      } else if head.hasPrefix("MIG "), id.hasPrefix("MIG-") {
        let words = head.split(separator: " ")
        let number = words.last.flatMap { Int($0.filter { $0 != ":" }) }
        let name = words.prefix { $0 != "Device" }.joined(separator: " ")
        found[parent, default: []].append(GPU(kind: .nvidia, index: number, id: id, name: name))
      }
    }
    return found
  }

  /// Lines of `--query-compute-apps`.
  static func users(_ text: String) -> [(id: String, user: GPUUser)] {
    text.split(whereSeparator: \.isNewline).compactMap { line in
      let fields = line.split(separator: ",", omittingEmptySubsequences: false).map(trimmed)
      guard fields.count >= 2, let pid = Int(fields[1]), pid > 0 else { return nil }
      return (fields[0], GPUUser(pid: pid, memoryBytes: fields.count > 2 ? mebibytes(fields[2]) : nil))
    }
  }

  private static func fault(in fields: [String]) -> String? {
    let signs = ["is lost", "Unknown Error", "ERR!", "fallen off", "Requires Reset", "Requires reset"]
    // The name is the maker's own word; the index was read.
    return fields.first { field in signs.contains { field.contains($0) } }
  }

  private static func mebibytes(_ text: String) -> Int? {
    guard let number = Int(text), (0...(1 << 32)).contains(number) else { return nil }
    return number << 20
  }

  private static func trimmed(_ text: some StringProtocol) -> String {
    var text = Substring(text)
    while text.first?.isWhitespace == true { text.removeFirst() }
    while text.last?.isWhitespace == true { text.removeLast() }
    return String(text)
  }
}

extension StringProtocol where SubSequence == Substring {
  /// Where a text first stands in this one.
  func range(ofText text: String) -> Range<Index>? {
    var start = startIndex
    while start < endIndex {
      let rest = self[start...]
      if rest.hasPrefix(text) { return start..<index(start, offsetBy: text.count) }
      start = index(after: start)
    }
    return nil
  }
}
