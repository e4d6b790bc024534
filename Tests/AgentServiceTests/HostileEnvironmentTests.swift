import Foundation
import TestSupport
import Testing
import TuningModel
import Wire

/// What stands in the agent's own environment, for whatever reason, reaches neither trials nor the setup of the code.
struct HostileEnvironmentTests {
  private static let environment = [
    "LD_PRELOAD": "/no/such.so", "LD_AUDIT": "/no/such.so", "LD_LIBRARY_PATH": "/no/such", "BASH_ENV": "/no/such.sh",
    "ENV": "/no/such.sh", "PYTHONSTARTUP": "/no/such.py", "PYTHONHOME": "/no/such", "CUDA_VISIBLE_DEVICES": "7,8",
    "NVIDIA_VISIBLE_DEVICES": "all", "PASHA_CHANNEL": "0", "PASHA_TRIAL_ID": "77", "PASHA_TRIAL_ATTEMPT": "88",
    "PASHA_RUN": "another", "PASHA_CHECKPOINT_DIR": "/etc", "PASHA_MILESTONE": "99", "PASHA_CONFIG": "/etc/passwd",
    "PASHA_RESOURCE_ATTR": "other", "PASHA_MAX_RESOURCE": "1", "SECRET_TOKEN": "do-not-pass-on",
  ]

  private func variables(_ text: String?) throws -> [String: String] {
    let lines = try #require(text).split(separator: "\n").map { $0.split(separator: "=", maxSplits: 1) }
    return Dictionary(lines.map { (String($0[0]), $0.count > 1 ? String($0[1]) : "") }) { first, _ in first }
  }

  @Test func itsOwnVariablesReachNoTrial() throws {
    let coordinator = try StandInCoordinator()
    coordinator.program.setup = "env > setup-environment"
    try coordinator.serve([
      "train.sh": #"env > environment; cat setup-environment > setup; echo '[tune-metric]: {"epoch": 1, "loss": 1}'"#
    ])
    let agent = try RealAgent.launched(by: coordinator, environment: Self.environment)
    try coordinator.greet()
    coordinator.start(name(0), milestone: 3, maximum: 9)
    let end = try coordinator.hearEnd(of: name(0))
    #expect(end.cause == .exited && end.lastSequence == 1, "\(end)")
    let work = "\(try coordinator.home)/trials/0/work"
    let trial = try variables(try String(contentsOfFile: "\(work)/environment", encoding: .utf8))
    let setup = try variables(try String(contentsOfFile: "\(work)/setup", encoding: .utf8))
    for variable in [
      "LD_PRELOAD", "LD_AUDIT", "LD_LIBRARY_PATH", "BASH_ENV", "ENV", "PYTHONSTARTUP", "PYTHONHOME",
      "NVIDIA_VISIBLE_DEVICES", "SECRET_TOKEN",
    ] {
      #expect(trial[variable] == nil && setup[variable] == nil, "\(variable)")
    }
    #expect(!setup.keys.contains { $0.hasPrefix("PASHA_") }, "\(setup)")
    #expect(trial["PASHA_RUN"] == coordinator.run)
    #expect(trial["PASHA_TRIAL_ID"] == "0" && trial["PASHA_TRIAL_ATTEMPT"] == "1")
    #expect(trial["PASHA_MILESTONE"] == "3" && trial["PASHA_MAX_RESOURCE"] == "9")
    #expect(trial["PASHA_RESOURCE_ATTR"] == "epoch" && trial["PASHA_CHANNEL"] != "0")
    #expect(trial["PASHA_CHECKPOINT_DIR"]?.hasPrefix(coordinator.work.path) == true)
    #expect(trial["PASHA_CONFIG"]?.hasPrefix(coordinator.work.path) == true)
    // The user's own choice of devices, where the cluster file asks for none.
    #expect(trial["CUDA_VISIBLE_DEVICES"] == "7,8")
    try agent.kill9()
  }
}
