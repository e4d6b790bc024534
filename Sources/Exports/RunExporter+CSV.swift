import Coordination
import HostSystem
import TuningModel

extension RunExporter {
  /// A folder with `reports.csv`, `trials.csv` and `run.json`.
  public func writeTables(to folder: String, replacing: Bool) throws {
    try Files.makeFolder(folder, mode: 0o755, intermediates: true)
    for table in ExportTable.allCases {
      try writeTable(table, to: "\(folder)/\(table.rawValue).csv", replacing: replacing)
    }
    try Self.writing(to: try ExportOutput(file: "\(folder)/run.json", replacing: replacing)) { output in
      try output.write(run.runRecord.jsonBytes(.compact) + [UInt8(ascii: "\n")])
    }
  }

  public func writeTable(_ table: ExportTable, to path: String, replacing: Bool) throws {
    try Self.writing(to: try ExportOutput(file: path, replacing: replacing)) { try rows(table, $0) }
  }

  public func writeTable(_ table: ExportTable, to descriptor: Descriptor) throws {
    try Self.writing(to: ExportOutput(descriptor)) { try rows(table, $0) }
  }

  private func rows(_ table: ExportTable, _ output: ExportOutput) throws {
    let names = run.state.specification.experiment.space.entries.map(\.name)
    switch table {
    case .trials:
      // Without trials there is no row to take the names from.
      let own = Self.trialColumns
      try output.write(CSVText.line(TableColumns(own: own, configuration: names).all.map { CSVText.cell($0) }))
      for index in run.state.trials.indices {
        let members = run.trialMembers(index).filter { $0.key != "kind" }
        let cells = members.map { CSVText.cell($0.value) } + configuration(index, names)
        try output.write(CSVText.line(cells))
      }
    case .reports:
      let columns = TableColumns(own: Self.reportColumns, configuration: names, fields: run.fieldNames)
      try output.write(CSVText.line(columns.all.map { CSVText.cell($0) }))
      let places = Dictionary(uniqueKeysWithValues: run.fieldNames.enumerated().map { ($1, $0) })
      try eachReport { report, stamp, sequence in
        let members = run.reportMembers(report, stamp, sequence: sequence).filter { $0.key != "kind" }
        var values = [JSONValue?](repeating: nil, count: places.count)
        for field in report.fields { if let place = places[field.key] { values[place] = field.value } }
        let cells = members.map { CSVText.cell($0.value) } + configuration(report.attempt.trial.rawValue, names)
        try output.write(CSVText.line(cells + values.map { CSVText.cell($0) }))
      }
    }
  }

  private func configuration(_ trial: Int, _ names: [String]) -> [String] {
    let configuration = run.state[TrialID(trial)]?.configuration
    return names.map { name in CSVText.cell(configuration?[name].map { $0.json }) }
  }

  static let trialColumns = [
    "trial", "status", "failure_kind", "failure", "origin", "bracket", "created", "started", "ended", "started_time",
    "ended_time", "attempts", "restarts", "hosts", "slot_seconds", "resource", "milestone", "rung", "promotions",
    "best_value", "best_resource", "last_value", "usable_reports", "unusable_reports", "trained", "checkpoint",
  ]

  static let reportColumns = [
    "sequence", "trial", "attempt", "number", "disposition", "problem", "resource", "value", "time", "read_at", "host",
    "slot",
  ]
}
