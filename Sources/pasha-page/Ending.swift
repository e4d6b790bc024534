import Glibc
import HostSystem

/// Why the process ends: a signal, or the end of its standard input. Made before any other thread is.
final class Ending: Sendable {
  private let ends: AsyncStream<Void>
  private let thread: WorkerThread

  init(withParent: Bool) throws {
    signal(SIGPIPE, SIG_IGN)
    let watch = try SignalWatch([SIGINT, SIGTERM, SIGHUP])
    let (ends, continuation) = AsyncStream.makeStream(of: Void.self)
    self.ends = ends
    let thread = WorkerThread(name: "pasha-ending") {
      Self.wait(watch, withParent: withParent)
      continuation.finish()
    }
    guard let thread else { throw SystemError(.other, message: "the system has no room for one more thread") }
    self.thread = thread
  }

  func wait() async { for await _ in ends {} }

  private static func wait(_ watch: SignalWatch, withParent: Bool) {
    guard let loop = try? EventLoop(), (try? loop.watch(watch.descriptor, token: 0)) != nil else { return }
    // A file can be no standard input that ends: it is at its end already.
    if withParent, (try? loop.watch(number: STDIN_FILENO, token: 1)) == nil { return }
    var buffer = [UInt8](repeating: 0, count: 4096)
    while let ready = try? loop.wait() {
      if ready.contains(where: { $0.token == 0 }) { return }
      // What it says does not matter, only that it ends.
      if ready.contains(where: { $0.token == 1 }), read(STDIN_FILENO, &buffer, buffer.count) <= 0 { return }
    }
  }
}
