import HostSystem
import TuningModel

/// Wakes the open streams now and then, so that each has a sign of life and one whose reader has gone is found.
final class Ticker: Sendable {
  static let interval = Duration.seconds(10)
  private let stop: Wakeup
  private let thread: WorkerThread

  init?(hub: Hub) {
    guard let stop = Wakeup() else { return nil }
    let thread = WorkerThread(name: "pasha-ticker") {
      guard let loop = try? EventLoop(), (try? loop.watch(number: stop.descriptor, token: 0)) != nil else { return }
      while let ready = try? loop.wait(for: Self.interval), ready.isEmpty { hub.announce() }
    }
    guard let thread else { return nil }
    self.stop = stop
    self.thread = thread
  }

  func end() {
    stop.signal()
    thread.join()
  }
}
