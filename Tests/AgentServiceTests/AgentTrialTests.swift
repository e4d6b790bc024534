import Foundation
import Messaging
import TestSupport
import Testing
import TuningModel
import Wire

/// Trials through a real agent, a real supervisor and a real shell.
@Suite(.serialized) struct AgentTrialTests {
  /// Counts epochs from where its checkpoint ends, saving before it reports.
  static let counting = """
    while [ $# -gt 0 ]; do [ "$1" = --st_checkpoint_dir ] && folder=$2; shift; done
    epoch=$(cat "$folder/epoch" 2>/dev/null || echo 0)
    while [ "$epoch" -lt ${LAST:-81} ]; do
      epoch=$((epoch + 1))
      echo "$epoch" > "$folder/epoch"
      echo "[tune-metric]: {\\"epoch\\": $epoch, \\"loss\\": 0.5}"
      sleep ${PACE:-0.02}
    done
    """

  func coordinator(last: Int = 81, pace: String = "0.02") throws -> StandInCoordinator {
    let coordinator = try StandInCoordinator()
    try coordinator.serve(["train.sh": Self.counting])
    coordinator.program.environment = [
      EnvironmentEntry(name: "LAST", value: "\(last)"), EnvironmentEntry(name: "PACE", value: pace),
    ]
    return coordinator
  }

  @Test func aTrialIsStartedReportsAndEndsAfterItsLastReport() throws {
    let coordinator = try coordinator(last: 5)
    let agent = try RealAgent.launched(by: coordinator)
    try coordinator.greet()
    coordinator.start(name(0))
    #expect(try coordinator.hearStarted(name(0)) > 1)
    let end = try coordinator.hearEnd(of: name(0))
    #expect(end.cause == .exited && end.exitStatus == 0 && end.lastSequence == 5)
    #expect(end.seal?.generation == 1 && end.seal?.coveredResource == 5)
    #expect(coordinator.epochs(name(0)) == [1, 2, 3, 4, 5])
    coordinator.say(.acknowledgeEnd(name(0)))
    coordinator.say(.dismiss)
    #expect(try agent.wait() == 0)
  }

