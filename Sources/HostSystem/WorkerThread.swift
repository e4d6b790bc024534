import CZeroMQ
import Glibc

/// A thread with a name of its own. All signals are blocked in it: they belong to the main loop.
public final class WorkerThread: Sendable {
  private let thread: Locked<pthread_t?>

  /// Starts the thread. nil when the system has no room for one more.
  /// - Parameter name: shown by `ps` and debuggers; 15 bytes at most are kept.
  public init?(name: String, _ body: @escaping @Sendable () -> Void) {
    let start = Unmanaged.passRetained(ThreadStart(name: name, body: body))
    var handle = pthread_t()
    var all = sigset_t()
    var before = sigset_t()
    sigfillset(&all)
    pthread_sigmask(SIG_BLOCK, &all, &before)
    let result = pthread_create(
      &handle, nil,
      { argument in
        guard let argument else { return nil }
        let start = Unmanaged<ThreadStart>.fromOpaque(argument).takeRetainedValue()
        pasha_name_thread(start.name)
        start.body()
        return nil
      }, start.toOpaque())
    pthread_sigmask(SIG_SETMASK, &before, nil)
    guard result == 0 else {
      start.release()
      return nil
    }
    thread = Locked(handle)
  }

  /// Waits for the thread's end; a second call returns at once.
  public func join() {
    let handle = thread.withLock { thread in
      defer { thread = nil }
      return thread
    }
    if let handle { pthread_join(handle, nil) }
  }

  deinit {
    let handle = thread.withLock { $0 }
    if let handle { pthread_detach(handle) }
  }
}

/// What a new thread is given.
private final class ThreadStart: Sendable {
  let name: String
  let body: @Sendable () -> Void

  init(name: String, body: @escaping @Sendable () -> Void) {
    self.name = name
    self.body = body
  }
}
