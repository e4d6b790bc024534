import Launching
import Testing
import TuningModel

/// Which hosts start when.
struct StartQueueTests {
  static let start = Instant(nanoseconds: 1_000_000_000_000)
  let start = Self.start

  /// Lets the queue's time pass until nothing is due any more; the moments at which hosts became due.
  func drain(_ queue: inout StartQueue, from now: Instant) -> [(String, Instant)] {
    var now = now
    var found: [(String, Instant)] = []
    while let deadline = queue.deadline {
      now = max(now, deadline)
      found += queue.due(at: now).map { ($0, now) }
    }
    return found
  }

  @Test func atMostSixteenStartAtOnceAndTheOthersFollowInOrder() {
    var queue = StartQueue(seed: 1)
    let names = (0..<40).map { "box\($0)" }
    for name in names { queue.want(name, at: start) }
    let first = drain(&queue, from: start)
    #expect(first.count == StartQueue.limit && queue.starting == 16)
    #expect(first.allSatisfy { $0.1 - start <= .milliseconds(320) })
    // Not all at one moment.
    #expect(Set(first.map(\.1)).count > 8)
    #expect(queue.deadline == nil)
    let later = start + .seconds(1)
    queue.succeeded(first[3].0)
    queue.failed(first[5].0, isRetryable: true, at: later)
    let second = queue.due(at: later)
    #expect(second.count == 2 && Set(second).isDisjoint(with: first.map(\.0)))
    #expect(queue.due(at: later).isEmpty)
    // The next ones wait until one of these is through.
    #expect(queue.starting == 16 && queue.deadline == nil)
    queue.forget(second[0])
    #expect(queue.due(at: later).count == 1)
  }

  @Test func whatFailsWaitsLongerEachTimeUpToAMinute() {
    var queue = StartQueue(seed: 2)
    queue.want("a", at: start)
    var now = start + .seconds(1)
    var waits: [Duration] = []
    for _ in 0..<12 {
      #expect(queue.due(at: now) == ["a"])
      let until = queue.failed("a", isRetryable: true, at: now)
      #expect(queue.deadline == until)
      waits.append(until - now)
      #expect(queue.due(at: until + .nanoseconds(-1)).isEmpty)
      now = until
    }
    for (index, wait) in waits.enumerated() {
      let whole = min(Duration.seconds(1 << index), .seconds(60))
      #expect(wait <= whole && wait >= whole - whole / 5, "\(index): \(wait)")
    }
    // A success forgets the failures.
    _ = queue.due(at: now)
    queue.succeeded("a")
    #expect(queue.deadline == nil && queue.starting == 0)
    queue.want("a", at: now)
    #expect(queue.due(at: now + .milliseconds(320)) == ["a"])
    #expect(queue.failed("a", isRetryable: true, at: now) - now <= .seconds(1))
  }

  @Test func whatDoesNotGoAwayIsTriedAgainAfterMinutesUnlessAskedFor() {
    var queue = StartQueue(seed: 3)
    queue.wantNow("a", at: start)
    #expect(queue.due(at: start) == ["a"])
    // Wanting it again while it starts changes nothing.
    queue.want("a", at: start)
    queue.wantNow("a", at: start)
    #expect(queue.due(at: start).isEmpty)
    let until = queue.failed("a", isRetryable: false, at: start)
    #expect(until - start >= .seconds(300) && until - start <= .seconds(360))
    queue.want("a", at: start)
    #expect(queue.due(at: start + .seconds(299)).isEmpty)
    queue.wantNow("a", at: start + .seconds(10))
    #expect(queue.due(at: start + .seconds(10)) == ["a"])
    queue.forget("a")
    #expect(queue.starting == 0 && queue.deadline == nil)
  }

  @Test func theSameSeedGivesTheSameMoments() {
    func moments(_ seed: UInt64) -> [Instant] {
      var queue = StartQueue(seed: seed)
      for name in ["a", "b", "c"] { queue.want(name, at: start) }
      return drain(&queue, from: start).map(\.1)
    }
    #expect(moments(7) == moments(7))
    #expect(moments(7) != moments(8))
  }

  @Test func theOutlookSaysHowOftenItFailedAndWhenItIsTriedAgain() {
    var queue = StartQueue(seed: 1)
    let now = Instant(nanoseconds: 5_000_000_000)
    #expect(queue.outlook(of: "a").failures == 0 && queue.outlook(of: "a").until == nil)
    queue.wantNow("a", at: now)
    #expect(queue.due(at: now) == ["a"])
    // It goes on.
    #expect(queue.outlook(of: "a").until == nil)
    let first = queue.failed("a", isRetryable: true, at: now)
    #expect(queue.outlook(of: "a").failures == 1 && queue.outlook(of: "a").until == first)
    _ = queue.due(at: first)
    let second = queue.failed("a", isRetryable: false, at: first)
    #expect(queue.outlook(of: "a").failures == 2 && queue.outlook(of: "a").until == second)
    queue.succeeded("a")
    #expect(queue.outlook(of: "a").failures == 0 && queue.outlook(of: "a").until == nil)
  }
}