  @Test func argumentsAndConfigurationArriveAsTheyAre() throws {
    let coordinator = try StandInCoordinator()
    try coordinator.serve([
      "train.sh": #"for word in "$@"; do printf '%s\n' "$word"; done > words; cat "$PASHA_CONFIG" > config; pwd > here"#
    ])
    let agent = try RealAgent.launched(by: coordinator)
    try coordinator.greet()
    coordinator.start(
      name(3),
      configuration: [
        .init("lr", .double(1e-05)), .init("text", .string("a b \"c\" $(rm) -x")), .init("dash", .string("-v")),
        .init("flag", .bool(true)), .init("n", .int(8)),
      ])
    let end = try coordinator.hearEnd(of: name(3))
    #expect(end.cause == .exited, "\(end)")
    let trial = try coordinator.home + "/trials/3"
    let words = try String(contentsOfFile: "\(trial)/work/words", encoding: .utf8)
    #expect(
      words == "--lr\n1e-05\n--text\na b \"c\" $(rm) -x\n--dash\n-v\n--flag\nTrue\n--n\n8\n--st_checkpoint_dir\n"
        + "\(trial)/checkpoints\n")
    let config = try String(contentsOfFile: "\(trial)/work/config", encoding: .utf8)
    #expect(config == #"{"lr": 1e-05, "text": "a b \"c\" $(rm) -x", "dash": "-v", "flag": true, "n": 8}"# + "\n")
    #expect(try String(contentsOfFile: "\(trial)/work/here", encoding: .utf8) == "\(trial)/work\n")
    try agent.kill9()
  }

  @Test func aTrialIsHeldGoesOnInPlaceAndIsPausedAndResumedFromItsSeal() throws {
    let coordinator = try coordinator()
    let agent = try RealAgent.launched(by: coordinator)
    try coordinator.greet()
    coordinator.start(name(0), milestone: 3)
    let pid = try coordinator.hearStarted(name(0))
    let resource = try coordinator.hear("a hold") {
      if case .held(name(0), let resource) = $0 { resource } else { nil }
    }
    #expect(resource >= 3)
    coordinator.say(.proceed(name(0), milestone: 9))
    let next = try coordinator.hear("a hold") { if case .held(name(0), let resource) = $0 { resource } else { nil } }
    #expect(next >= 9)
    #expect(kill(pid_t(pid), 0) == 0)
    coordinator.say(.pause(name(0)))
    let end = try coordinator.hearEnd(of: name(0))
    #expect(end.cause == .paused)
    let seal = try #require(end.seal)
    let covered = try #require(seal.coveredResource)
    coordinator.say(.acknowledgeEnd(name(0)))
    coordinator.start(name(0, 2), slot: 1, milestone: covered + 2, resumeFrom: seal.generation)
    _ = try coordinator.hearStarted(name(0, 2))
    try coordinator.wait("reports") { coordinator.epochs(name(0, 2)).isEmpty ? nil : true }
    #expect(coordinator.epochs(name(0, 2))[0] >= covered && coordinator.epochs(name(0, 2))[0] <= covered + 1)
    coordinator.say(.stop(name(0, 2)))
    #expect(try coordinator.hearEnd(of: name(0, 2)).cause == .stopped)
    try agent.kill9()
  }

  @Test func aKilledAgentIsFollowedByOneThatAdoptsItsTrialsWithoutAGap() throws {
    let coordinator = try coordinator(last: 60, pace: "0.05")
    let first = try RealAgent.launched(by: coordinator)
    try coordinator.greet()
    coordinator.start(name(0))
    let pid = try coordinator.hearStarted(name(0))
    try coordinator.wait("some reports") { coordinator.epochs(name(0)).count >= 5 ? true : nil }
    try first.kill9()
    let known = coordinator.reports[name(0)]?.last?.sequence ?? 0
    let second = try RealAgent.launched(by: coordinator)
    let hello = try coordinator.hearHello()
    #expect(hello.inventory.map(\.attempt) == [name(0)])
    #expect(hello.inventory.first.map { $0.lastSequence >= known } == true)
    coordinator.welcome([Verdict(attempt: name(0), action: .keep(afterSequence: known))])
    let end = try coordinator.hearEnd(of: name(0))
    #expect(end.cause == .exited && end.lastSequence == 60)
    #expect(coordinator.epochs(name(0)) == Array(1...60))
    #expect(kill(pid_t(pid), 0) != 0)
    coordinator.say(.acknowledgeEnd(name(0)))
    coordinator.say(.dismiss)
    #expect(try second.wait() == 0)
  }

  @Test func anEndThatNobodyAcknowledgedIsToldByTheNextAgentAndAnAcknowledgedOneIsNot() throws {
    let coordinator = try coordinator(last: 3)
    let first = try RealAgent.launched(by: coordinator)
    try coordinator.greet()
    coordinator.start(name(0), slot: 0)
    coordinator.start(name(1), slot: 1)
    _ = try coordinator.hearEnd(of: name(0))
    _ = try coordinator.hearEnd(of: name(1))
    coordinator.say(.acknowledgeEnd(name(0)))
    let marker = try coordinator.home + "/trials/0/attempts/1/acknowledged"
    try coordinator.wait("the marker") { FileManager.default.fileExists(atPath: marker) ? true : nil }
    try first.kill9()
    let second = try RealAgent.launched(by: coordinator)
    let hello = try coordinator.hearHello()
    #expect(hello.inventory.map(\.attempt) == [name(1)])
    coordinator.welcome([Verdict(attempt: name(1), action: .keep(afterSequence: 3))])
    #expect(try coordinator.hearEnd(of: name(1)).lastSequence == 3)
    // Fencing survives the agent.
    coordinator.start(name(0))
    #expect(try coordinator.hearRefusal(of: name(0)).code == .staleAttempt)
    try second.kill9()
  }

  @Test func whatKilledAgentAndSupervisorLeaveIsEndedBeforeTheSlotIsUsedAgain() throws {
    let coordinator = try coordinator(pace: "0.05")
    let first = try RealAgent.launched(by: coordinator, slots: 1)
    try coordinator.greet()
    coordinator.start(name(0))
    let pid = try coordinator.hearStarted(name(0))
    try coordinator.wait("a report") { coordinator.epochs(name(0)).isEmpty ? nil : true }
    let bytes = try #require(
      FileManager.default.contents(atPath: try coordinator.home + "/trials/0/attempts/1/process"))
    let record = try ProcessRecord(decoding: Array(bytes))
    first.signal(SIGKILL)
    kill(pid_t(record.supervisorPID), SIGKILL)
    _ = try first.wait()
    let second = try RealAgent.launched(by: coordinator, slots: 1)
    let hello = try coordinator.hearHello()
    #expect(hello.inventory.map(\.attempt) == [name(0)])
    coordinator.welcome([Verdict(attempt: name(0), action: .keep(afterSequence: 0))])
    let end = try coordinator.hearEnd(of: name(0))
    #expect(end.cause == .hostFault)
    try eventually("the end of the trial's process") { kill(pid_t(pid), 0) != 0 }
    coordinator.say(.acknowledgeEnd(name(0)))
    coordinator.start(name(0, 2))
    _ = try coordinator.hearStarted(name(0, 2))
    coordinator.say(.stop(name(0, 2)))
    _ = try coordinator.hearEnd(of: name(0, 2))
    try second.kill9()
  }

  @Test func aSupervisorThatIsKilledUnderALivingAgentIsAHostFault() throws {
    let coordinator = try coordinator(pace: "0.05")
    let agent = try RealAgent.launched(by: coordinator, slots: 1)
    try coordinator.greet()
    coordinator.start(name(0))
    _ = try coordinator.hearStarted(name(0))
    let bytes = try #require(
      FileManager.default.contents(atPath: try coordinator.home + "/trials/0/attempts/1/process"))
    kill(pid_t(try ProcessRecord(decoding: Array(bytes)).supervisorPID), SIGKILL)
    #expect(try coordinator.hearEnd(of: name(0)).cause == .hostFault)
    try agent.kill9()
  }

  @Test func aTrialGoesOnWhileTheCoordinatorIsAwayAndNoReportIsLost() throws {
    let coordinator = try coordinator(last: 60, pace: "0.02")
    let agent = try RealAgent.launched(by: coordinator)
    try coordinator.greet()
    coordinator.start(name(0))
    try coordinator.wait("some reports") { coordinator.epochs(name(0)).count >= 3 ? true : nil }
    try coordinator.restart(after: .milliseconds(500))
    let hello = try coordinator.hearHello()
    // The journal holds less than was said.
    let known = 2
    #expect(hello.inventory.first.map { $0.lastSequence > known } == true)
    let before = coordinator.reports[name(0)]?.count ?? 0
    coordinator.welcome([Verdict(attempt: name(0), action: .keep(afterSequence: known))])
    let end = try coordinator.hearEnd(of: name(0))
    let after = (coordinator.reports[name(0)] ?? []).dropFirst(before).map(\.sequence)
    #expect(Array(after) == Array(known + 1...end.lastSequence))
    #expect(end.lastSequence == 60)
    try agent.kill9()
  }

  @Test func aFloodOfReportsArrivesWholeAndInOrder() throws {
    let coordinator = try StandInCoordinator()
    let count = 100_000
    try coordinator.serve([
      "train.sh": """
      head -c 20000000 /dev/zero | tr '\\0' x
      echo
      awk 'BEGIN { for (i = 1; i <= \(count); i++) printf "[tune-metric]: {\\"epoch\\": %d, \\"loss\\": 0.5}\\n", i }'
      printf '[tune-metric]: {"epoch": 9'
      """
    ])
    let agent = try RealAgent.launched(by: coordinator)
    try coordinator.greet()
    coordinator.program.holdsAtMilestone = false
    coordinator.start(name(0), milestone: count, maximum: count)
    let end = try coordinator.hearEnd(of: name(0))
    #expect(end.lastSequence == count && end.cause == .exited)
    #expect(coordinator.reports[name(0)]?.map(\.sequence) == Array(1...count))
    try agent.kill9()
  }

  @Test func refusalsNameWhatIsMissing() throws {
    let coordinator = try StandInCoordinator(entryPoint: ["no-such-program", "x"])
    let agent = try RealAgent.launched(by: coordinator, slots: 1)
    try coordinator.greet()
    coordinator.start(name(0))
    let refusal = try coordinator.hearRefusal(of: name(0))
    #expect(refusal.code == .noSuchProgram && refusal.detail.contains("no-such-program"))
    coordinator.start(name(1), slot: 1)
    #expect(try coordinator.hearRefusal(of: name(1)).code == .noSuchSlot)
    coordinator.start(name(2), resumeFrom: 7)
    #expect(try coordinator.hearRefusal(of: name(2)).code == .checkpointMissing)
    try agent.kill9()
  }

  @Test func logsAreReadOnRequestAndCheckpointsDeleted() throws {
    let coordinator = try StandInCoordinator()
    try coordinator.serve(["train.sh": "echo out; echo trouble >&2; echo 1 > ../checkpoints/x; exit 3"])
    let agent = try RealAgent.launched(by: coordinator)
    try coordinator.greet()
    coordinator.start(name(0))
    let end = try coordinator.hearEnd(of: name(0))
    #expect(end.cause == .failed && end.exitStatus == 3 && end.errorTail.contains("trouble"))
    try coordinator.wait("the bulk connection") { coordinator.bulkPeer }
    coordinator.ask(1, LogRequest(attempt: name(0), stream: .output, offset: 0, limit: 100))
    coordinator.ask(2, LogRequest(attempt: name(0), stream: .error, offset: -4, limit: 100))
    coordinator.ask(3, LogRequest(attempt: name(9), stream: .error, offset: 0, limit: 100))
    try coordinator.wait("the logs") { coordinator.logChunks.count == 3 ? true : nil }
    #expect(coordinator.logChunks[1] == LogChunk(offset: 0, bytes: Array("out\n".utf8), size: 4))
    #expect(coordinator.logChunks[2].map { String(decoding: $0.bytes, as: UTF8.self) } == "ble\n")
    #expect(coordinator.logChunks[3]?.failure != nil)
    let seal = try coordinator.home + "/trials/0/seals/1.seal"
    #expect(FileManager.default.fileExists(atPath: seal) == (end.seal != nil))
    coordinator.say(.deleteCheckpoints(TrialID(0), keeping: []))
    try coordinator.hear("the deletion") { if case .checkpointsDeleted(TrialID(0)) = $0 { true } else { nil } }
    #expect(!FileManager.default.fileExists(atPath: seal))
    try agent.kill9()
  }
}
