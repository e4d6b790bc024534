import Foundation

/// Something that a test waited for and that did not come.
public struct WaitedInVain: Error, CustomStringConvertible {
  public let description: String

  public init(description: String) { self.description = description }
}

/// Waits until `condition` gives a value: for what no descriptor tells of. Looks every few milliseconds, for `limit` at
/// most, which only a failing test reaches.
@discardableResult
public func eventually<Value>(
  _ what: String, within limit: Duration = .seconds(20), _ condition: () throws -> Value?
) throws -> Value {
  let deadline = ContinuousClock.now + limit
  while true {
    if let value = try condition() { return value }
    guard ContinuousClock.now < deadline else { throw WaitedInVain(description: "waited in vain for \(what)") }
    usleep(5_000)
  }
}

/// Waits until `condition` holds.
public func eventually(
  _ what: String, within limit: Duration = .seconds(20), _ condition: () throws -> Bool
) throws {
  try eventually(what, within: limit) { try condition() ? () : nil }
}
