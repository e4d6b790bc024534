/// Resources as a trial reported them, as far as milestones ask for them.
struct SupervisionLog: Equatable, Sendable {
  private(set) var lastSequence = 0
  /// Resources that were higher than all before, ascending.
  private var maxima: [Int] = []
  /// More than any run has milestones to go; a script that passes more without being held loses the middle ones.
  private static let bound = 1_024

  mutating func note(sequence: Int, resource: Int?) {
    lastSequence = max(lastSequence, sequence)
    guard let resource, resource > maxima.last ?? .min else { return }
    if maxima.count == Self.bound { maxima.removeLast() }
    maxima.append(resource)
  }

  /// The first resource at or past a milestone, nil when the trial has not come so far.
  func crossing(of milestone: Int) -> Int? { maxima.first { $0 >= milestone } }
}
