import Testing
import TuningModel
import Wire

/// What is encoded is what is decoded, for every kind of message.
@Suite struct CodecRoundTripTests {
  private let rounds = 60

  private func expectRoundTrip<Value: WireCodable & Equatable>(
    _ kinds: Int = 1, _ make: (inout RandomValues, Int) -> Value
  ) throws {
    var random = RandomValues(seed: 7)
    for index in 0..<(rounds * kinds) {
      let value = make(&random, index % kinds)
      let bytes = value.encoded()
      #expect(try Value(decoding: bytes) == value)
      #expect(try Value(decoding: ([0] + bytes).dropFirst()) == value, "a slice does as well")
    }
  }

  @Test func agentMessages() throws {
    try expectRoundTrip(RandomValues.agentMessageKinds) { $0.agentMessage($1) }
  }
  @Test func coordinatorMessages() throws {
    try expectRoundTrip(RandomValues.coordinatorMessageKinds) { $0.coordinatorMessage($1) }
  }
  @Test func agentBulkMessages() throws {
    try expectRoundTrip(RandomValues.agentBulkMessageKinds) { $0.agentBulkMessage($1) }
  }
  @Test func coordinatorBulkMessages() throws {
    try expectRoundTrip(RandomValues.coordinatorBulkMessageKinds) { $0.coordinatorBulkMessage($1) }
  }
  @Test func supervisorCommands() throws {
    try expectRoundTrip(RandomValues.supervisorCommandKinds) { $0.supervisorCommand($1) }
  }
  @Test func supervisorEvents() throws {
    try expectRoundTrip(RandomValues.supervisorEventKinds) { $0.supervisorEvent($1) }
  }
  @Test func boundsOfProcesses() throws {
    for most in [
      SandboxPlan.processRange.lowerBound, SandboxPlan.defaultProcesses, SandboxPlan.processRange.upperBound,
    ] {
      try expectRoundTrip { random, _ in
        var plan = random.plan()
        plan.sandbox.mostProcesses = most
        return plan
      }
    }
    var random = RandomValues(seed: 7)
    var plan = random.plan()
    plan.sandbox.mostProcesses = 3
    #expect(throws: WireError.self) { try AttemptPlan(decoding: plan.encoded()) }
  }
  @Test func attemptPlans() throws { try expectRoundTrip { random, _ in random.plan() } }
  @Test func processRecords() throws { try expectRoundTrip { random, _ in random.processRecord() } }
  @Test func attemptEnds() throws { try expectRoundTrip { random, _ in random.end() } }
  @Test func seals() throws { try expectRoundTrip { random, _ in random.seal() } }
  @Test func treeManifests() throws { try expectRoundTrip { random, _ in random.tree() } }

  @Test func doublesKeepTheirBits() throws {
    for value in [Double.nan, -.nan, .signalingNaN, .infinity, -.infinity, -0.0, .pi, .leastNonzeroMagnitude] {
      let report = TrialReport(
        sequence: 1, readAt: Timestamp(microseconds: 1), fields: [JSONValue.Member("loss", .double(value))])
      let sent = AgentMessage.reports(TrialAttempt(TrialID(0), .first), [report])
      guard case .reports(_, let reports) = try AgentMessage(decoding: sent.encoded()),
        case .double(let received) = reports.first?.fields.first?.value
      else {
        Issue.record("not a report with a double")
        return
      }
      #expect(received.bitPattern == value.bitPattern)
    }
  }

  @Test func numbersThatAreNotFinitePassWithinNestedValues() throws {
    let nested = JSONValue.array([.double(.infinity), .object([JSONValue.Member("x", .double(-.infinity))])])
    let sent = AgentMessage.reports(
      TrialAttempt(TrialID(0), .first),
      [TrialReport(sequence: 1, readAt: Timestamp(microseconds: 1), fields: [JSONValue.Member("v", nested)])])
    #expect(try AgentMessage(decoding: sent.encoded()) == sent)
  }

  @Test func textForPeopleIsCutRatherThanRefused() throws {
    let long = String(repeating: "日", count: 100_000)
    let attempt = TrialAttempt(TrialID(0), .first)
    let ended = AgentMessage.ended(
      attempt, AttemptEnd(cause: .failed, exitStatus: 1, lastSequence: 0, errorTail: long + "the end"))
    guard case .ended(_, let end) = try AgentMessage(decoding: ended.encoded()) else {
      Issue.record("not an end")
      return
    }
    #expect(end.errorTail.hasSuffix("日the end"))
    #expect(end.errorTail.utf8.count <= WireLimits.maximumTailBytes)

    let refused = AgentMessage.refused(attempt, StartRefusal(code: .hostFault, detail: "at first" + long))
    guard case .refused(_, let refusal) = try AgentMessage(decoding: refused.encoded()) else {
      Issue.record("not a refusal")
      return
    }
    #expect(refusal.detail.hasPrefix("at first日"))
    #expect(refusal.detail.hasSuffix("日"))
    #expect(refusal.detail.utf8.count <= WireLimits.maximumDetailBytes)
  }
}
