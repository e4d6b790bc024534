import Testing
import TuningModel

@testable import Wire

/// What decodes lies within the bounds.
@Suite struct CodecLimitsTests {
  private let attempt = TrialAttempt(TrialID(3), Attempt(2))

  private func code<Value: WireCodable>(_ value: Value) -> WireError.Code? {
    code(Value.self, value.encoded())
  }

  private func code<Value: WireCodable>(_ type: Value.Type, _ bytes: [UInt8]) -> WireError.Code? {
    do throws(WireError) {
      _ = try Value(decoding: bytes)
      return nil
    } catch {
      return error.code
    }
  }

  private func code(_ make: (inout ProtoAgentMessage) -> Void) -> WireError.Code? {
    code(AgentMessage.self, ProtoAgentMessage.with(make).wireBytes())
  }

  @Test func aMessageOfNothingOrOfAnUnknownKindIsRefused() {
    #expect(code(AgentMessage.self, []) == .unknownMessage)
    #expect(code(CoordinatorMessage.self, []) == .unknownMessage)
    #expect(code(AgentBulkMessage.self, []) == .unknownMessage)
    #expect(code(CoordinatorBulkMessage.self, []) == .unknownMessage)
    #expect(code(SupervisorCommand.self, []) == .unknownMessage)
    #expect(code(SupervisorEvent.self, []) == .unknownMessage)
    // Field 1000 with an empty message.
    #expect(code(AgentMessage.self, [0xC2, 0x3E, 0x00]) == .unknownMessage)
  }

  @Test func aMessageOfTooManyBytesIsRefusedUnread() {
    let bytes = [UInt8](repeating: 0, count: WireLimits.controlMessageBytes + 1)
    #expect(code(AgentMessage.self, bytes) == .tooLarge)
    #expect(code(CoordinatorMessage.self, bytes) == .tooLarge)
    #expect(code(SupervisorEvent.self, bytes) == .tooLarge)
    let chunk = [UInt8](repeating: 0, count: WireLimits.maximumChunkBytes + 1)
    #expect(code(CoordinatorBulkMessage.chunk(tree: "ab", file: 0, offset: 0, bytes: chunk)) == .tooLarge)
  }

  @Test func idsCountFromNoughtAndAttemptsFromOne() {
    #expect(code(CoordinatorMessage.pause(TrialAttempt(TrialID(0), Attempt(1)))) == nil)
    #expect(code(CoordinatorMessage.pause(TrialAttempt(TrialID(0), Attempt(0)))) == .outOfRange)
    #expect(code(CoordinatorMessage.pause(TrialAttempt(TrialID(1 << 31), Attempt(1)))) == .outOfRange)
    #expect(code(CoordinatorMessage.pause(TrialAttempt(TrialID(0), Attempt(1 << 31)))) == .outOfRange)
    #expect(code(CoordinatorMessage.proceed(attempt, milestone: 0)) == .outOfRange)
    #expect(code(CoordinatorMessage.deleteCheckpoints(TrialID(0), keeping: [0])) == .outOfRange)
    #expect(code { $0.started = .with { $0.pid = 7 } } == .outOfRange, "an attempt that is missing is 0")
  }

  @Test func sequencesAscendWithoutAGap() {
    func reports(_ sequences: [Int]) -> AgentMessage {
      .reports(attempt, sequences.map { TrialReport(sequence: $0, readAt: Timestamp(microseconds: 0), fields: []) })
    }
    #expect(code(reports([4, 5, 6])) == nil)
    #expect(code(reports([4, 6])) == .outOfRange)
    #expect(code(reports([5, 4])) == .outOfRange)
    #expect(code(reports([0, 1])) == .outOfRange)
    #expect(code(reports([])) == .missing)
    #expect(code(reports(Array(1...1001))) == .tooMany)
  }

