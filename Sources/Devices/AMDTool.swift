import HostSystem
import TuningModel

/// AMD's cards, by `rocm-smi`. It names processes, but not which card each of them uses: they stand with the only card,
/// or with every card whose memory is in use.
struct AMDTool {
  let path: String
  let finder: DeviceFinder

  private static let vendor = "0x1002"
  /// Memory that a card holds without anybody's doing.
  private static let idleBytes = 500 << 20

  func add(to inventory: inout DeviceInventory) {
    do throws(ToolFailure) {
      let answer = try finder.run(
        [path, "--showuniqueid", "--showmeminfo", "vram", "--showuse", "--showpids", "--json"])
      guard let found = Self.gpus(answer.output), !found.isEmpty else {
        inventory.notes.append("rocm-smi tells of no GPU: \(answer.complaint)")
        if finder.hasHardware(vendor: Self.vendor) { inventory.isIncomplete = true }
        return
      }
      inventory.gpus += found
    } catch {
      inventory.notes.append("rocm-smi tells of no GPU: \(error.message)")
      if finder.hasHardware(vendor: Self.vendor) { inventory.isIncomplete = true }
    }
  }

  func processes() throws(ToolFailure) -> [GPUUser] {
    Self.users(Self.object(try finder.run([path, "--showpids", "--json"]).output) ?? [])
  }

  // MARK: What it prints

  /// nil when there is no JSON in it.
  static func gpus(_ text: String) -> [GPU]? {
    guard let members = object(text) else { return nil }
    let users = users(members)
    var found: [GPU] = members.compactMap { member in
      guard member.key.hasPrefix("card"), let index = Int(member.key.dropFirst(4)) else { return nil }
      func figure(_ key: String) -> Int? { member.value.text(key).flatMap { Int($0) } ?? member.value.whole(key) }
      return GPU(
        kind: .amd, index: index, id: id(member.value.text("Unique ID"), index: index),
        name: member.value.text("Card series") ?? member.value.text("Card Series") ?? "AMD GPU",
        memoryBytes: figure("VRAM Total Memory (B)"), memoryUsedBytes: figure("VRAM Total Used Memory (B)"),
        utilization: figure("GPU use (%)"))
    }
    found.sort { ($0.index ?? 0) < ($1.index ?? 0) }
    for index in found.indices {
      let isInUse = found[index].memoryUsedBytes.map { $0 > idleBytes } ?? true
      if found.count == 1 || isInUse { found[index].users = users }
    }
    return found
  }

  /// `0x18f68e602b8a790f` becomes the name that ROCR_VISIBLE_DEVICES takes.
  private static func id(_ unique: String?, index: Int) -> String {
    guard let unique, unique.hasPrefix("0x"), unique.count > 2, unique.dropFirst(2).allSatisfy(\.isHexDigit) else {
      return "\(index)"
    }
    return "GPU-" + unique.dropFirst(2).lowercased()
  }

  /// `"system": {"PID3243": "python3, 1, 553648128, 0, 0"}`: name, GPUs, bytes and more.
  private static func users(_ members: [JSONValue.Member]) -> [GPUUser] {
    guard case .object(let system)? = members.first(where: { $0.key == "system" })?.value else { return [] }
    return system.compactMap { member in
      guard member.key.hasPrefix("PID"), let pid = Int(member.key.dropFirst(3)), pid > 0 else { return nil }
      guard case .string(let text) = member.value else { return GPUUser(pid: pid) }
      let fields = text.split(separator: ",").map { $0.filter { !$0.isWhitespace } }
      // Management tools stand there too, with no GPU of their own.
      if fields.count > 1, fields[1] == "0" { return nil }
      return GPUUser(pid: pid, memoryBytes: fields.count > 2 ? Int(fields[2]) : nil)
    }
  }

  /// The object in a text that may have warnings before and after it.
  private static func object(_ text: String) -> [JSONValue.Member]? {
    for line in [text[...]] + text.split(whereSeparator: \.isNewline) {
      guard let start = line.firstIndex(of: "{"), let end = line.lastIndex(of: "}"), start < end,
        case .object(let members)? = try? JSONValue(parsing: String(line[start...end]))
      else { continue }
      return members
    }
    return nil
  }
}
