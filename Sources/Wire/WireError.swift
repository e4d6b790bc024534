/// Why bytes are not a message. What a peer or a file gives never ends the process: it ends in one of these, is counted
/// and costs its sender the session.
public struct WireError: Error, Equatable, Sendable, CustomStringConvertible {
  public enum Code: String, Sendable, CaseIterable {
    /// Not a protobuf message, or text that is not UTF-8.
    case malformed
    /// More bytes than the kind of message may have.
    case tooLarge
    /// A kind of message that this version does not know, or none at all.
    case unknownMessage
    /// A part that must be there is not.
    case missing
    /// A number beyond its range.
    case outOfRange
    /// More elements than the list may have.
    case tooMany
    /// A value of an enumeration that this version does not know.
    case unknownValue
    /// Text that is too long, empty where it must not be, or holds what it must not hold.
    case badText
    /// A path or a link that would leave its folder, or a list of paths that is not in order.
    case badPath
  }

  public let code: Code
  /// The field and what is wrong with it.
  public let detail: String

  public init(_ code: Code, _ detail: String) {
    self.code = code
    self.detail = detail
  }

  public var description: String { "\(code.rawValue): \(detail)" }
}
