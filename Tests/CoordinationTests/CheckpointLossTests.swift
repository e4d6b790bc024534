import Testing
import TuningModel
import Wire

@testable import Coordination

/// An agent says that it does not have what it is asked for.
struct CheckpointLossTests {
  /// The farm at a moment at which the newest checkpoint of a paused trial is with the first host alone.
  private func farm() throws -> (farm: VirtualFarm, name: CheckpointName) {
    var specification = Sample.specification(trials: 20, max: 27)
    specification.checkpoints.store = .host
    var farm = try VirtualFarm(
      specification, agents: [VirtualFarm.Agent(key: "key-0", machine: "m", slots: 2, name: "host0")],
      curve: Sample.curve(seed: 1), speed: Sample.speed(seed: 1))
    farm.begin()
    while farm.step() {
      guard let trial = farm.coordinator.state.trials.first(where: { $0.status == .paused }),
        let seal = trial.seals.last
      else { continue }
      return (farm, CheckpointName(trial.id, seal.seal))
    }
    throw Missing()
  }

  private struct Missing: Error {}

  private func hello(_ farm: inout VirtualFarm, place: String) {
    let inventory = farm.agents[0].attempts.sorted { $0.key < $1.key }.map { name, attempt in
      AttemptInventory(
        attempt: name, slot: attempt.start.slot, milestone: attempt.milestone, phase: .running,
        lastSequence: attempt.log.count)
    }
    farm.say(
      .hello(
        AgentHello(
          hostname: "host", machineID: "m", bootID: "b", name: "host0", pid: 1, slots: 2, home: "/home",
          inventory: inventory, place: place)), from: 0)
  }

  @Test func whatIsGoneIsGivenUpAndTold() throws {
    var (farm, name) = try farm()
    farm.handle(.checkpointUnavailable(name, at: AgentID(0), "no such file"))
    #expect(farm.coordinator.state[name.trial]?.seals.isEmpty == true)
    #expect(
      farm.notes.last
        == "generation \(name.generation) of the checkpoint of trial \(name.trial) is gone from host0, the one host that "
        + "had it: no such file")
    farm.run()
    #expect(farm.outcome == .finished(RunEnd(reason: .trialsStarted)))
  }

  /// The agent's folder is another one now: what the one before holds, its answer says nothing of.
  @Test func theAnswerOfAnotherPlaceGivesNothingUp() throws {
    var (farm, name) = try farm()
    hello(&farm, place: "elsewhere")
    #expect(farm.coordinator.state[AgentID(0)]?.place?.name == "elsewhere")
    let before = farm.journal.count
    farm.handle(.checkpointUnavailable(name, at: AgentID(0), "no such file"))
    #expect(farm.coordinator.state[name.trial]?.seals.last?.seal.generation == name.generation)
    #expect(farm.journal.count == before)
    hello(&farm, place: "key-0")
    farm.handle(.checkpointUnavailable(name, at: AgentID(0), "no such file"))
    #expect(farm.coordinator.state[name.trial]?.seals.isEmpty == true)
  }

  /// One that is known to nobody, and a generation that is not known.
  @Test func strangeAnswersChangeNothing() throws {
    var (farm, name) = try farm()
    let before = farm.journal.count
    farm.handle(.checkpointUnavailable(name, at: AgentID(7), "no such file"))
    var other = name
    other.generation += 1
    farm.handle(.checkpointUnavailable(other, at: AgentID(0), "no such file"))
    #expect(farm.journal.count == before)
  }
}
