import TuningModel

/// What people want to hear of at once.
public enum News: String, CaseIterable, Sendable {
  case newBest = "new_best"
  /// The run is over.
  case finish
  /// The run is paused: by somebody, or since it could not go on.
  case pause
  case hostLost = "host_lost"
  /// A trial has failed for good.
  case failure
}

/// One place where news of a run go, and which.
public struct NotificationTarget: Equatable, Sendable {
  public enum Way: Equatable, Sendable {
    /// A shell command on the coordinator's machine.
    case command(String)
    /// An address to which JSON is posted. In it and in the headers' values `${NAME}` stands for a variable of the
    /// coordinator's environment.
    case webhook(String, headers: [Header])
  }

  /// A header of the request.
  public struct Header: Equatable, Sendable {
    public var name: String
    public var value: String

    public init(name: String, value: String) {
      self.name = name
      self.value = value
    }
  }

  public var way: Way
  public var news: Set<News>
  /// News of one kind are told at most once in this time; those that come in between are told together after it.
  public var every: Duration

  /// - Parameter every: `usualInterval` where a cluster file says nothing.
  public init(way: Way, news: Set<News> = Set(News.allCases), every: Duration = NotificationTarget.usualInterval) {
    self.way = way
    self.news = news
    self.every = every
  }

  public static let usualInterval = Duration.seconds(60)
}
