import Coordination

/// What is said of a target of notifications that takes no messages: its trouble once, again when it is another one, once
/// when it works again, and at the end what it was not told.
public struct TargetTroubles: Sendable {
  private let name: String
  private var last: String?
  private var givenUp: [News: Int] = [:]

  /// - Parameter name: of the target, without what may be a secret.
  public init(name: String) { self.name = name }

  /// What became of a message. nil: it was taken.
  /// - Returns: what there is to say.
  public mutating func note(_ failure: String?) -> String? {
    guard let failure else {
      defer { last = nil }
      return last == nil ? nil : "\(name) takes messages again"
    }
    // How long a try took differs from one to the next.
    let words = failure.replacing(/after [0-9]+ (ms|milliseconds)/, with: "")
    defer { last = words }
    return words == last ? nil : "\(name): \(failure)"
  }

  public mutating func giveUp(_ news: News) { givenUp[news, default: 0] += 1 }

  /// - Parameter waiting: of what the messages tell that were not given up.
  /// - Returns: what there is to say at the end.
  public mutating func finish(waiting: [News]) -> String? {
    for news in waiting { givenUp[news, default: 0] += 1 }
    let counts = givenUp
    givenUp = [:]
    let sum = counts.values.reduce(0, +)
    guard sum > 0 else { return nil }
    let words = News.allCases.compactMap { news in counts[news].map { "\($0) of \(news.rawValue)" } }
    return "\(name): \(Presentation.count(sum, "message")) \(sum == 1 ? "was" : "were") not delivered "
      + "(\(words.joined(separator: ", ")))"
  }
}
