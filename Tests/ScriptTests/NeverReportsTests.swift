import Foundation
import TestSupport
import Testing

struct NeverReportsTests {
  @Test func aScriptThatNeverReportsEndsTheRunWithTheReason() throws {
    let place = RunPlace("never")
    let scripts = repositoryRoot().appendingPathComponent("Tests/Fixtures/scripts").path
    let file = try place.folder.write(
      "cluster.yml",
      """
      experiment:
        name: never
        entry_point: python3 \(scripts)/never_reports.py
        config_space: {lr: {type: uniform, lower: 0, upper: 1}, epochs: 2}
        metric: loss
        mode: min
      scheduler: {name: pasha, max_t: 9}
      stop_criterion: {max_num_trials_started: 8}
      cluster: {slots: 2}
      """)
    let run = try place.coordinator([file])
    #expect(try run.wait() == 1)
    #expect(run.errors.contains("printed no report"), "\(run.output)\(run.errors)")
    #expect(run.errors.contains("epoch (a whole number from 1) and loss (a number)"), "what one needs: \(run.errors)")
  }
}
