import ArgumentParser
import Devices

/// Which GPUs an agent that is started by hand uses, and how.
struct DeviceOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "GPUs to use: all, idle (those that nobody else uses), none, or a list of indexes and UUIDs such as 0,2.",
      valueName: "gpus"))
  var gpus: String?

  @Option(help: "GPUs of each trial.")
  var gpusPerTrial: Int?

  @Option(help: "Trials that share one GPU.")
  var trialsPerGpu: Int?

  var isEmpty: Bool { gpus == nil && gpusPerTrial == nil && trialsPerGpu == nil }

  func validate() throws {
    if let gpus, DeviceSelection(text: gpus) == nil {
      throw ValidationError("--gpus takes all, idle, none or a list such as 0,2, not '\(gpus)'")
    }
    if let gpusPerTrial, gpusPerTrial < 1 {
      throw ValidationError("--gpus-per-trial must be 1 or more, not \(gpusPerTrial)")
    }
    if let trialsPerGpu, trialsPerGpu < 1 {
      throw ValidationError("--trials-per-gpu must be 1 or more, not \(trialsPerGpu)")
    }
  }

  func request(slots: Int?) -> DeviceRequest {
    DeviceRequest(
      selection: gpus.flatMap { DeviceSelection(text: $0) } ?? .all, perTrial: gpusPerTrial ?? 1,
      trialsPerGPU: trialsPerGpu ?? 1, slots: slots)
  }
}
