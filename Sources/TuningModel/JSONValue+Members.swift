extension JSONValue {
  /// The value of a key of an object; the last one where a key stands twice. nil also when this is no object.
  public func member(_ key: String) -> JSONValue? {
    guard case .object(let members) = self else { return nil }
    return members.last { $0.key == key }?.value
  }

  /// The text under a key.
  public func text(_ key: String) -> String? {
    guard case .string(let text) = member(key) else { return nil }
    return text
  }

  /// The whole number under a key.
  public func whole(_ key: String) -> Int? {
    guard case .int(let value) = member(key) else { return nil }
    return value
  }
}
