import Foundation
import TestSupport
import Testing

/// What a trial is started with.
struct StartTests {
  private func told(_ trial: Trial) throws -> [String: Any] {
    let folder = try #require(trial.checkpoint, "\(trial)")
    let data = try Data(contentsOf: URL(fileURLWithPath: folder + "/told.json"))
    return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
  }

  /// The interpreter itself: what is called `python3` may be a shell script that sets variables of its own.
  private func interpreter() throws -> String {
    let asking = try CommandProcess("/usr/bin/env", ["python3", "-c", "import sys; print(sys.executable)"])
    try #require(try asking.wait(limit: 30) == 0)
    return asking.output.trimmingCharacters(in: .whitespacesAndNewlines)
  }

  @Test func argumentsArriveAsTheyAre() throws {
    let awkward = [
      "two words", "a \"double\" and a 'single' quote", "-x", "--lr=7", "line\nbreak", "$(touch injected)", "; exit 3",
      "`id` && *", "ünï→cödé", "back\\slash", "",
    ]
    let quoted = try awkward.map { text in
      // Swift's JSON is YAML as well.
      String(
        decoding: try JSONSerialization.data(
          withJSONObject: text, options: [.fragmentsAllowed, .withoutEscapingSlashes]), as: UTF8.self)
    }
    let run = try ScriptRun(
      "words", "tells_all.py",
      space: [
        "text: {type: choice, values: [\(quoted.joined(separator: ", "))]}", "epochs: 1", "flag: true", "rate: 1.0e-5",
        "note: '-- $HOME \"quoted\"'",
      ],
      scheduler: "{name: asha, max_t: 9, grace_period: 3, random_seed: 3}",
      points: "[" + quoted.map { "{text: \($0)}" }.joined(separator: ", ") + "]", trials: awkward.count)
    let end = try run.finish()
    #expect(end.status == 0, "\(end.text)")
    let trials = try run.trials()
    #expect(trials.count == awkward.count)
    for (trial, text) in zip(trials, awkward) {
      let told = try told(trial)
      let words = try #require(told["words"] as? [String])
      #expect(words.count == 12)
      #expect(
        Array(words.prefix(11)) == [
          "--text", text, "--epochs", "1", "--flag", "True", "--rate", "1e-05", "--note", "-- $HOME \"quoted\"",
          "--st_checkpoint_dir",
        ])
      let config = try #require(told["config"] as? [String: Any])
      #expect(config["text"] as? String == text)
      #expect(config["epochs"] as? Int == 1 && config["flag"] as? Bool == true && config["rate"] as? Double == 1e-5)
      #expect(config["note"] as? String == "-- $HOME \"quoted\"")
      #expect(trial.config["text"] as? String == text)
      #expect(told["input"] as? String == "")
    }
    // Syne Tune's columns hold them too.
    #expect(Set(try run.reports().compactMap { $0["config_text"] }) == Set(awkward))
    try run.expectNothingLeft()
  }

  @Test func theEnvironmentIsTheFilesAndNotTheCallers() throws {
    let run = try ScriptRun(
      "environment", "\(try interpreter()) \(scripts)/tells_all.py",
      space: ["lr: {type: uniform, lower: 0, upper: 1}", "epochs: 1"],
      experiment: ["env: {DATA_ROOT: '/data with space', OMP_NUM_THREADS: '3', PYTHONPATH: /own/modules}"],
      scheduler: "{name: asha, max_t: 9, grace_period: 3}", trials: 1)
    let end = try run.finish(environment: [
      "AWS_SECRET_ACCESS_KEY": "do-not-pass-on", "LD_PRELOAD_NOT": "x", "PYTHONSTARTUP": "/nowhere", "LANG": "C.UTF-8",
      "PASHA_MILESTONE": "77", "CUDA_VISIBLE_DEVICES": "1,2",
    ])
    #expect(end.status == 0, "\(end.text)")
    let trial = try #require(try run.trials().first)
    let told = try told(trial)
    let environment = try #require(told["environment"] as? [String: String])
    let known: Set = [
      "PASHA_RUN", "PASHA_TRIAL_ID", "PASHA_TRIAL_ATTEMPT", "PASHA_CHECKPOINT_DIR", "PASHA_CONFIG", "PASHA_MILESTONE",
      "PASHA_RESOURCE_ATTR", "PASHA_MAX_RESOURCE", "PASHA_CHANNEL", "PYTHONPATH", "OMP_NUM_THREADS", "TMPDIR", "HOME",
      "USER", "LOGNAME", "PATH", "LANG", "LC_ALL", "TZ", "CUDA_VISIBLE_DEVICES", "DATA_ROOT",
      // Python sets this one itself in the C locale.
      "LC_CTYPE",
    ]
    #expect(Set(environment.keys).subtracting(known).isEmpty, "\(Set(environment.keys).subtracting(known))")
    #expect(!environment.values.contains { $0.contains("do-not-pass-on") })
    #expect(environment["DATA_ROOT"] == "/data with space")
    #expect(environment["OMP_NUM_THREADS"] == "3")
    #expect(environment["PYTHONPATH"]?.hasSuffix(":/own/modules") == true)
    #expect(environment["PASHA_MILESTONE"] == "3" && environment["PASHA_MAX_RESOURCE"] == "9")
    #expect(environment["PASHA_TRIAL_ID"] == "0" && environment["PASHA_TRIAL_ATTEMPT"] == "1")
    #expect(environment["PASHA_RESOURCE_ATTR"] == "epoch")
    #expect(environment["CUDA_VISIBLE_DEVICES"] == "1,2" && environment["LANG"] == "C.UTF-8")
    #expect(environment["HOME"] == run.place.folder.file("home"))
    let name = try run.place.runFolder()
    #expect(environment["PASHA_RUN"].map { name.hasSuffix("/\($0)") } == true)
    try run.expectNothingLeft()
  }

  @Test func theCodeIsACopyByContentWithoutWhatIsIgnored() throws {
    let run = try ScriptRun(
      "code", "python3 train.py", space: ["lr: {type: uniform, lower: 0, upper: 1}", "epochs: 9"],
      experiment: ["code: ./code"], scheduler: "{name: asha, max_t: 9, grace_period: 3}", trials: 6, slots: 1)
    let folder = run.place.folder
    let tells = try String(contentsOfFile: scripts + "/tells_all.py", encoding: .utf8)
    try folder.write(
      "code/train.py",
      "import sys\nsys.path.insert(0, '.')\nimport version\n"
        + tells.replacingOccurrences(of: "0.5}'", with: "' + str(version.NUMBER) + '}'"))
    try folder.write("code/version.py", "import time\ntime.sleep(0.3)\nNUMBER = 1\n")
    try folder.write("code/data/kept.txt", "kept\n")
    try folder.write("code/data/large.bin", "left out\n")
    try folder.write("code/notes.txt", "left out\n")
    try folder.write("code/.git/config", "left out\n")
    try folder.write("code/.pashaignore", "*.bin\nnotes.txt\n")
    let command = try run.start()
    try eventually("the first trial to start") { (try? run.trials())?.isEmpty == false }
    try folder.write("code/version.py", "NUMBER = 2\n")
    try FileManager.default.removeItem(atPath: folder.file("code/data"))
    #expect(try command.wait() == 0, "\(command.output)\(command.errors)")
    let trials = try run.trials()
    #expect(trials.count == 6)
    for trial in trials {
      #expect(trial.best == 1, "the edit changes nothing in the run")
      let files = try #require(try told(trial)["files"] as? [String])
      #expect(files.contains("data/kept.txt") && files.contains("train.py"), "\(files)")
      #expect(!files.contains { $0.hasSuffix(".bin") || $0.hasSuffix("notes.txt") || $0.hasPrefix(".git/") })
      #expect(try told(trial)["cwd"] as? String != folder.file("code"))
    }

    let again = try run.start()
    #expect(try again.wait() == 0, "\(again.output)\(again.errors)")
    #expect(try run.trials().allSatisfy { $0.best == 2 }, "a new run has the new code")
    let hashes = try FileManager.default.contentsOfDirectory(atPath: folder.file("state/runs")).map { name in
      try FileManager.default.contentsOfDirectory(atPath: folder.file("state/runs/\(name)/code"))
        .filter { !$0.hasSuffix(".manifest") }
    }
    #expect(hashes.count == 2 && hashes[0] != hashes[1] && hashes.allSatisfy { $0.count == 1 }, "\(hashes)")
    try run.expectNothingLeft()
  }
}
