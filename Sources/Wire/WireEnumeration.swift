import SwiftProtobuf

/// An enumeration with a twin in a .proto file: the exhaustive `message` gives the way back too.
package protocol WireEnumeration: CaseIterable {
  associatedtype Message: SwiftProtobuf.Enum

  var message: Message { get }
}

extension WireEnumeration {
  /// Refuses what this version does not know, 0 ("not set") included.
  package init(_ message: Message, _ field: String) throws(WireError) {
    guard let value = Self.allCases.first(where: { $0.message == message }) else {
      throw WireError(.unknownValue, "\(field) is \(message.rawValue), which this version does not know")
    }
    self = value
  }
}
