import Foundation
import HostSystem
import Messaging
import TestSupport
import Testing
import TuningModel
import Wire

@testable import AgentService

/// How agents begin and end: launched, by token, rejected, dismissed, terminated.
@Suite(.serialized) struct AgentStartTests {
  func token(_ coordinator: StandInCoordinator, key: CurveKeyPair) -> JoinToken {
    JoinToken(
      run: coordinator.run, host: "127.0.0.1", controlPort: UInt16(coordinator.listener.control.port),
      bulkPort: UInt16(coordinator.listener.bulk.port), serverKey: coordinator.keys.publicKey.text,
      joinSecretKey: key.secretText)
  }

  func byHand(_ coordinator: StandInCoordinator, _ more: [String] = []) throws -> RealAgent {
    try RealAgent(
      [
        "--connect", "127.0.0.1:\(coordinator.listener.control.port)", "--slots", "1", "--work-dir",
        coordinator.work.file("farm"),
      ] + more, in: coordinator.work)
  }

  @Test func anAgentJoinsWithATokenAndComesBackWithoutOne() throws {
    let coordinator = try StandInCoordinator()
    let oneTime = try CurveKeyPair.generate()
    coordinator.list.admit(oneTime.publicKey, as: .join)
    let first = try RealAgent(
      ["--name", "desk", "--slots", "1", "--work-dir", coordinator.work.file("farm")], in: coordinator.work)
    try first.write(token(coordinator, key: oneTime).text)
    let join = try coordinator.wait("a join") { coordinator.joins.first }
    let key = try #require(CurvePublicKey(join.publicKey))
    coordinator.list.admit(key, as: .agent)
    _ = coordinator.listener.control.send(CoordinatorMessage.joined.encoded(), to: join.peer)
    let hello = try coordinator.greet()
    #expect(hello.name == "desk" && hello.slots == 1)
    #expect(coordinator.peer?.key == key)
    coordinator.list.remove(oneTime.publicKey)
    first.signal(SIGTERM)
    #expect(try first.wait() == 143)

    let second = try byHand(coordinator)
    second.closeInput()
    try coordinator.greet()
    #expect(coordinator.peer?.key == key)
    try second.kill9()

    // A token that was used up is of no use to a third, whose place is another.
    let third = try byHand(coordinator)
    third.closeInput()
    _ = try coordinator.hearHello()
    let fourth = try byHand(coordinator)
    try fourth.write(token(coordinator, key: oneTime).text)
    #expect(try fourth.wait() == 65)
    #expect(fourth.errorText.contains("pasha-coord invite \(coordinator.run)"))
    try third.kill9()
  }

