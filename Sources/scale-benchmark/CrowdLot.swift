import Glibc
import HostSystem
import Messaging
import TuningModel
import Wire

/// The agents of one thread. It looks at all of them every ten milliseconds: waits are that much too long at most.
final class CrowdLot: @unchecked Sendable {
  // Sendable in truth: the members belong to the one thread that runs; what others ask for is behind the lock.
  struct Result: Sendable {
    var isDone = false
    var welcome = 0
    /// Seconds from the common start until the last agent was welcome.
    var allWelcome = 0.0
    var reportingBegan = Instant.zero
    var lastAcknowledged = Instant.zero
    var reports = 0
    var acknowledged = 0
    /// Seconds from the sending of reports until they were acknowledged.
    var waits: [Double] = []
    var repeatedHellos = 0
    var connectionsLost = 0
  }

  private let shared = Locked(Result())
  private var members: [CrowdMember]
  private let start: Instant
  private let rate: Double
  private let reporting: Duration

  private static let pause: useconds_t = 10_000
  /// How long agents may take to come in, to be answered at the end, and to be dismissed.
  private static let patience = Duration.seconds(120)

  var isDone: Bool { shared.withLock { $0.isDone } }
  var result: Result { shared.withLock { $0 } }

  init(_ tokens: [(number: Int, token: JoinToken)], start: Instant, rate: Double, seconds: Double) throws {
    let context = try MessagingContext()
    members = try tokens.map { try CrowdMember(number: $0.number, token: $0.token, context: context) }
    self.start = start
    self.rate = rate
    reporting = .nanoseconds(Int64(seconds * 1e9))
  }

  func run() {
    while HostClock.now < start { usleep(1_000) }
    for index in members.indices { members[index].begin() }
    serve { $0.allSatisfy(\.isWelcome) }
    let allWelcome = HostClock.now
    for index in members.indices { members[index].report(rate: rate, from: allWelcome) }
    serve(for: reporting) { _ in false }
    for index in members.indices { members[index].reportNoMore() }
    serve { $0.allSatisfy { $0.waiting == 0 } }
    shared.withLock { result in
      result = members.reduce(into: Result()) { $1.add(to: &$0) }
      result.allWelcome = (allWelcome - start).inSeconds
      result.reportingBegan = allWelcome
      result.isDone = true
    }
    serve { $0.allSatisfy(\.isDismissed) }
    for index in members.indices { members[index].close() }
  }

  private func serve(for limit: Duration = patience, until isOver: ([CrowdMember]) -> Bool) {
    let end = HostClock.now + limit
    while HostClock.now < end, !isOver(members) {
      let now = HostClock.moment
      for index in members.indices { members[index].step(at: now) }
      usleep(Self.pause)
    }
  }
}
