import TuningModel
import Wire

/// What decodes encodes again, to bytes that decode to the same.
enum MessageProperties {
  /// The kinds that the first byte chooses among.
  static let kinds = 11

  static func check(_ bytes: [UInt8]) throws(BrokenProperty) {
    guard let kind = bytes.first else { return }
    let rest = bytes.dropFirst()
    switch Int(kind) % kinds {
    case 0: try check(AgentMessage.self, rest)
    case 1: try check(CoordinatorMessage.self, rest)
    case 2: try check(AgentBulkMessage.self, rest)
    case 3: try check(CoordinatorBulkMessage.self, rest)
    case 4: try check(SupervisorCommand.self, rest)
    case 5: try check(SupervisorEvent.self, rest)
    case 6: try check(AttemptPlan.self, rest)
    case 7: try check(ProcessRecord.self, rest)
    case 8: try check(AttemptEnd.self, rest)
    case 9: try check(Seal.self, rest)
    default: try checkToken(rest)
    }
  }

  static func check<Value: WireCodable>(_ type: Value.Type, _ bytes: ArraySlice<UInt8>) throws(BrokenProperty) {
    guard let value = try? Value(decoding: bytes) else { return }
    let encoded = value.encoded()
    guard let again = try? Value(decoding: encoded) else {
      throw BrokenProperty("\(type): what was decoded is refused after it was encoded again: \(value)")
    }
    // Values that are not numbers are not equal to themselves; their bytes are.
    try require(again.encoded() == encoded, "\(type): encoded twice it differs: \(value)")
  }

  private static func checkToken(_ bytes: ArraySlice<UInt8>) throws(BrokenProperty) {
    guard let token = try? JoinToken(parsing: String(decoding: bytes, as: UTF8.self)) else { return }
    guard let again = try? JoinToken(parsing: token.text) else {
      throw BrokenProperty("a token is refused after it was written again: \(token)")
    }
    try require(again == token, "a token written again is another one: \(token), \(again)")
  }
}