  @Test func valuesOfEnumerationsMustBeKnown() {
    #expect(
      code {
        $0.ended = .with {
          $0.attempt = attempt.message; $0.end = .init()
        }
      } == .unknownValue)
    #expect(
      code {
        $0.refused = .with {
          $0.attempt = attempt.message
          $0.refusal = .with { $0.code = .UNRECOGNIZED(99) }
        }
      } == .unknownValue)
    #expect(code { $0.ended = .with { $0.attempt = attempt.message } } == .missing)
  }

  @Test func aHelloOfAnotherVersionIsReadForItsVersion() throws {
    let bytes = ProtoAgentMessage.with {
      $0.hello = .with {
        $0.protocolVersion = 9; $0.version = "9.1"
      }
    }.wireBytes()
    guard case .hello(let hello) = try AgentMessage(decoding: bytes) else {
      Issue.record("not a hello")
      return
    }
    #expect(hello.protocolVersion == 9)
    #expect(hello.version == "9.1")
    #expect(code { $0.hello = .with { $0.protocolVersion = UInt32(ProtocolVersion.current) } } == .badText)
  }

  @Test func namesHoldNoControlCharactersAndPathsAreAbsolute() {
    func hello(host: String = "h", machine: String = "m", home: String = "/a", slots: Int = 1) -> AgentMessage {
      .hello(
        AgentHello(
          hostname: host, machineID: machine, bootID: "b", name: "n", pid: 1, slots: slots, home: home, inventory: []))
    }
    #expect(code(hello()) == nil)
    #expect(code(hello(host: "a\u{1B}[2J")) == .badText)
    #expect(code(hello(host: String(repeating: "x", count: 4096))) == .badText)
    #expect(code(hello(machine: "")) == .badText)
    #expect(code(hello(home: "relative")) == .badPath)
    #expect(code(hello(home: "/a\0b")) == .badText)
    #expect(code(hello(slots: 5000)) == .outOfRange)
  }

  @Test func aRunIsAFolderName() {
    for run in ["", ".", "..", "../x", "a/b", "a b", "a\n", String(repeating: "r", count: 256)] {
      var random = RandomValues(seed: 1)
      var plan = random.plan()
      plan.run = run
      #expect(code(plan) == .badText, "\(run)")
    }
  }

  @Test func aCommandHasWordsThatTheKernelTakes() {
    var random = RandomValues(seed: 1)
    var plan = random.plan()
    plan.arguments = []
    #expect(code(plan) == .missing)
    plan.arguments = ["python", "a\0b"]
    #expect(code(plan) == .badText)
    plan.arguments = ["python", String(repeating: "x", count: (128 << 10) + 1)]
    #expect(code(plan) == .badText)
    plan.arguments = ["python"]
    plan.environment = [EnvironmentEntry(name: "A=B", value: "")]
    #expect(code(plan) == .badText)
  }

  @Test func durationsAreNotNegative() {
    var random = RandomValues(seed: 1)
    var plan = random.plan()
    plan.grace = .seconds(-1)
    #expect(code(plan) == .outOfRange)
    plan.grace = .seconds(Int64.max)
    #expect(code(plan) == nil, "clamped to 292 years")
  }

  @Test func keysAreInZ85() {
    #expect(code(AgentMessage.join(publicKey: String(repeating: "a", count: 40), name: "n")) == nil)
    #expect(code(AgentMessage.join(publicKey: String(repeating: "a", count: 39), name: "n")) == .badText)
    #expect(code(AgentMessage.join(publicKey: String(repeating: "~", count: 40), name: "n")) == .badText)
  }

  @Test func logOffsetsCanBeNegated() {
    func request(_ offset: Int) -> CoordinatorBulkMessage {
      .logRequest(request: 1, LogRequest(attempt: attempt, stream: .error, offset: offset, limit: 1))
    }
    #expect(code(request(-4096)) == nil)
    #expect(code(request(.min)) == .outOfRange)
    #expect(code(request(.max)) == .outOfRange)
  }
}
