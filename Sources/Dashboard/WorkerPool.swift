import Glibc
import HostSystem

/// Threads for work that waits or takes long, so that the threads which serve connections do neither.
final class WorkerPool: Sendable {
  private struct Queue: Sendable {
    var jobs: [@Sendable () -> Void] = []
    var running = 0
  }

  private let name: String
  private let threads: Int
  private let bound: Int
  private let queue = Locked(Queue())

  /// - Parameter bound: jobs that wait at most.
  init(name: String, threads: Int, bound: Int) {
    self.name = name
    self.threads = threads
    self.bound = bound
  }

  /// Does the work on one of the threads. Throws `unavailable` when too much waits already.
  func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
      let isTaken = submit { continuation.resume(with: Result { try body() }) }
      if !isTaken { continuation.resume(throwing: APIError(.unavailable, "too much is asked for at once; try again")) }
    }
  }

  private func submit(_ job: @escaping @Sendable () -> Void) -> Bool {
    let (isTaken, startsThread) = queue.withLock { queue -> (Bool, Bool) in
      guard queue.jobs.count < bound else { return (false, false) }
      queue.jobs.append(job)
      guard queue.running < threads else { return (true, false) }
      queue.running += 1
      return (true, true)
    }
    guard startsThread else { return isTaken }
    if WorkerThread(name: name, { [self] in work() }) == nil {
      // The system has no room for one more thread: what was taken in is done here.
      work()
    }
    return true
  }

  private func work() {
    while true {
      let job = queue.withLock { queue -> (@Sendable () -> Void)? in
        guard !queue.jobs.isEmpty else {
          queue.running -= 1
          return nil
        }
        return queue.jobs.removeFirst()
      }
      guard let job else { return }
      job()
    }
  }
}
