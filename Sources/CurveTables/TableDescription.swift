import TuningModel

/// What `table.json` in a table's folder says; all of it may be left out.
public struct TableDescription: Equatable, Sendable {
  /// What the table is called in headings.
  public var name: String?
  /// What the values are, as `validation accuracy, %`.
  public var metric: String?
  /// Whether small or large values are good.
  public var mode: MetricMode?
  /// The maximum resource that simulations use unless told otherwise.
  public var maxResource: Int?

  public init(name: String? = nil, metric: String? = nil, mode: MetricMode? = nil, maxResource: Int? = nil) {
    self.name = name
    self.metric = metric
    self.mode = mode
    self.maxResource = maxResource
  }

  /// For people; not read further.
  private static let remarks = ["source", "licence", "note"]

  /// Reads the file; nothing is said where there is none.
  static func read(_ path: String) throws(CurveTableError) -> TableDescription {
    guard try CurveTables.exists(path) else { return TableDescription() }
    let bytes = try CurveTables.bytes(of: path, limit: 1 << 20)
    let value: JSONValue
    do throws(JSONError) {
      value = try JSONValue(parsing: bytes)
    } catch {
      let before = bytes.prefix(error.offset)
      let line = before.count { $0 == UInt8(ascii: "\n") } + 1
      let start = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
      let column = String(decoding: before[start...], as: UTF8.self).unicodeScalars.count + 1
      throw CurveTableError(.syntax, path, line: line, column: column, error.message)
    }
    guard case .object(let members) = value else {
      throw CurveTableError(.syntax, path, "must be a JSON object")
    }
    var description = TableDescription()
    for member in members {
      func mistake(_ what: String) -> CurveTableError {
        CurveTableError(.syntax, path, "\(member.key) must be \(what), not \(member.value.jsonText())")
      }
      switch member.key {
      case "name", "metric":
        guard case .string(let text) = member.value, !text.isEmpty else { throw mistake("a text") }
        if member.key == "name" { description.name = text } else { description.metric = text }
      case "mode":
        guard case .string(let text) = member.value, let mode = MetricMode(rawValue: text) else {
          throw mistake("\"min\" or \"max\"")
        }
        description.mode = mode
      case "max_t":
        guard case .int(let number) = member.value, number >= 1 else { throw mistake("a whole number from 1 on") }
        description.maxResource = number
      case _ where remarks.contains(member.key): break
      default:
        throw CurveTableError(
          .syntax, path,
          "\(member.key) is not known; known are name, metric, mode, max_t, "
            + remarks.joined(separator: ", "))
      }
    }
    return description
  }
}
