import Glibc

/// A value behind a mutex. A pthread mutex, because the thread sanitizer on Linux does not see inside the standard
/// library's own and reports races where there are none.
public final class Locked<Value: Sendable>: @unchecked Sendable {
  // Sendable in truth: the value is reached with the mutex held alone.
  private var value: Value
  /// Allocated, since a mutex must not move.
  private let mutex: UnsafeMutablePointer<pthread_mutex_t>

  public init(_ value: Value) {
    self.value = value
    mutex = .allocate(capacity: 1)
    let result = pthread_mutex_init(mutex, nil)
    precondition(result == 0, "pthread_mutex_init: \(result)")
  }

  deinit {
    pthread_mutex_destroy(mutex)
    mutex.deallocate()
  }

  /// Runs `body` with the mutex held. Not to be nested.
  public func withLock<Result, Failure: Error>(_ body: (inout Value) throws(Failure) -> Result) throws(Failure)
    -> Result
  {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    return try body(&value)
  }
}
