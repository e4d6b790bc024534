import Coordination
import HostSystem
import Results
import TuningModel

/// Writes the results files every so often from a thread of its own, which reads the journal as any other reader does.
final class ResultsKeeper: Sendable {
  private let end: Wakeup
  private let thread: WorkerThread

  init(folder: RunFolder, specification: RunSpecification) throws(ServiceError) {
    guard let end = Wakeup() else { throw ServiceError(.software, "no file descriptor is left (ulimit -n)") }
    let interval = specification.results.updateInterval
    guard
      let thread = WorkerThread(
        name: "pasha-results",
        {
          let writer = ResultsWriter(
            folder: folder.path, journal: folder.journal, specification: specification)
          while true {
            let isEnding = waitReadable(end.descriptor, for: interval)
            do {
              try writer.update()
            } catch {
              complain("the results could not be written: \(error)")
            }
            if isEnding { return }
          }
        })
    else { throw ServiceError(.software, "the system has no room for one more thread") }
    self.end = end
    self.thread = thread
  }

  /// Writes the results once more and ends.
  func finish() {
    end.signal()
    thread.join()
  }
}
