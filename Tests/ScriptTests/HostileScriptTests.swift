import Coordination
import Foundation
import Glibc
import Journal
import TestSupport
import Testing
import TuningModel

/// Scripts that print what nobody meant to be printed: as much as they can, and with every character.
struct HostileScriptTests {
  private func run(_ name: String, _ program: String, trials: Int, slots: Int = 2) throws -> ScriptRun {
    let prelude = """
      import argparse, json, os, sys, time
      arguments = argparse.ArgumentParser()
      arguments.add_argument("--trial", type=int)
      options, _ = arguments.parse_known_args()
      def report(**values):
          os.write(1, b"[tune-metric]: " + json.dumps(values).encode() + b"\\n")

      """
    let run = try ScriptRun(
      name, "python3 train.py", space: ["trial: {type: randint, lower: 0, upper: 99}"], experiment: ["code: ./code"],
      // Trials run through to the maximum.
      scheduler: "{name: fifo, max_t: 9, random_seed: 3}",
      points: "[" + (0..<trials).map { "{trial: \($0)}" }.joined(separator: ", ") + "]", trials: trials, slots: slots)
    try run.place.folder.write("code/train.py", prelude + program)
    return run
  }

  /// The highest resident memory that a process ever had, in bytes.
  private func peak(_ pid: Int32) -> Int {
    let text = (try? String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)) ?? ""
    let line = text.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
    return (line?.split(whereSeparator: \.isWhitespace).compactMap { Int($0) }.first ?? 0) << 10
  }

  @Test func aTrialThatReportsWithoutEndStarvesNoOther() throws {
    let count = 100_000
    let run = try run(
      "flood",
      """
      if options.trial == 0:
          lines = b"".join(b'[tune-metric]: {"epoch": 1, "loss": %d}\\n' % number for number in range(\(count)))
          begun = time.time()
          while lines: lines = lines[os.write(1, lines[:1 << 20]):]
          print("printed within", time.time() - begun, "s", file=sys.stderr)
          report(epoch=9, loss=0.5)
      else:
          for epoch in range(1, 10):
              report(epoch=epoch, loss=1.0, at=time.time())
              time.sleep(0.3)
      """, trials: 2)
    let command = try run.start()
    var agent: Int32 = 0
    var peaks = (agent: 0, coordinator: 0)
    while !command.hasEnded {
      if agent == 0 {
        agent =
          run.processes().first {
            let line = FileManager.default.contents(atPath: "/proc/\($0)/cmdline") ?? Data()
            return String(decoding: line, as: UTF8.self).contains("--launched")
          } ?? 0
      }
      peaks = (max(peaks.agent, peak(agent)), max(peaks.coordinator, peak(command.pid)))
      usleep(20_000)
    }
    #expect(try command.wait(limit: 120) == 0, "\(command.output)\(command.errors)")
    #expect(peaks.agent > 0 && peaks.agent < 100 << 20, "the agent took \(peaks.agent >> 20) MiB")
    #expect(peaks.coordinator > 0 && peaks.coordinator < 300 << 20, "the coordinator \(peaks.coordinator >> 20) MiB")

    var reports = [0, 0]
    var lags: [Double] = []
    try JournalReader(at: try run.place.runFolder() + "/journal.sqlite").replay { record in
      guard case .reportReceived(let report) = record.fact else { return }
      reports[report.attempt.trial.rawValue] += 1
      if case .double(let time)? = report.fields.first(where: { $0.key == "at" })?.value {
        lags.append(record.stamp.wall.seconds - time)
      }
    }
    #expect(reports == [count + 1, 9])
    #expect(lags.count == 9 && (lags.max() ?? .infinity) < 3, "the other trial's reports took \(lags) s")
    try run.expectNothingLeft()
  }

  @Test func aLineOfAGigabyteIsPassedOver() throws {
    let run = try run(
      "gigabyte",
      """
      report(epoch=1, loss=1.0)
      block = b"x" * (1 << 20)
      for part in range(1 << 10): os.write(1, block)
      os.write(1, b"\\n")
      report(epoch=9, loss=0.5)
      """, trials: 1, slots: 1)
    let end = try run.finish()
    #expect(end.status == 0, "\(end.text)")
    let trial = try #require(try run.trials().first)
    #expect(trial.unusableReports == 0 && trial.resource == 9)
    try run.expectNothingLeft()
  }

  @Test func resourcesThatAreNoneAreToldApartAndRankNothing() throws {
    let run = try run(
      "resources",
      """
      for epoch in [0, -1, -2**63, 2**63, 2.5, "3", None, True, [1], float("nan"), 1e300]:
          report(epoch=epoch, loss=-100.0)
      report(epoch=1, loss=1.0)
      report(epoch=1, loss=-100.0)
      report(epoch=9, loss=0.5)
      report(epoch=10, loss=-100.0)
      report(epoch=2**62, loss=-100.0)
      """, trials: 1, slots: 1)
    let end = try run.finish()
    #expect(end.status == 0, "\(end.text)")
    let trial = try #require(try run.trials().first)
    #expect(trial.unusableReports == 11 && trial.resource == 9 && trial.best == 0.5, "\(trial)")
    try run.expectNothingLeft()
  }

  @Test func namesAndValuesOfAnyCharactersReachNoTerminalAndNoFile() throws {
    let run = try run(
      "names",
      #"""
      names = ["../../escape", "/etc/x", "a\x00b", "new\nline", "\x1b[2J\x1b]0;title\x07", "<script>alert(1)</script>",
               "x" * 4096, "\u202e", "\x9b31m", "=cmd()", 'quote"', "'", "", " ", "epoch ", "\ud800"]
      if options.trial == 0:
          values = {name: "\x1b[31m<b>\x00\n" + "v" * 4096 for name in names}
          values.update({name: number for number, name in enumerate(names) if number % 2})
          report(**values, epoch=1, loss=1.0)
          # The first is beyond what a report may have.
          report(**{"key%d" % number: number for number in range(10000)}, epoch=2, loss=0.75)
          report(**{"%x" % number: 0 for number in range(5000)}, epoch=3, loss=0.75)
          os.write(1, b"\x1b[2J<script>\x00\xff\n")
          report(epoch=9, loss=0.5)
      else:
          os.write(2, b"\x1b[2J\x1b]0;owned\x07<script>alert(1)</script>\x00\x9b31m\xff\n")
          sys.exit(3)
      """#, trials: 3)
    let end = try run.finish()
    #expect(end.status == 0, "\(end.text)")
    let trials = try run.trials()
    #expect(trials[0].resource == 9 && trials[0].best == 0.5 && trials[0].unusableReports == 0, "\(trials[0])")
    #expect(trials[1].status == "failed" && trials[1].failure.contains("<script>"), "\(trials[1])")

    var texts = ["the run": end.output + end.errors]
    for words in [["status"], ["trials"], ["best"], ["explain", "0"], ["explain", "1"], ["trials", "--json"]] {
      let command = try run.place.coordinator(words)
      #expect(try command.wait(limit: 60) == 0, "\(words)")
      texts[words.joined(separator: " ")] = command.output + command.errors
    }
    for (name, text) in texts {
      let controls = text.unicodeScalars.filter { $0.properties.generalCategory == .control && $0 != "\n" }
      #expect(controls.isEmpty, "\(name) prints \(controls.map(\.value)): \(text)")
    }
    // Nothing was made in the name of a metric, and the table is whole.
    let rows = try run.reports().filter { $0["trial_id"] == "0" }
    #expect(rows.compactMap { $0["epoch"] } == ["1", "3", "9"])
    let made = FileManager.default.enumerator(atPath: run.place.folder.path)?.compactMap { $0 as? String } ?? []
    #expect(!made.isEmpty && !made.contains { $0.contains("escape") || $0.contains("script>") }, "\(made)")
    try run.expectNothingLeft()
  }
}
