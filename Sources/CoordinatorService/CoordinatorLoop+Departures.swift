import Glibc
import HostSystem
import Messaging
import TuningModel
import Wire

extension CoordinatorLoop {
  private static let departureLimit = Duration.seconds(3)
  private static let departureStep: UInt32 = 20_000  // microseconds

  /// Waits until the agents have left: an agent that did not hear that it is dismissed would look for this coordinator
  /// for as long as `lost_after`. Its connection ends once it has heard it; until then it is told again.
  func awaitDepartures() {
    let deadline = HostClock.now + Self.departureLimit
    let message = CoordinatorMessage.dismiss.encoded()
    var present = peers.values.filter { $0.admission == .agent }
    while true {
      // What they say still is of no interest, but must not fill the socket.
      for _ in 0..<Self.batchLimit where listener.control.receive() == nil { break }
      present.removeAll { listener.control.send(message, to: $0) == .unreachable }
      guard !present.isEmpty, HostClock.now < deadline else { return }
      usleep(Self.departureStep)
    }
  }
}
