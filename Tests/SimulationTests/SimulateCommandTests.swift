import Foundation
import Journal
import TestSupport
import Testing

@Suite("pasha-coord simulate")
struct SimulateCommandTests {
  private let folder = TemporaryFolder("simulate")

  private func simulate(_ arguments: String...) throws -> (status: Int32, output: [String], errors: String) {
    let process = try CommandProcess(
      "pasha-coord", ["simulate"] + arguments, environment: ["PASHA_STATE": folder.path])
    let status = try process.wait(limit: 120)
    return (status, process.output.split(separator: "\n").map(String.init), process.errors)
  }

  /// The table of `Tables.three`, as a file.
  private func table() throws -> String {
    try folder.write(
      "three.csv",
      """
      config_id,epoch_seconds,e1,e2,e3,e4
      10,1,10,11,12,30
      20,2,20,21,40,23
      30,3,5,6,7,8

      """)
  }

  @Test func aLineOfJSONForEachRun() throws {
    let order = try folder.write("order.csv", "0,10,20,30\n1,20,10,30\n")
    let run = try simulate(
      "--table", try table(), "--mode", "max", "--scheduler", "asha,pasha,one_epoch,random", "--reduction-factor", "2",
      "--workers", "1", "--at-limit", "now", "--order", order, "--json")
    #expect(run.status == 0)
    #expect(run.errors == "")
    #expect(run.output.count == 8)
    #expect(
      run.output.first
        == #"{"scheduler":"asha","seed":0,"best_metric":40.0,"runtime_seconds":13.0,"max_resource":4,"epochs":7,"trials":3}"#
    )
    #expect(
      run.output.last
        == #"{"scheduler":"random","seed":1,"best_metric":40.0,"runtime_seconds":0.0,"max_resource":0,"epochs":0,"trials":0}"#
    )
  }

  @Test func aTableAndAPlot() throws {
    let plot = folder.file("out.svg")
    let run = try simulate("--table", try table(), "--mode", "max", "--seeds", "2", "--plot", plot)
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.output.count == 3)
    #expect(run.output[1].hasPrefix("pasha "))
    #expect(run.output[2].hasPrefix("asha "))
    #expect(folder.read("out.svg")?.hasPrefix("<svg") == true)
    #expect(try FileManager.default.attributesOfItem(atPath: plot)[.posixPermissions] as? Int == 0o644)
  }

  @Test func whatIsWrongIsSaid() throws {
    let table = try table()
    func errors(_ status: Int32, _ arguments: String...) throws -> String {
      let process = try CommandProcess(
        "pasha-coord", ["simulate"] + arguments, environment: ["PASHA_STATE": folder.path])
      #expect(try process.wait(limit: 120) == status, "\(arguments)")
      #expect(process.output == "")
      return process.errors
    }
    #expect(try errors(64).contains("give --table DIR, or --run RUN"))
    #expect(try errors(64, "--table", table, "--run", "x").contains("not both"))
    #expect(try errors(64, "--table", table).contains("give --mode min or --mode max"))
    #expect(try errors(66, "--table", "/nowhere", "--mode", "min").contains("/nowhere"))
    #expect(try errors(66, "--run", "none").contains("there is no run none"))
    #expect(try errors(64, "--run", "none", "--order", "x").contains("--order needs --table"))
    func refused(_ arguments: String...) throws -> String {
      let process = try CommandProcess("pasha-coord", ["simulate", "--table", table, "--mode", "max"] + arguments)
      #expect(try process.wait(limit: 120) == 64, "\(arguments)")
      return process.errors
    }
    #expect(try refused("--scheduler", "pasha,sha").contains("there is no scheduler sha: take one of pasha, asha"))
    #expect(try refused("--scheduler", "asha,asha").contains("names asha twice"))
    #expect(try refused("--scheduler", "").contains("there is no scheduler"))
    #expect(try refused("--workers", "0").contains("workers must be"))
    #expect(try refused("--seeds", "0").contains("--seeds must be"))
    #expect(try refused("--trials", "0").contains("trials must be at least 1"))
    #expect(try refused("--max-t", "5").contains("the longest has 4"))
    #expect(try refused("--max-t", "1").contains("max_t must be"))
    #expect(try refused("--grace-period", "4").contains("grace_period (4) must be below max_t (4)"))
    #expect(try refused("--reduction-factor", "1").contains("reduction_factor must be"))
    #expect(try refused("--at-limit", "later").contains("finish_running"))
    let missing = try CommandProcess(
      "pasha-coord", ["simulate", "--table", table, "--mode", "max", "--plot", "/nowhere/x.svg"])
    #expect(try missing.wait(limit: 120) == 73)
  }

  /// A run in which 0 was trained to epoch 2, 1 to epoch 1, and 2 never.
  @Test func aRunIsATable() throws {
    let run = "runs/sample-2026-01-01-00-00-00-000"
    try folder.write(
      "\(run)/cluster.yml",
      """
      experiment:
        name: sample
        entry_point: "true"
        config_space: {x: {type: uniform, lower: 0, upper: 1}}
        metric: loss
        mode: min
      scheduler: {name: asha, max_t: 4, reduction_factor: 2}

      """)
    try folder.write("\(run)/origin", folder.file("\(run)/cluster.yml"))
    var recorded = RecordedRun(trials: 3)
    recorded.start(0, at: 0)
    recorded.report(0, 1, 0.5, at: 2, read: 2)
    recorded.report(0, 2, 0.4, at: 3, read: 3)
    recorded.start(1, at: 3)
    recorded.report(1, 1, 0.9, at: 7, read: 7)
    let journal = try Journal.create(at: folder.file("\(run)/journal.sqlite"))
    try journal.append(recorded.facts)
    try journal.close()
    let result = try simulate("--run", "sample", "--scheduler", "asha,one_epoch", "--seeds", "1", "--json")
    #expect(result.status == 0)
    // 0 is promoted when 1 reports, at 4 s.
    #expect(
      result.output == [
        #"{"scheduler":"asha","seed":0,"best_metric":0.4,"runtime_seconds":5.0,"max_resource":2,"epochs":3,"trials":2}"#,
        #"{"scheduler":"one_epoch","seed":0,"best_metric":0.4,"runtime_seconds":4.0,"max_resource":1,"epochs":2,"trials":2}"#,
      ])
    #expect(result.errors.contains("1 of 3 trials have no first epoch"))
    let short = try simulate("--run", "sample", "--scheduler", "asha", "--seeds", "2", "--grace-period", "2", "--json")
    #expect(short.status == 0)
    #expect(short.errors.contains("asha: trials that ended where their curves do: 2 in 2 of 2 runs; epochs missing: 2"))
    #expect(try simulate("--run", "sample", "--mode", "max").status == 64)
  }
}