  @Test func aLaunchedAgentHasTheSameKeyAtEachStartAndKeepsItOnNoDisk() throws {
    let coordinator = try StandInCoordinator()
    var keys: [CurvePublicKey] = []
    for seed in ["one seed", "one seed", "another"] {
      let agent = try RealAgent.launched(by: coordinator, keySeed: seed)
      try coordinator.greet()
      keys.append(try #require(coordinator.peer?.key))
      try agent.kill9()
    }
    #expect(keys[0] == keys[1])
    #expect(keys[0] != keys[2])
    let farm = coordinator.work.file("farm")
    let machine = try #require(try Folders.list(farm).first?.name)
    let home = "\(farm)/\(machine)/\(coordinator.run)"
    let place = try Files.readText("\(home)/place", limit: 64).prefix { !$0.isNewline }
    let pair = try AgentHome.keys(seed: "one seed", machine: machine, place: String(place), index: 0)
    #expect(pair.publicKey == keys[0])
    #expect(!Files.exists("\(home)/agent-0/key"))
    for name in try FileManager.default.subpathsOfDirectory(atPath: farm) {
      let bytes = FileManager.default.contents(atPath: "\(farm)/\(name)") ?? Data()
      for secret in [pair.secretText, "one seed"] { #expect(bytes.range(of: Data(secret.utf8)) == nil, "\(name)") }
    }
  }

  @Test func badTokensAreToldApart() throws {
    let coordinator = try StandInCoordinator()
    let text = token(coordinator, key: try .generate()).text
    for (given, words) in [
      (String(text.dropLast(3)), "checksum"), ("hello", "pasha1:"), ("", "never joined"),
    ] {
      let agent = try byHand(coordinator)
      try agent.write(given)
      agent.closeInput()
      #expect(try agent.wait() == 65)
      #expect(agent.errorText.contains(words), "\(agent.errorText)")
    }
    let file = try coordinator.work.write("token", "pasha1:abc\n")
    let agent = try byHand(coordinator, ["--token-file", file])
    #expect(try agent.wait() == 65)
  }

  @Test func wrongArgumentsAreExplained() throws {
    let folder = TemporaryFolder()
    for (arguments, words) in [
      ([], "--connect"), (["--connect", "host:0"], "1…65535"), (["--connect", "h", "--slots", "0"], "--slots"),
      (["--launched", "--slots", "2"], "--launched"), (["--conect", "h"], "--connect"), (["supervise"], "<plan>"),
    ] {
      let agent = try RealAgent(arguments, in: folder)
      agent.closeInput()
      #expect(try agent.wait() == 64)
      #expect(agent.errorText.contains(words), "\(agent.errorText)")
    }
    let version = try RealAgent(["--version"], in: folder)
    #expect(try version.readLine() == PashaVersion.current)
  }

  @Test func aWorkFolderThatCannotBeMadeIsNamed() throws {
    let coordinator = try StandInCoordinator()
    let file = try coordinator.work.write("file", "")
    let agent = try RealAgent(["--launched"], in: coordinator.work)
    try agent.write(#"{"run":"r","slots":1,"name":"n","work_dir":"\#(file)"}"#)
    #expect(try agent.readLine().contains(file))
    #expect(try agent.wait() == 73)
  }

  @Test func aLauncherThatTalksNonsenseOrDiesEndsTheAgent() throws {
    let folder = TemporaryFolder()
    for line in ["nonsense", "{}", #"{"run":"../up","slots":1}"#, #"{"run":"r","slots":0}"#] {
      let agent = try RealAgent(["--launched"], in: folder)
      try agent.write(line)
      #expect(try agent.readLine().contains("\"error\""))
      #expect(try agent.wait() != 0)
    }
    let agent = try RealAgent(["--launched"], in: folder)
    agent.closeInput()
    #expect(try agent.wait() != 0)
  }

  @Test func aRejectedHelloEndsTheAgentWithItsCode() throws {
    for (code, status) in [(RejectionCode.protocolMismatch, Int32(76)), (.notAdmitted, 77), (.runFinished, 0)] {
      let coordinator = try StandInCoordinator()
      let agent = try RealAgent.launched(by: coordinator)
      _ = try coordinator.hearHello()
      coordinator.say(.rejected(code: code, message: "protocol 1 here, 2 there"))
      #expect(try agent.wait() == status)
    }
  }

  @Test func aTerminatedAgentLeavesItsTrialsToTheNextOne() throws {
    let coordinator = try StandInCoordinator()
    try coordinator.serve(["train.sh": "sleep 1000"])
    let first = try RealAgent.launched(by: coordinator)
    try coordinator.greet()
    coordinator.start(name(0))
    let pid = try coordinator.hearStarted(name(0))
    first.signal(SIGTERM)
    #expect(try first.wait() == 143)
    #expect(kill(pid_t(pid), 0) == 0)
    let second = try RealAgent.launched(by: coordinator)
    let hello = try coordinator.hearHello()
    #expect(hello.inventory.map(\.attempt) == [name(0)])
    coordinator.welcome([Verdict(attempt: name(0), action: .end)])
    try eventually("the end of the trial") { kill(pid_t(pid), 0) != 0 }
    try second.kill9()
  }

  @Test func anInterruptedAgentPausesItsTrialsFirst() throws {
    let coordinator = try StandInCoordinator()
    try coordinator.serve(["train.sh": "sleep 1000"])
    let agent = try RealAgent.launched(by: coordinator)
    try coordinator.greet()
    coordinator.start(name(0))
    let pid = try coordinator.hearStarted(name(0))
    agent.signal(SIGINT)
    #expect(try coordinator.hearHello().slots == 0)
    coordinator.welcome([Verdict(attempt: name(0), action: .keep(afterSequence: 0))])
    #expect(try coordinator.hearEnd(of: name(0)).cause == .paused)
    coordinator.say(.acknowledgeEnd(name(0)))
    #expect(try agent.wait() == 130)
    #expect(kill(pid_t(pid), 0) != 0)
  }

  @Test func aLeaseThatRunsOutEndsTheTrialWithoutTheAgent() throws {
    let coordinator = try StandInCoordinator()
    coordinator.lease = .seconds(4)
    coordinator.program.grace = .seconds(1)
    try coordinator.serve(["train.sh": "sleep 1000"])
    let agent = try RealAgent.launched(by: coordinator)
    try coordinator.greet()
    coordinator.start(name(0))
    let pid = try coordinator.hearStarted(name(0))
    agent.signal(SIGSTOP)
    try eventually("the end of the trial", within: .seconds(30)) { kill(pid_t(pid), 0) != 0 }
    agent.signal(SIGCONT)
    let end = try coordinator.hearEnd(of: name(0))
    #expect(end.cause == .leaseExpired, "\(end)")
    try agent.kill9()
  }

  @Test func twoAgentsOnOneMachineHavePlacesAndTrialsOfTheirOwn() throws {
    let coordinator = try StandInCoordinator()
    try coordinator.serve(["train.sh": "sleep 1000"])
    let first = try RealAgent.launched(by: coordinator, slots: 1)
    try coordinator.greet()
    let firstPeer = coordinator.peer
    let second = try RealAgent.launched(by: coordinator, slots: 1)
    try coordinator.greet()
    let secondPeer = coordinator.peer
    #expect(secondPeer?.key != firstPeer?.key)
    // Slot 0 of the one is not slot 0 of the other.
    coordinator.start(name(1))
    _ = try coordinator.hearStarted(name(1))
    coordinator.peer = firstPeer
    coordinator.start(name(0))
    _ = try coordinator.hearStarted(name(0))
    // The attempt that the first one has is fenced by its folder.
    coordinator.peer = secondPeer
    coordinator.say(.stop(name(1)))
    _ = try coordinator.hearEnd(of: name(1))
    coordinator.start(name(0))
    #expect(try coordinator.hearRefusal(of: name(0)).code == .staleAttempt)
    // Nor does the next process of the second place take it for its own.
    try second.kill9()
    let third = try RealAgent.launched(by: coordinator, slots: 1)
    let hello = try coordinator.greet([Verdict(attempt: name(1), action: .end)])
    #expect(coordinator.peer?.key == secondPeer?.key)
    #expect(hello.inventory.map(\.attempt) == [name(1)])
    try third.kill9()
    coordinator.peer = firstPeer
    coordinator.say(.stop(name(0)))
    _ = try coordinator.hearEnd(of: name(0))
    try first.kill9()
  }
}
