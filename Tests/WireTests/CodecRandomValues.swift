import TuningModel
import Wire

/// Random values of everything that goes over the wire, within its bounds.
struct RandomValues {
  private var generator: SeededGenerator

  init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

  mutating func below(_ bound: Int) -> Int { Int(generator.nextBelow(UInt64(bound))) }
  mutating func bool() -> Bool { below(2) == 0 }
  mutating func bits() -> UInt64 { generator.nextBits() }
  mutating func pick<Value>(_ values: [Value]) -> Value { values[below(values.count)] }
  mutating func maybe<Value>(_ make: (inout RandomValues) -> Value) -> Value? { bool() ? make(&self) : nil }
  mutating func some<Value>(_ most: Int, _ make: (inout RandomValues) -> Value) -> [Value] {
    (0..<below(most + 1)).map { _ in make(&self) }
  }

  /// Numbers near the edges as often as others.
  mutating func number(in range: ClosedRange<Int>) -> Int {
    switch below(4) {
    case 0: range.lowerBound
    case 1: range.upperBound
    default: range.lowerBound + Int(bits() % UInt64(range.upperBound - range.lowerBound))
    }
  }

  mutating func count() -> Int { number(in: 0...Int(Int32.max)) }
  mutating func positive() -> Int { number(in: 1...Int(Int32.max)) }
  mutating func offset() -> Int { number(in: 0...WireLimits.maximumOffset) }
  mutating func anyInt() -> Int { pick([0, 1, -1, .max, .min, Int(truncatingIfNeeded: bits())]) }
  mutating func anyDouble() -> Double {
    pick([0, -0.0, 1, .infinity, -.infinity, .greatestFiniteMagnitude, .leastNonzeroMagnitude, 0.1, finite()])
  }
  mutating func finite() -> Double {
    let value = Double(bitPattern: bits())
    return value.isFinite ? value : 0.5
  }
  mutating func text(atLeast least: Int = 0) -> String {
    let pieces = ["a", "Z", "é", "日本", "🙂", " ", "\n", "\"", "\\", "-", "e\u{301}", "\u{FFFD}", "$(rm -rf)"]
    return String((0..<(least + below(12))).map { _ in pick(pieces) }.joined())
  }
  mutating func name() -> String { String((0..<(1 + below(20))).map { _ in pick(Array("abcXYZ019-_é")) }) }
  mutating func folderName() -> String { "r" + String(some(20) { $0.pick(Array("abcXYZ019-_.")) }) }
  mutating func hash() -> String { String((0..<64).map { _ in pick(Array("0123456789abcdef")) }) }
  mutating func path() -> String { "/" + some(4) { $0.name() }.joined(separator: "/") }
  mutating func publicKey() -> String { String((0..<40).map { _ in pick(Array("09azAZ.-:+=^!/*?&<>()[]{}@%$#")) }) }

  mutating func trial() -> TrialID { TrialID(count()) }
  mutating func attempt() -> Attempt { Attempt(positive()) }
  mutating func trialAttempt() -> TrialAttempt { TrialAttempt(trial(), attempt()) }
  mutating func instant() -> Instant { Instant(nanoseconds: Int64(anyInt())) }
  mutating func timestamp() -> Timestamp { Timestamp(microseconds: Int64(number(in: 0...253_402_300_799_999_999))) }
  mutating func duration(atLeast least: Int = 0) -> Duration { .nanoseconds(number(in: least...Int.max)) }

