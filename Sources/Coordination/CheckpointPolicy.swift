/// Where sealed checkpoints are kept, what is kept of them, and how long a trial may be held at a milestone.
public struct CheckpointPolicy: Equatable, Sendable {
  public enum Store: Equatable, Sendable {
    /// Where they were written; they move when a trial goes on elsewhere.
    case host
    /// In a folder that all hosts mount, absolute.
    case shared(folder: String)
    /// Each is copied to the coordinator as well, so that a dead host costs no more than the legs under
    /// way there.
    case coordinator
    /// A command of the user's keeps and brings them.
    case command(StoreCommand)
  }

  /// Shell commands, run on the host with `PASHA_CHECKPOINT_DIR` (the folder to keep, or to fill) and
  /// `PASHA_CHECKPOINT_KEY` (RUN/TRIAL/GENERATION).
  public struct StoreCommand: Equatable, Sendable {
    public var put: String
    public var get: String
    /// Removes a checkpoint that is not needed any more; nil: they stay.
    public var delete: String?

    public init(put: String, get: String, delete: String? = nil) {
      self.put = put
      self.get = get
      self.delete = delete
    }
  }

  public var store: Store
  /// The checkpoints of this many best trials are kept at the end; nil: all.
  public var keepBest: Int?
  /// Bytes that a trial's checkpoint folder may hold; nil: no bound.
  public var quota: Int?
  /// How long a trial may stay held at a milestone before it is paused.
  public var holdLimit: Duration
  /// How long to wait for a checkpoint after a report at a milestone.
  public var settle: Duration
  /// How long a trial may take to end after SIGTERM.
  public var grace: Duration

  public init(
    store: Store = .host, keepBest: Int? = nil, quota: Int? = nil, holdLimit: Duration = .seconds(60),
    settle: Duration = .seconds(5), grace: Duration = .seconds(10)
  ) {
    self.store = store
    self.keepBest = keepBest
    self.quota = quota
    self.holdLimit = holdLimit
    self.settle = settle
    self.grace = grace
  }
}
