import Foundation
import HostSystem
import TestSupport
import Testing
import TuningModel
import Wire

@testable import TrialSandbox

@Suite("The Python module")
struct PythonModuleTests {
  private static let path = repositoryRoot().appendingPathComponent("Cluster/python").path

  @Test("is the same file for the agent and for readers")
  func embedded() throws {
    let text = try Files.readText("\(Self.path)/pasha.py", limit: 1 << 20)
    if ProcessInfo.processInfo.environment["PASHA_UPDATE"] != nil { try update(text) }
    #expect(PythonModule.source == text, "run the tests with PASHA_UPDATE=1 to write PythonModule.swift anew")
  }

  private func update(_ text: String) throws {
    let path = repositoryRoot().appendingPathComponent("Sources/TrialSandbox/PythonModule.swift").path
    let swift = try Files.readText(path, limit: 1 << 20)
    let head = try #require(swift.range(of: "#\"\"\"\n"))
    let body = text.split(separator: "\n", omittingEmptySubsequences: false).map { $0.isEmpty ? "" : "    \($0)" }
    try Files.writeAtomically(
      path, (swift[..<head.upperBound] + body.joined(separator: "\n") + "\n    \"\"\"#\n}\n").utf8, mode: 0o644)
  }

  /// Runs a program outside a trial; its output, and its standard error where it fails.
  private func run(_ program: String, _ arguments: [String] = [], in folder: TemporaryFolder) throws -> String {
    let output = try Descriptor.open(folder.file("output"), O_WRONLY | O_CREAT | O_TRUNC)
    let pid = try ChildProcess.start(
      ProcessRequest(
        arguments: ["python3", try folder.write("program.py", program)] + arguments,
        environment: ["PATH=/usr/local/bin:/usr/bin:/bin", "PYTHONPATH=\(Self.path)", "PYTHONDONTWRITEBYTECODE=1"],
        directory: folder.path, input: try Descriptor.open("/dev/null", O_RDONLY), output: output, error: output))
    let status = try eventually("the program's end") { ChildProcess.reap(pid) }
    let text = folder.read("output") ?? ""
    guard status == .exited(0) else { throw WaitedInVain(description: text) }
    return text
  }