  mutating func json(depth: Int = 0) -> JSONValue {
    switch below(depth > 3 ? 5 : 7) {
    case 0: .null
    case 1: .bool(bool())
    case 2: .int(anyInt())
    case 3: .double(anyDouble())
    case 4: .string(text())
    case 5: .array(some(4) { $0.json(depth: depth + 1) })
    // Of a key that stands twice in an object the JSON reader keeps the last.
    default: .object((0..<below(5)).map { JSONValue.Member("\($0)\(text())", json(depth: depth + 1)) })
    }
  }
  mutating func member(depth: Int = 0) -> JSONValue.Member { JSONValue.Member(text(), json(depth: depth)) }
  mutating func configuration() -> Configuration {
    Configuration(
      some(6) { random in
        Configuration.Entry(
          random.name(),
          random.pick([
            .int(random.anyInt()), .double(random.anyDouble()), .string(random.text()), .bool(random.bool()),
          ]))
      })
  }
  mutating func environment() -> [EnvironmentEntry] {
    some(5) { EnvironmentEntry(name: $0.name(), value: $0.text()) }
  }

  mutating func seal() -> Seal {
    Seal(
      generation: positive(), attempt: attempt(), coveredSequence: offset(), coveredResource: maybe { $0.anyInt() },
      files: count(), bytes: offset(), hash: hash())
  }
  mutating func end() -> AttemptEnd {
    AttemptEnd(
      cause: pick(AttemptEnd.Cause.allCases), exitStatus: maybe { $0.number(in: -1...255) },
      signal: maybe { $0.number(in: 1...64) }, lastSequence: offset(), seal: maybe { $0.seal() }, errorTail: text(),
      startedAt: maybe { $0.timestamp() }, endedAt: maybe { $0.timestamp() })
  }
  mutating func refusal() -> StartRefusal { StartRefusal(code: pick(StartRefusal.Code.allCases), detail: text()) }

  mutating func program() -> Program {
    Program(
      entryPoint: [text(atLeast: 1)] + some(4) { $0.text() }, codeHash: maybe { $0.hash() }, setup: maybe { $0.text() },
      environment: environment(), resourceAttribute: text(atLeast: 1), metric: text(atLeast: 1),
      holdsAtMilestone: bool(), holdLimit: duration(), settle: duration(), grace: duration(),
      keptGenerations: number(in: 1...1024), sandbox: sandbox(), quota: maybe { $0.offset() },
      store: pick([
        .host, .shared(folder: path()), .coordinator, .command(put: text(), get: text(), delete: maybe { $0.text() }),
      ]))
  }
  mutating func sandbox() -> SandboxPlan {
    SandboxPlan(level: pick(SandboxPlan.Level.allCases), writable: some(3) { $0.text() })
  }
  mutating func checkpoint() -> CheckpointName {
    CheckpointName(trial: trial(), generation: positive(), hash: hash())
  }
  mutating func holder() -> CheckpointHolder { pick([.agent(AgentID(count())), .coordinator, .store]) }
  mutating func checkpointRequest() -> CheckpointRequest {
    CheckpointRequest(
      agent: maybe { AgentID($0.count()) }, name: checkpoint(),
      piece: pick([
        .manifest, .chunk(file: number(in: 0...49_999), offset: offset(), length: number(in: 1...(1 << 20))),
      ]))
  }
  mutating func checkpointAnswer() -> CheckpointAnswer {
    CheckpointAnswer(
      agent: maybe { AgentID($0.count()) }, name: checkpoint(),
      content: pick([
        .manifest(tree()), .missing(text()), .unreachable(text()),
        .chunk(file: number(in: 0...49_999), offset: offset(), bytes: some(300) { UInt8($0.below(256)) }),
      ]))
  }
  mutating func tree() -> TreeManifest {
    var entries: [TreeManifest.Entry] = []
    for index in 0..<below(12) {
      let folder = "\(10 + index)-\(name())"
      entries.append(TreeManifest.Entry(path: folder, kind: .folder))
      entries.append(
        TreeManifest.Entry(
          path: "\(folder)/a\(text())", kind: .file(size: offset(), hash: hash(), isExecutable: bool())))
      entries.append(TreeManifest.Entry(path: "\(folder)/b", kind: .link(target: pick(["../x", "c/d", "./e", ".."]))))
    }
    return TreeManifest(entries: entries)
  }
}
