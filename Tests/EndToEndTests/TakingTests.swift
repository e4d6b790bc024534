import Foundation
import TestSupport
import Testing

/// `report` and `export` on real runs, and their exit codes.
@Suite("What is taken along from a run") struct TakingTests {
  /// A Python that has the standard library alone.
  private func bare(_ run: RealRun) throws -> String {
    let path = try run.place.folder.write("bare-python", "#!/bin/sh\nexec python3 -I -S \"$@\"\n")
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
    return path
  }

  @Test("a report is written of a run that goes on, and of one that is over")
  func report() throws {
    let run = try RealRun("told", sleep: "0.1", trials: 12, slots: 2)
    let coordinator = try run.start()
    try run.waitForReports(3)
    let early = try run.place.coordinator(["report"])
    #expect(try early.wait() == 0, "\(early.errors)")
    let path = try run.place.runFolder() + "/report.html"
    #expect(early.output == path + "\n")
    #expect(try String(contentsOfFile: path, encoding: .utf8).contains("goes on; this is how it stood"))
    #expect(try coordinator.wait() == 0)
    let answer = try #require(run.place.json(["report", "told"]) as? [String: Any])
    #expect(answer["output"] as? String == path)
    let savings = try #require(answer["savings"] as? [String: Any])
    let own = try #require(savings["run"] as? [String: Any])
    let full = try #require(savings["full"] as? [String: Any])
    #expect((own["epochs"] as? Int ?? 0) >= 12 && full["epochs"] as? Int == 12 * 9)
    let html = try String(contentsOfFile: path, encoding: .utf8)
    #expect(html.hasPrefix("<!DOCTYPE html>") && html.contains("What PASHA saved") && html.contains("<svg"))
    let markdown = try run.place.coordinator(["report", "--markdown", "--output", "-"])
    #expect(try markdown.wait() == 0)
    #expect(markdown.output.hasPrefix("# told-") && markdown.output.contains("## What PASHA saved"))
    #expect(try run.place.coordinator(["report", "--serve", "--markdown"]).wait() == 64)
    #expect(try run.place.coordinator(["report", "--json", "--output", "-"]).wait() == 64)
    #expect(try run.place.coordinator(["report", "no-such-run"]).wait() == 66)
    #expect(try run.place.coordinator(["report", "--output", "/proc/no/such.html"]).wait() == 73)
  }

  @Test("export writes each format of its own, and refuses what it cannot do with its way out")
  func export() throws {
    let run = try RealRun("taken", trials: 6, max: 3)
    #expect(try run.start().wait() == 0)
    let name = URL(fileURLWithPath: try run.place.runFolder()).lastPathComponent
    for (format, file) in [
      ("csv", "-csv/reports.csv"), ("jsonl", ".jsonl"), ("sqlite", ".sqlite"),
      ("syne-tune", "-syne-tune/results.csv.zip"),
    ] {
      let answer = try #require(run.place.json(["export", "--format", format]) as? [String: Any])
      #expect(answer["format"] as? String == format && answer["trials"] as? Int == 6)
      #expect((answer["rows"] as? Int).map { $0 > 0 && $0 <= answer["reports"] as? Int ?? 0 } == true, "\(answer)")
      #expect(FileManager.default.fileExists(atPath: run.place.folder.file(name + file)))
      let again = try run.place.coordinator(["export", "--format", format])
      #expect(try again.wait() == 73)
      #expect(again.errors.contains("--force"), "\(again.errors)")
      #expect(try run.place.coordinator(["export", "--format", format, "--force"]).wait() == 0)
    }
    let lines = try run.place.coordinator(["export", "--format", "jsonl", "--table", "trials", "--output", "-"])
    #expect(try lines.wait() == 0)
    #expect(lines.output.split(separator: "\n").count == 6)
    for wrong in [
      ["--format", "csv", "--output", "-"], ["--format", "sqlite", "--output", "-"], ["--format", "nothing"], [],
      ["--format", "sqlite", "--table", "trials"], ["--format", "csv", "--strict"],
    ] {
      #expect(try run.place.coordinator(["export"] + wrong).wait() == 64, "\(wrong)")
    }
    #expect(try run.place.coordinator(["export", "none", "--format", "csv"]).wait() == 66)
    let python = try bare(run)
    for (format, package) in [
      ("parquet", "pyarrow"), ("tensorboard", "tensorboard"), ("mlflow", "mlflow"), ("optuna", "optuna"),
    ] {
      let refused = try run.place.coordinator(["export", "--format", format, "--python", python, "--output", format])
      #expect(try refused.wait() == 66, "\(format)")
      #expect(refused.errors.contains("-m pip install \(package)"), "\(refused.errors)")
    }
    let missing = try run.place.coordinator(["export", "--format", "parquet", "--python", "no-such-python"])
    #expect(try missing.wait() == 66)
    #expect(missing.errors.contains("--python"), "\(missing.errors)")
  }
}
