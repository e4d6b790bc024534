import AgentCore
import Devices
import HostSystem
import TuningModel
import Wire

/// Slots and their GPUs.
extension AgentLoop {
  /// Takes in what was found out about the slots' GPUs, carries out the starts that waited for it, and tells the
  /// coordinator.
  func takeDevices() {
    let (allowed, refused) = slots.take(occupied: machine.occupiedSlots)
    // First the states, so that the coordinator does not give the slot the next trial.
    tellSlots()
    for (launch, reason) in refused {
      tell(.launchFailed(launch.start.attempt, StartRefusal(code: .slotBusy, detail: reason)))
    }
    for launch in allowed {
      start(launch)
      follow(launch.start.attempt, after: 0, credit: machine.reportWindow)
      // What a start that failed has left to tell.
      tell(.timer)
    }
  }

  /// Tells the machine which slots may be given work.
  func tellSlots() {
    if let news = slots.news() { tell(.slots(news)) }
  }
}
