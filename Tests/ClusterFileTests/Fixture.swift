import ClusterFile
import Coordination
import Foundation

/// A folder with the code folder `digits`, made once; text is decoded as if it stood there.
enum Fixture {
  static let folder: String = {
    let url = FileManager.default.temporaryDirectory
      .appendingPathComponent("cluster-file-tests-\(ProcessInfo.processInfo.processIdentifier)")
    try? FileManager.default.createDirectory(
      at: url.appendingPathComponent("digits"), withIntermediateDirectories: true)
    atexit { try? FileManager.default.removeItem(atPath: Fixture.folder) }
    return url.path
  }()

  /// The example that every user meets first.
  static let example = """
    experiment:
      name: digits-mlp
      entry_point: .venv/bin/python train_digits.py    # hyperparameters are appended as --name value
      code: ./digits
      setup: python3 -m venv .venv && .venv/bin/pip install -r requirements.txt   # once per host and code hash
      env: {OMP_NUM_THREADS: "1"}
      config_space:
        lr: {type: loguniform, lower: 1.0e-5, upper: 1.0e-1}
        hidden: {type: lograndint, lower: 8, upper: 256}
        activation: {type: choice, values: [relu, tanh]}
        epochs: 81                                     # a constant is passed on
      metric: val_accuracy
      mode: max
      resource_attr: epoch
      metadata: {note: "first run"}
    scheduler: {name: pasha, searcher: random, max_t: 81, grace_period: 1, reduction_factor: 3, random_seed: 42}
    stop_criterion: {max_num_trials_started: 64, max_wallclock_time: 2h, at_limit: finish_promotions}
    cluster: local                                     # or {slots: 4}
    checkpoints: {store: host, keep_best: 3}

    """

  /// An example with hosts.
  static let farm = """
    experiment: {name: farm, entry_point: python3 train.py, config_space: {lr: {type: uniform, lower: 0, upper: 1}}, metric: x}
    scheduler: {max_t: 27}
    stop_criterion: {max_num_trials_started: 64}
    cluster:
      hosts:
        - gpu1
        - bob@gpu2.lab:2222
        - {host: "[fe80::1%eth0]:22", name: six, gpus: [0, GPU-3f2a, "1:0"], work_dir: /scratch}
        - {host: "box[01-16]", name: "b[01-16]", slots: 2, connect: tunnel}
        - local
      host_keys: accept-new
      gpus: idle
      gpus_per_trial: 2
      sandbox: {level: required, writable: [/data, ~/.cache]}
    checkpoints: {store: command, put: "cp a b", get: cp b a, quota: 20GiB}

    """

  static func decode(_ text: String) throws(ClusterFileError) -> ClusterFile {
    try ClusterFile.decode(text: text, fileName: "cluster.yml", baseDirectory: folder)
  }

  /// The mistakes, one a line; `ok` where there is none.
  static func mistakes(_ text: String) -> [String] {
    do {
      _ = try decode(text)
      return ["ok"]
    } catch {
      return error.problems.map(\.description)
    }
  }

  static func warnings(_ text: String) -> [String] {
    do {
      return try decode(text).warnings.map(\.description)
    } catch {
      return error.warnings.map(\.description)
    }
  }

  /// A file that is right but for what is given: lines of `experiment`, of `config_space`, and whole sections.
  static func file(
    experiment: String = "", space: String = "lr: {type: uniform, lower: 0, upper: 1}",
    scheduler: String = "scheduler: {max_t: 27}", stop: String = "stop_criterion: {max_num_trials_started: 9}",
    rest: String = ""
  ) -> String {
    let lines = ["experiment:", "  name: test", "  entry_point: python3 train.py", "  config_space:"]
    let spaceLines = space.split(separator: "\n").map { "    " + $0 }
    let experimentLines = experiment.split(separator: "\n").map { "  " + $0 }
    let metric = experiment.contains("metric:") ? [] : ["  metric: val_loss"]
    return (lines + spaceLines + metric + experimentLines + [scheduler, stop, rest].filter { !$0.isEmpty })
      .joined(separator: "\n") + "\n"
  }
}
