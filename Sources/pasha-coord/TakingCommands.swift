import ArgumentParser
import CoordinatorService
import Exports

struct Report: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write the story of a run with its plots: one HTML file that needs nothing beside itself.",
    discussion: "The run may go on, be paused or over. Without --output the file is report.html in the run's folder.")

  @OptionGroup var name: RunArgument
  @Option(help: "Where it goes; - for standard output.", completion: .file())
  var output: String?
  @Flag(help: "As Markdown, without the plots.")
  var markdown = false
  @Flag(help: "In place of a file, serve the run's page until interrupted, as `page` does.")
  var serve = false
  @OptionGroup var json: JSONFlag

  func validate() throws {
    if serve, markdown || output != nil { throw ValidationError("--serve writes no file") }
  }

  func run() throws {
    try perform {
      if serve {
        return try Commands.page(run: name.run, json: json.json)
      }
      return try Commands.report(
        ReportOptions(run: name.run, output: output, markdown: markdown, json: json.json))
    }
  }
}

struct Export: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract:
      "Write a run in a format of others: tables, a database, Syne Tune's, TensorBoard's, MLflow's or Optuna's.",
    discussion: """
      csv, jsonl, sqlite and syne-tune need nothing else. parquet, tensorboard, mlflow and optuna are written by the Python \
      packages that own these formats. Docs/exports.md says what each of them holds.
      """)

  @OptionGroup var name: RunArgument
  @Option(help: "csv, jsonl, sqlite, syne-tune, parquet, tensorboard, mlflow or optuna.")
  var format: ExportFormat
  @Option(
    help: """
      Where it goes: a file or folder, for mlflow and optuna also a store's address, for csv and jsonl also - for \
      standard output. Default: RUN with an ending, here.
      """,
    completion: .file())
  var output: String?
  @Option(help: "For csv and jsonl: this table alone, trials or reports.")
  var table: ExportTable?
  @Flag(help: "For jsonl: null for NaN and infinities, so that every line is strict JSON.")
  var strict = false
  @Flag(help: "Replace what is there.")
  var force = false
  @Option(help: "The Python that has the package.")
  var python = "python3"
  @OptionGroup var json: JSONFlag

  func run() throws {
    try perform {
      try Commands.export(
        ExportOptions(
          run: name.run, format: format, output: output, table: table, strict: strict, force: force, python: python,
          json: json.json))
    }
  }
}

extension ExportFormat: ExpressibleByArgument {}
extension ExportTable: ExpressibleByArgument {}
