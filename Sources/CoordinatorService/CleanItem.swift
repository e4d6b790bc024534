import Presentation
import TuningModel

/// Something on a disk that `clean` removes, or would remove.
struct CleanItem: Equatable {
  /// As `pasha-agent clean` calls it, and for this machine `run`, `copies`, `bundle` and `plan`.
  var kind: String
  var run: String?
  var path: String
  var bytes: Int
  /// Of how many trials, for checkpoints.
  var trials: Int?
  var isRemoved = false
  var problem: String?

  var json: JSONValue {
    .object([
      .init("kind", .string(kind)), .init("run", run.map { .string($0) } ?? .null), .init("path", .string(path)),
      .init("bytes", .int(bytes)), .init("trials", trials.map { .int($0) } ?? .null),
      .init("removed", .bool(isRemoved)),
      .init("problem", problem.map { .string($0) } ?? .null),
    ])
  }

  /// nil for what is none.
  init?(json value: JSONValue) {
    guard let kind = value.text("kind"), let path = value.text("path"), let bytes = value.whole("bytes"), bytes >= 0
    else { return nil }
    self.init(
      kind: kind, run: value.text("run"), path: path, bytes: bytes, trials: value.whole("trials"),
      isRemoved: value.member("removed") == .bool(true), problem: value.text("problem"))
  }

  init(
    kind: String, run: String? = nil, path: String, bytes: Int, trials: Int? = nil, isRemoved: Bool = false,
    problem: String? = nil
  ) {
    self.kind = kind
    self.run = run
    self.path = path
    self.bytes = bytes
    self.trials = trials
    self.isRemoved = isRemoved
    self.problem = problem
  }

  var words: String { trials.map { "\(kind) of \($0) trial\($0 == 1 ? "" : "s")" } ?? kind }
}

/// What was found, or freed, at one place: a host, or this machine.
struct CleanOutcome {
  var host: String
  var items: [CleanItem] = []
  var notes: [String] = []
  /// Why nothing is known of it.
  var problem: String?

  var isComplete: Bool { problem == nil && !items.contains { $0.problem != nil } }
  var bytes: Int { items.reduce(0) { $0 + ($1.problem == nil ? $1.bytes : 0) } }

  var json: JSONValue {
    .object([
      .init("host", .string(host)), .init("bytes", .int(bytes)), .init("items", .array(items.map(\.json))),
      .init("notes", .array(notes.map { .string($0) })), .init("problem", problem.map { .string($0) } ?? .null),
    ])
  }

  /// What `pasha-agent clean` printed.
  mutating func take(_ report: JSONValue) {
    if case .array(let found)? = report.member("items") { items += found.compactMap { CleanItem(json: $0) } }
    if case .array(let texts)? = report.member("notes") {
      for case .string(let text) in texts { notes.append(text) }
    }
  }
}
