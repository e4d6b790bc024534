/// Why a host cannot be prepared; the text is shown to the user of the coordinator.
struct PreparationFailure: Error {
  let message: String
}
