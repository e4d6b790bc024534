/// Bounds of what is said on the wire. They are checked when a message is decoded; whoever makes a message keeps to
/// them, and text for people is cut when it is encoded (`maximumDetailBytes`, `maximumTailBytes`).
public enum WireLimits {
  /// Bytes of a message on the control socket, either way.
  public static let controlMessageBytes = 4 << 20
  /// Bytes of a message from an agent on the bulk socket; a checkpoint's manifest is the largest.
  public static let agentBulkMessageBytes = 16 << 20
  /// Bytes of a message from the coordinator on the bulk socket; a code tree's manifest is the largest.
  public static let coordinatorBulkMessageBytes = 16 << 20
  /// Bytes of a packet between an agent and a supervisor.
  public static let supervisorMessageBytes = 128 << 10
  /// Bytes of the files that an agent and a supervisor leave for each other.
  public static let planBytes = 4 << 20

  /// Bytes of file content in one message of the bulk socket.
  public static let maximumChunkBytes = 1 << 20
  /// Ids and counts are below this.
  public static let maximumID = 1 << 31
  /// Sequences, offsets and sizes are at most this.
  public static let maximumOffset = 1 << 53

  /// Reports in one message.
  public static let maximumReports = 1000
  /// Keys of one report.
  public static let maximumFields = 1024
  /// Attempts in a hello, and verdicts in its answer.
  public static let maximumInventory = 10_000
  public static let maximumSlots = 4096
  /// Hyperparameters and constants of a configuration.
  public static let maximumParameters = 4096
  /// Words of a command, and variables of an environment.
  public static let maximumArguments = 8192
  public static let maximumGenerations = 1024
  public static let maximumLockFiles = 1024
  /// Places that trials may write beside their own.
  public static let maximumWritablePaths = 1024
  /// Files, links and folders of a tree.
  public static let maximumTreeEntries = 50_000

  /// Bytes of names: of hosts, agents, runs, versions.
  public static let maximumNameBytes = 255
  /// Bytes of a hyperparameter's name, and of a metric's.
  public static let maximumKeyBytes = 1024
  /// Bytes of one argument or variable: the kernel takes no longer ones (MAX_ARG_STRLEN).
  public static let maximumArgumentBytes = 128 << 10
  /// Bytes of a path (PATH_MAX) and of one of its components (NAME_MAX).
  public static let maximumPathBytes = 4096
  public static let maximumPathComponentBytes = 255
  public static let maximumPathDepth = 128
  /// Bytes of a sentence for people.
  public static let maximumDetailBytes = 4 << 10
  /// Bytes of the last lines of a log.
  public static let maximumTailBytes = 16 << 10
}
