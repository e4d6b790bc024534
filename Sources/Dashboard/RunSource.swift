import Coordination
import Presentation
import TuningModel

/// What a dashboard is told of its run: where it is, and how its coordinator is asked. All of it may be called on any
/// thread, and may wait.
public struct RunSource: Sendable {
  public var name: String
  public var folder: String
  public var journal: String
  /// The version of pasha.
  public var version: String
  public var specification: @Sendable () throws -> RunSpecification
  /// Who runs the run now.
  public var service: @Sendable () -> CoordinatorPresence
  /// Asks the coordinator; nil: it does not answer.
  public var ask: @Sendable (JSONValue) -> JSONValue?

  public init(
    name: String, folder: String, journal: String, version: String,
    specification: @escaping @Sendable () throws -> RunSpecification,
    service: @escaping @Sendable () -> CoordinatorPresence, ask: @escaping @Sendable (JSONValue) -> JSONValue?
  ) {
    self.name = name
    self.folder = folder
    self.journal = journal
    self.version = version
    self.specification = specification
    self.service = service
    self.ask = ask
  }
}
