/// The value of one hyperparameter.
public enum ParameterValue: Hashable, Sendable {
  case int(Int)
  case double(Double)
  case string(String)
  case bool(Bool)
}

/// A configuration: hyperparameters and constants by name, in the order of the configuration space.
public struct Configuration: Hashable, Sendable {
  public struct Entry: Hashable, Sendable {
    public let name: String
    public let value: ParameterValue

    public init(_ name: String, _ value: ParameterValue) {
      self.name = name
      self.value = value
    }
  }

  public private(set) var entries: [Entry]

  public init(_ entries: [Entry] = []) { self.entries = entries }

  public subscript(name: String) -> ParameterValue? {
    get { entries.first { $0.name == name }?.value }
    set {
      let index = entries.firstIndex { $0.name == name }
      switch (index, newValue) {
      case (let index?, let value?): entries[index] = Entry(name, value)
      case (let index?, nil): entries.remove(at: index)
      case (nil, let value?): entries.append(Entry(name, value))
      case (nil, nil): break
      }
    }
  }
}