  @Test("outside a trial prints and goes on")
  func outside() throws {
    let folder = TemporaryFolder("python")
    let output = try run(
      """
      import os, pasha
      print("before", end=" ")
      for epoch in range(1, 4): pasha.report(epoch=epoch, loss=1 / epoch, note="ü")
      print(pasha.config(), pasha.trial_id(), os.path.isdir("checkpoints"))
      print(pasha.checkpoint_dir() == os.path.abspath("checkpoints"), os.path.isdir("checkpoints"))
      """, ["--lr", "1e-3", "--n=3", "--name", "a b", "--flag", "--neg", "-2", "--yes", "True", "stray"], in: folder)
    let lines = output.split(separator: "\n")
    #expect(lines.count == 5)
    #expect(
      lines[0].hasPrefix(
        "before [tune-metric]: {\"epoch\": 1, \"loss\": 1.0, \"note\": \"\\u00fc\", \"st_worker_timestamp\": "))
    #expect(lines[2].hasSuffix("\"st_worker_iter\": 2}"))
    #expect(
      lines[3] == "{'lr': 0.001, 'n': 3, 'name': 'a b', 'flag': True, 'neg': -2, 'yes': True} None False")
    #expect(lines[4] == "True True")
  }

  @Test("reports what Syne Tune's reporter does, and refuses what nobody could rank")
  func values() throws {
    let output = try run(
      """
      import pasha
      class Scalar:
          def __init__(self, value): self.value = value
          def item(self): return self.value
      class Float(float): pass
      pasha.report(a=float("nan"), b=float("-inf"), c=Scalar(3), d=Scalar(0.5), e=True, f=[1, (2.5, None)],
                   g={"h": Float(1)}, i=Scalar(True))
      for fields in [{}, {"x": None}, {"st_x": 1}, {"x": object()}, {"x": "y" * 50000}, {"x": Scalar([1, 2])},
                     {"x": b"y"}]:
          try:
              pasha.report(**fields)
              print("accepted", fields)
          except ValueError as error:
              print(error)
      """, in: TemporaryFolder("python"))
    let lines = output.split(separator: "\n")
    #expect(
      lines[0].hasPrefix(
        "[tune-metric]: {\"a\": NaN, \"b\": -Infinity, \"c\": 3, \"d\": 0.5, \"e\": true, \"f\": [1, [2.5, null]], "
          + "\"g\": {\"h\": 1.0}, \"i\": true, \"st_worker_timestamp\": "))
    #expect(lines.count == 8)
    #expect(!output.contains("accepted"))
    #expect(lines[2] == "report(): the value of 'x' is None; leave it out")
  }

  @Test("in a trial writes one whole line to descriptor 1, whatever the script does with sys.stdout")
  func inTrial() throws {
    let bench = try Bench(
      python: """
        import contextlib, io, pasha
        print("first", end="")
        pasha.report(epoch=1, loss=1)
        with contextlib.redirect_stdout(io.StringIO()):
            print("hidden")
            pasha.report(epoch=2, loss=1)
        sys.stdout = None
        pasha.report(epoch=2, loss=1)
        """)
    try bench.start()
    #expect(try bench.waitEnd().lastSequence == 3)
    let lines = bench.output.split(separator: "\n")
    #expect(lines.count == 3)
    #expect(lines[0].hasPrefix("first[tune-metric]: {"))
  }

  @Test("knows the trial, its configuration and its checkpoint folder")
  func trial() throws {
    let bench = try Bench(
      python: """
        import pasha
        print(pasha.trial_id(), pasha.config(), pasha.checkpoint_dir() == folder, flush=True)
        """, trial: 17)
    let path = try bench.folder.write("config.json", "{\"lr\": 0.1, \"act\": \"relu\"}")
    bench.plan.environment.append(EnvironmentEntry(name: "PASHA_CONFIG", value: path))
    try bench.start()
    #expect(try bench.waitEnd().cause == .exited)
    #expect(bench.output == "17 {'lr': 0.1, 'act': 'relu'} True\n")
  }

  @Test("lets workers made by fork report without waiting, and does not hand its channel to other programs")
  func workers() throws {
    let bench = try Bench(
      python: """
        import pasha, subprocess
        pasha.report(epoch=1, loss=1)
        if os.fork() == 0:
            pasha.report(epoch=9, loss=1)
            pasha.report(epoch=10, loss=1)
            os._exit(0)
        os.wait()
        code = "import os, pasha; print('channel', pasha._reporter.channel); pasha.report(epoch=11, loss=1)"
        subprocess.run([sys.executable, "-c", code], close_fds=False, check=True)
        save(1, "done")
        pasha.report(epoch=12, loss=1)
        """, milestone: 9)
    bench.plan.settle = .seconds(20)
    bench.plan.isLastMilestone = true
    try bench.start()
    #expect(try bench.waitEnd().cause == .exited)
    #expect(bench.output.contains("channel None\n"))
    #expect(bench.folder.read("checkpoints/done") == "1")
  }

  @Test("leaves a channel alone that is none")
  func noChannel() throws {
    let output = try run(
      """
      import os
      os.environ["PASHA_TRIAL_ID"] = "1"
      os.environ["PASHA_MILESTONE"] = "1"
      os.environ["PASHA_RESOURCE_ATTR"] = "epoch"
      import importlib, socket
      ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
      other = socket.socket(socket.AF_INET)
      file = open("file", "w")
      for number in ["77", "x", "-1", str(other.fileno()), str(file.fileno()), "99999999999999999999",
                     str(theirs.detach())]:
          os.environ["PASHA_CHANNEL"] = number
          if "pasha" in globals(): importlib.reload(pasha)
          else: import pasha
          print(pasha._reporter.channel is None)
      print(other.fileno() >= 0, os.fstat(other.fileno()) is not None)
      # A supervisor that goes away while the trial waits, or has gone before.
      ours.send(b"nonsense"); ours.send(b'{"op": "milestone", "milestone": 2}'); ours.close()
      pasha.report(epoch=1)
      pasha.report(epoch=2)
      pasha.report(epoch=3)
      """, in: TemporaryFolder("python"))
    #expect(
      output.split(separator: "\n").filter { !$0.hasPrefix("[tune-metric]") }
        == ["True", "True", "True", "True", "True", "True", "False", "True True"])
    #expect(output.split(separator: "\n").count { $0.hasPrefix("[tune-metric]") } == 3)
  }

  @Test("saves whole or not at all, files and folders")
  func saving() throws {
    let output = try run(
      """
      import os, pasha
      print(pasha.saved("a.pt"))
      def save(text):
          with pasha.saving("a.pt") as path:
              print(os.path.dirname(path) == pasha.checkpoint_dir(), path.endswith(".pt"), os.path.exists(path))
              with open(path, "w") as file: file.write(text)
              if text == "bad": raise KeyboardInterrupt
      save("1"); save("2")
      try: save("bad")
      except KeyboardInterrupt: pass
      print(open(pasha.saved("a.pt")).read(), os.listdir("checkpoints"))
      for number in "123":
          with pasha.saving("tree") as path:
              os.mkdir(path)
              with open(os.path.join(path, number), "w") as file: file.write(number)
      print(os.listdir(pasha.saved("tree")), sorted(os.listdir("checkpoints")))
      # Killed between the two renames of a folder, and in the middle of saving.
      os.rename("checkpoints/tree", "checkpoints/.old.tree")
      os.mkdir("checkpoints/.new.tree")
      print(os.listdir(pasha.saved("tree")), sorted(os.listdir("checkpoints")))
      with pasha.saving("tree") as path:
          with open(path, "w") as file: file.write("now a file")
      print(open(pasha.saved("tree")).read(), sorted(os.listdir("checkpoints")))
      for name in ["", ".", "..", "a/b", "/etc/passwd"]:
          try: pasha.saved(name)
          except ValueError as error: print(error)
      try:
          with pasha.saving("nothing"): pass
      except FileNotFoundError as error: print("nothing was saved" in str(error))
      """, in: TemporaryFolder("python"))
    #expect(
      output.split(separator: "\n") == [
        "None", "True True False", "True True False", "True True False", "2 ['a.pt']", "['3'] ['a.pt', 'tree']",
        "['3'] ['.new.tree', 'a.pt', 'tree']", "now a file ['a.pt', 'tree']",
        "'' must be the name of a file in the checkpoint folder, without a path",
        "'.' must be the name of a file in the checkpoint folder, without a path",
        "'..' must be the name of a file in the checkpoint folder, without a path",
        "'a/b' must be the name of a file in the checkpoint folder, without a path",
        "'/etc/passwd' must be the name of a file in the checkpoint folder, without a path", "True",
      ])
  }

  @Test("has callbacks that save, then report; libraries are imported when one is used")
  func callbacks() throws {
    let folder = TemporaryFolder("python")
    for name in ["keras", "lightning", "transformers"] { try folder.write("\(name)/__init__.py", "") }
    for name in ["keras/callbacks.py", "lightning/pytorch.py"] {
      try folder.write(name, "class Callback: pass\n")
    }
    try folder.write("transformers/__init__.py", "class TrainerCallback: pass\n")
    let output = try run(
      """
      import json, os, sys, types, pasha
      print([name for name in ("keras", "lightning", "transformers") if name in sys.modules])
      try: pasha.Nothing
      except AttributeError as error: print(error)
      os.environ["PASHA_RESOURCE_ATTR"] = "epochs"

      keras = pasha.KerasCallback()
      print(keras.checkpoint, keras.epoch, type(keras).__mro__[1].__module__)
      def write(path):
          with open(path, "w") as file: file.write("{}")
      keras.model = types.SimpleNamespace(save=write)
      keras.on_epoch_end(0, {"loss": 0.5, "odd": object(), "st_x": 1, "none": None})
      keras.on_epoch_end(1, None)
      print(os.path.relpath(keras.checkpoint), keras.epoch)

      lightning = pasha.LightningCallback(resource="n")
      print(lightning.checkpoint)
      trainer = types.SimpleNamespace(
          is_global_zero=True, current_epoch=4, callback_metrics={"val_loss": 0.25}, save_checkpoint=write,
          strategy=types.SimpleNamespace(barrier=lambda: None))
      lightning.on_train_epoch_end(trainer, None)
      trainer.is_global_zero = False
      lightning.on_train_epoch_end(trainer, None)
      print(os.path.relpath(lightning.checkpoint))

      trainer = pasha.HuggingFaceCallback()
      print(trainer.checkpoint)
      state = types.SimpleNamespace(epoch=2.0000001, global_step=88, is_world_process_zero=True)
      def control(saves): return types.SimpleNamespace(should_save=saves)
      trainer.on_evaluate(None, state, control(True), metrics={"eval_loss": 1, "epoch": 2.0})
      print("saved")
      trainer.on_save(None, state, control(False))
      trainer.on_save(None, state, control(False))
      trainer.on_evaluate(None, state, control(False), metrics={"eval_loss": 2})
      trainer.resource = "step"
      trainer.on_evaluate(None, state, control(False), metrics={"eval_loss": 3})
      for name in ("checkpoint-9", "checkpoint-10", "checkpoint-11", "checkpoint-x"):
          os.mkdir("checkpoints/" + name)
          if name != "checkpoint-11": write("checkpoints/%s/trainer_state.json" % name)
      with open("checkpoints/checkpoint-11/trainer_state.json", "w") as file: file.write("{")
      print(os.path.relpath(trainer.checkpoint))
      """, in: folder)
    let lines = output.split(separator: "\n").map { line in
      line.range(of: ", \"st_worker_timestamp").map { String(line[..<$0.lowerBound]) } ?? String(line)
    }
    #expect(
      lines == [
        "[]", "module 'pasha' has no attribute 'Nothing'", "None 0 keras.callbacks",
        "[tune-metric]: {\"loss\": 0.5, \"epochs\": 1", "[tune-metric]: {\"epochs\": 2",
        "checkpoints/keras/model.keras 2", "None", "[tune-metric]: {\"val_loss\": 0.25, \"n\": 5",
        "checkpoints/last.ckpt", "None", "saved",
        "[tune-metric]: {\"eval_loss\": 1, \"epoch\": 2.0, \"epochs\": 2",
        "[tune-metric]: {\"eval_loss\": 2, \"epochs\": 2", "[tune-metric]: {\"eval_loss\": 3, \"step\": 88",
        "checkpoints/checkpoint-10",
      ])
  }
}
