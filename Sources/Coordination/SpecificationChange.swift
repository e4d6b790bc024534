/// What another cluster file would change in a run that is under way: what may be applied, and what may not.
///
/// Applied is what is read when something is decided, or when a host is connected to. What trials, agents or the
/// results already began with stays as it was: changed, it would make two halves of a run that do not fit together.
public struct SpecificationChange: Equatable, Sendable {
  /// A change that can be applied. `text` is for people.
  public struct Applicable: Equatable, Sendable {
    public let key: String
    public let text: String
    let change: Change
  }

  /// A change that cannot be applied to a run under way, and why.
  public struct Refused: Equatable, Sendable {
    public let key: String
    public let reason: String

    public init(key: String, reason: String) {
      self.key = key
      self.reason = reason
    }
  }

  enum Change: Equatable, Sendable {
    case stop(StopCriterion)
    case workers(Int?)
    case hosts([HostOptions])
    case ssh(SSHOptions)
    case connect(ClusterOptions.Connect)
    case failures(FailurePolicy)
    case keepBest(Int?)
    case quota(Int?)
    case results(ResultsOptions)
    case notifications([NotificationTarget])
    case answerWithin(Duration)
    case page(PageOptions)
  }

  /// In the order of the cluster file's sections.
  public internal(set) var applicable: [Applicable] = []
  public internal(set) var refused: [Refused] = []
  /// Hosts that are new, or that are to be reached in another way.
  public internal(set) var addedHosts: [HostOptions] = []
  /// Names of hosts that are not in the new file.
  public internal(set) var removedHosts: [String] = []

  public var isEmpty: Bool { applicable.isEmpty && refused.isEmpty }

  /// What differs between the specification of a run and another one.
  /// - Parameter isTraining: whether the search is over and its best trials are being trained.
  public static func compare(
    _ old: RunSpecification, _ new: RunSpecification, isTraining: Bool = false
  ) -> SpecificationChange {
    var change = SpecificationChange()
    change.compareExperiment(old.experiment, new.experiment)
    change.compareScheduler(old, new)
    change.compareStop(old.stop, new.stop, isTraining: isTraining)
    change.compareCluster(old.cluster, new.cluster)
    change.compareHosts(old.cluster, new.cluster)
    change.compareCheckpoints(old.checkpoints, new.checkpoints)
    change.compareRest(old, new)
    return change
  }

  /// The specification with all that can be applied; the rest is as it was.
  public func applied(to specification: RunSpecification) -> RunSpecification {
    var result = specification
    for element in applicable {
      switch element.change {
      case .stop(let stop): result.stop = stop
      case .workers(let count): result.cluster.maxWorkers = count
      case .hosts(let hosts): result.cluster.hosts = hosts
      case .ssh(let ssh): result.cluster.ssh = ssh
      case .connect(let connect): result.cluster.connect = connect
      case .failures(let failures): result.failures = failures
      case .keepBest(let count): result.checkpoints.keepBest = count
      case .quota(let bytes): result.checkpoints.quota = bytes
      case .results(let results): result.results = results
      case .notifications(let targets): result.notifications = targets
      case .answerWithin(let patience): result.program?.answerWithin = patience
      case .page(let page): result.page = page
      }
    }
    return result
  }

  // MARK: Noting

  mutating func refuse<Value: Equatable>(_ key: String, _ old: Value, _ new: Value, _ reason: String) {
    if old != new { refused.append(Refused(key: key, reason: reason)) }
  }

  mutating func apply<Value: Equatable>(_ key: String, _ old: Value?, _ new: Value?, _ change: Change) {
    guard old != new else { return }
    let text = "\(key): \(Self.shown(old)) → \(Self.shown(new))"
    applicable.append(Applicable(key: key, text: text, change: change))
  }

  private static func shown<Value>(_ value: Value?) -> String {
    switch value {
    case nil: "none"
    case let value as Duration: shown(value)
    case let value as any RawRepresentable<String>: value.rawValue
    case let value?: "\(value)"
    }
  }

  /// In seconds, which are what a cluster file takes.
  private static func shown(_ duration: Duration) -> String {
    let (seconds, attoseconds) = duration.components
    return attoseconds == 0 ? "\(seconds)s" : "\(seconds * 1000 + attoseconds / 1_000_000_000_000_000)ms"
  }
}
