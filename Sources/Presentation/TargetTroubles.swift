import Coordination

/// What is said of a target of notifications that takes no messages: its trouble once, again when it is another one, once
/// when it works again, and at the end what it was not told.
public struct TargetTroubles: Sendable {
  private let name: String
  private var last: String?
  private var givenUp: [News] = []

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

  public mutating func giveUp(_ news: News) { givenUp.append(news) }

  /// - Parameter waiting: of what the messages tell that were not given up.
  /// - Returns: what there is to say at the end.
  public mutating func finish(waiting: [News]) -> String? {
    let all = givenUp + waiting
    givenUp = []
    guard !all.isEmpty else { return nil }
    let counts = News.allCases.compactMap { news in
      let count = all.count { $0 == news }
      return count > 0 ? "\(count) of \(news.rawValue)" : nil
    }
    return "\(name): \(Presentation.count(all.count, "message")) \(all.count == 1 ? "was" : "were") not delivered "
      + "(\(counts.joined(separator: ", ")))"
  }
}
