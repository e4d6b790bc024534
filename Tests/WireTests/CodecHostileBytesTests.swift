import Testing
import TuningModel
import Wire

/// No bytes end the process: every truncation, many mutations, noise.
@Suite struct CodecHostileBytesTests {
  /// What decodes at all encodes again, to bytes that decode to the same.
  private func tryDecoding<Value: WireCodable>(_ type: Value.Type, _ bytes: [UInt8]) {
    guard let value = try? Value(decoding: bytes) else { return }
    let encoded = value.encoded()
    guard let again = try? Value(decoding: encoded) else {
      Issue.record("\(value) was decoded, but not after it was encoded again: \(bytes)")
      return
    }
    #expect(again.encoded() == encoded)
  }

  private func attack<Value: WireCodable>(_ kinds: Int = 1, _ make: (inout RandomValues, Int) -> Value) {
    var random = RandomValues(seed: 11)
    for index in 0..<(kinds * max(1, 12 / kinds)) {
      let bytes = make(&random, index % kinds).encoded()
      for count in stride(from: 0, to: bytes.count, by: max(1, bytes.count / 300)) {
        tryDecoding(Value.self, Array(bytes.prefix(count)))
      }
      for _ in 0..<150 { tryDecoding(Value.self, random.mutated(bytes)) }
    }
    for count in 0..<100 { tryDecoding(Value.self, (0..<count).map { _ in UInt8(random.below(256)) }) }
  }

  @Test func agentMessages() { attack(RandomValues.agentMessageKinds) { $0.agentMessage($1) } }
  @Test func coordinatorMessages() { attack(RandomValues.coordinatorMessageKinds) { $0.coordinatorMessage($1) } }
  @Test func agentBulkMessages() { attack(RandomValues.agentBulkMessageKinds) { $0.agentBulkMessage($1) } }
  @Test func coordinatorBulkMessages() {
    attack(RandomValues.coordinatorBulkMessageKinds) { $0.coordinatorBulkMessage($1) }
  }
  @Test func supervisorCommands() { attack(RandomValues.supervisorCommandKinds) { $0.supervisorCommand($1) } }
  @Test func supervisorEvents() { attack(RandomValues.supervisorEventKinds) { $0.supervisorEvent($1) } }
  @Test func attemptPlans() { attack { random, _ in random.plan() } }
  @Test func processRecords() { attack { random, _ in random.processRecord() } }
  @Test func attemptEnds() { attack { random, _ in random.end() } }
  @Test func seals() { attack { random, _ in random.seal() } }
  @Test func treeManifests() { attack { random, _ in random.tree() } }

  @Test func deepNestingIsRefused() {
    // A group within a group within a group …, and JSON of a thousand arrays.
    let groups = [UInt8](repeating: 0x0B, count: 100_000)
    #expect(throws: WireError.self) { try AgentMessage(decoding: groups) }
    var field: [UInt8] = [0x3A, 0xE8, 0x07] + Array(repeating: UInt8(ascii: "["), count: 1000)
    field = [0x08, 0x01, 0x1A] + varint(field.count) + field
    for tag in [0x12, 0x1A] as [UInt8] { field = [tag] + varint(field.count) + field }
    #expect(code(of: field) == .malformed)
  }

  @Test func aMessageOfManyEmptyPartsIsRefused() {
    let fields = Array(repeatElement([0x1A, 0x00] as [UInt8], count: 100_000).joined())
    let report: [UInt8] = [0x08, 0x01, 0x10, 0x01] + fields
    let reports: [UInt8] = [0x12] + varint(report.count) + report
    #expect(code(of: [0x1A] + varint(reports.count) + reports) == .tooMany)
  }

  private func varint(_ value: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(rest & 0x7F) | 0x80)
      rest >>= 7
    }
    return bytes + [UInt8(rest)]
  }

  private func code(of bytes: [UInt8]) -> WireError.Code? {
    do throws(WireError) {
      _ = try AgentMessage(decoding: bytes)
      return nil
    } catch {
      return error.code
    }
  }
}

extension RandomValues {
  /// The bytes with one to four small damages.
  mutating func mutated(_ bytes: [UInt8]) -> [UInt8] {
    var bytes = bytes
    for _ in 0...below(4) {
      let index = below(bytes.count + 1)
      switch below(6) {
      case 0 where index < bytes.count: bytes[index] ^= 1 << UInt8(below(8))
      case 1 where index < bytes.count: bytes[index] = UInt8(below(256))
      case 2 where index < bytes.count: bytes.remove(at: index)
      case 3: bytes.insert(UInt8(below(256)), at: index)
      case 4: bytes.insert(contentsOf: Array(repeating: 0xFF, count: below(12)), at: index)
      default:
        let piece = bytes[index..<min(bytes.count, index + below(40))]
        bytes.insert(contentsOf: Array(piece), at: below(bytes.count + 1))
      }
    }
    return bytes
  }
}
