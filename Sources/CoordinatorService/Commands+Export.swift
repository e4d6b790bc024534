import Exports
import Glibc
import HostSystem
import Presentation
import Results
import TuningModel

/// What `export` writes.
public enum ExportFormat: String, Sendable, CaseIterable {
  case csv, jsonl, sqlite
  case syneTune = "syne-tune"
  // Through the Python packages that own them.
  case parquet, tensorboard, mlflow, optuna

  var isPython: Bool { [.parquet, .tensorboard, .mlflow, .optuna].contains(self) }

  /// What is behind the run's name where no output is given.
  var ending: String {
    switch self {
    case .jsonl: ".jsonl"
    case .sqlite: ".sqlite"
    case .optuna: "-optuna.db"
    case .csv, .syneTune, .parquet, .tensorboard, .mlflow: "-\(rawValue)"
    }
  }
}

public struct ExportOptions: Sendable {
  public var run: String?
  public var format: ExportFormat
  /// A file, a folder, the address of a store, or `-` for standard output; nil: RUN with an ending, here.
  public var output: String?
  public var table: ExportTable?
  /// Numbers that are not finite as null, so that every line is JSON.
  public var strict: Bool
  public var force: Bool
  public var python: String
  public var json: Bool

  public init(
    run: String?, format: ExportFormat, output: String? = nil, table: ExportTable? = nil, strict: Bool = false,
    force: Bool = false, python: String = "python3", json: Bool = false
  ) {
    self.run = run
    self.format = format
    self.output = output
    self.table = table
    self.strict = strict
    self.force = force
    self.python = python
    self.json = json
  }
}

extension Commands {
  /// Writes a run in a format of others. A run may go on meanwhile: what it was when the export began is written.
  public static func export(_ options: ExportOptions, home: String = RunFolder.home) throws -> ExitCode {
    try checkTogether(options)
    let folder = try RunFolder.find(options.run, in: home)
    let output = options.output ?? folder.name + options.format.ending
    let exporter = try RunExporter(journal: folder.journal, specification: folder.specification())
    var rows: Int?
    do {
      if options.format.isPython {
        let code = try PythonExport(options: options, output: output).run(exporter)
        guard code == .success else { return code }
      } else {
        rows = try write(exporter, folder, output, options)
      }
    } catch let error as SystemError {
      throw ServiceError(.cannotCreate, "cannot export: \(error.message)")
    }
    if output != "-" { tell(exporter, folder, output, options, rows: rows) }
    return .success
  }

  private static func checkTogether(_ options: ExportOptions) throws(ServiceError) {
    let takesTable = options.format == .csv || options.format == .jsonl
    if options.table != nil, !takesTable { throw ServiceError(.usage, "--table goes with --format csv and jsonl") }
    if options.strict, options.format != .jsonl { throw ServiceError(.usage, "--strict goes with --format jsonl") }
    guard options.output == "-" else { return }
    if !takesTable { throw ServiceError(.usage, "\(options.format.rawValue) is not written to standard output") }
    if options.format == .csv, options.table == nil {
      throw ServiceError(.usage, "csv is several files: say which one, with --table reports or --table trials")
    }
    if options.json { throw ServiceError(.usage, "--json and --output - both want standard output") }
  }

  /// - Returns: rows of reports, where those are not all reports.
  private static func write(
    _ exporter: RunExporter, _ folder: RunFolder, _ output: String, _ options: ExportOptions
  ) throws -> Int? {
    let isStandard = output == "-"
    let standard = try isStandard ? Descriptor.copy(of: STDOUT_FILENO) : nil
    if isStandard { signal(SIGPIPE, SIG_DFL) }
    switch options.format {
    case .jsonl:
      let style = options.strict ? JSONStyle.strict : .compact
      if let standard {
        try exporter.writeLines(to: standard, only: options.table, style: style)
      } else {
        try exporter.writeLines(to: output, replacing: options.force, only: options.table, style: style)
      }
    case .csv:
      if let table = options.table, let standard {
        try exporter.writeTable(table, to: standard)
      } else if let table = options.table {
        try exporter.writeTable(table, to: output, replacing: options.force)
      } else {
        try exporter.writeTables(to: output, replacing: options.force)
      }
    case .sqlite: try exporter.writeDatabase(to: output, replacing: options.force)
    case .syneTune:
      if !options.force, Files.exists(output + "/metadata.json") {
        throw SystemError(.exists, message: "\(output) holds an experiment; --force replaces it")
      }
      try Files.makeFolder(output, mode: 0o755, intermediates: true)
      let writer = ResultsWriter(folder: output, journal: folder.journal, specification: try folder.specification())
      try writer.update()
      return writer.rows
    case .parquet, .tensorboard, .mlflow, .optuna: break
    }
    return nil
  }

  private static func tell(
    _ exporter: RunExporter, _ folder: RunFolder, _ output: String, _ options: ExportOptions, rows: Int?
  ) {
    let (trials, reports) = (exporter.run.chronicle.state.trials.count, exporter.run.reports)
    if options.json {
      show(
        JSONValue.object([
          .init("run", .string(folder.name)), .init("format", .string(options.format.rawValue)),
          .init("output", .string(output)), .init("trials", .int(trials)), .init("reports", .int(reports)),
          .init("rows", .int(rows ?? reports)),
        ]).jsonText(.strict))
    } else {
      let counted = Presentation.count(reports, "report")
      let written =
        rows.map { rows in
          rows == reports
            ? counted : "\(Presentation.count(rows, "row")) of \(counted) (those that count, or repeat one)"
        } ?? counted
      show("\(output): \(Presentation.count(trials, "trial")), \(written) of \(folder.name)")
    }
  }
}
