import TuningModel

/// Hyperparameters with their domains, and constants, in the order in which the training script is given them.
public struct ConfigurationSpace: Hashable, Sendable {
  public enum Content: Hashable, Sendable {
    case domain(Domain)
    case constant(ParameterValue)
  }

  public struct Entry: Hashable, Sendable {
    public var name: String
    public var content: Content

    public init(_ name: String, _ content: Content) {
      self.name = name
      self.content = content
    }

    public init(_ name: String, _ domain: Domain) { self.init(name, .domain(domain)) }
    public init(_ name: String, constant: ParameterValue) { self.init(name, .constant(constant)) }
  }

  /// Names are different from each other.
  public var entries: [Entry]

  public init(_ entries: [Entry] = []) { self.entries = entries }

  public subscript(name: String) -> Content? { entries.first { $0.name == name }?.content }

  /// Entries that are not constants.
  public var domains: [(name: String, domain: Domain)] {
    entries.compactMap { entry in
      guard case .domain(let domain) = entry.content else { return nil }
      return (entry.name, domain)
    }
  }

  /// How many different configurations there are; nil: infinitely many, or more than an `Int` holds. A space of
  /// constants alone has one.
  public var count: Int? {
    var count = 1
    for (_, domain) in domains {
      guard let values = domain.count else { return nil }
      let (product, overflow) = count.multipliedReportingOverflow(by: values)
      if overflow { return nil }
      count = product
    }
    return count
  }

  /// Draws a configuration, entry by entry in order.
  public func sample(_ generator: inout SeededGenerator) -> Configuration {
    configuration { domain in domain.sample(&generator) }
  }

  /// The configuration that stands first when no points are given: each domain's default value.
  public var defaultConfiguration: Configuration { configuration(\.defaultValue) }

  /// The configuration at a place in `0 ..< count`, the last domain counting fastest; only for a space with a count.
  public func configuration(at index: Int) -> Configuration {
    var rest = index
    var values: [ParameterValue] = []
    for (_, domain) in domains.reversed() {
      let count = domain.count ?? 1
      values.append(domain.value(at: rest % count))
      rest /= count
    }
    return configuration { _ in values.removeLast() }
  }

  /// Completes a point of which only some names are given: missing hyperparameters get their default value, constants
  /// theirs; the given values become the domains' own. nil: a name or a value does not belong to the space.
  public func completed(_ point: Configuration) -> Configuration? {
    var entries: [Configuration.Entry] = []
    for entry in self.entries {
      let given = point[entry.name]
      switch entry.content {
      case .constant(let constant):
        if let given, given != constant { return nil }
        entries.append(Configuration.Entry(entry.name, constant))
      case .domain(let domain):
        guard let value = given.map({ domain.cast($0) }) ?? domain.defaultValue else { return nil }
        entries.append(Configuration.Entry(entry.name, value))
      }
    }
    let names = Set(self.entries.map(\.name))
    guard point.entries.allSatisfy({ names.contains($0.name) }) else { return nil }
    return Configuration(entries)
  }

  /// Whether the configuration has exactly the names of the space, with values of their domains.
  public func contains(_ configuration: Configuration) -> Bool {
    configuration.entries.count == entries.count && matchKey(of: configuration) != nil
  }

  /// What two configurations have in common when they are the same for a searcher; constants are not looked at, since
  /// they may be changed for a trial (`max_resource_attr`). nil: not a configuration of this space.
  public func matchKey(of configuration: Configuration) -> ConfigurationKey? {
    var codes: [UInt64] = []
    for (index, entry) in entries.enumerated() {
      guard case .domain(let domain) = entry.content else { continue }
      // Almost always the entries stand in the same order.
      let isInPlace = index < configuration.entries.count && configuration.entries[index].name == entry.name
      let value = isInPlace ? configuration.entries[index].value : configuration[entry.name]
      guard let value, let code = domain.matchCode(value) else { return nil }
      codes.append(code)
    }
    return ConfigurationKey(codes: codes)
  }

  private func configuration(_ value: (Domain) -> ParameterValue) -> Configuration {
    Configuration(
      entries.map { entry in
        switch entry.content {
        case .constant(let constant): Configuration.Entry(entry.name, constant)
        case .domain(let domain): Configuration.Entry(entry.name, value(domain))
        }
      })
  }
}

/// Stands for all configurations of a space that are the same to a searcher.
public struct ConfigurationKey: Hashable, Sendable {
  let codes: [UInt64]
}
