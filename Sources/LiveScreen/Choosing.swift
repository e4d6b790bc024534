import Presentation

/// Choosing a trial or a host: with the arrow keys, or by typing its number or a part of its name.
public struct Choosing: Equatable, Sendable {
  public enum Kind: Equatable, Sendable { case pause, stop, drain }

  public struct Choice: Equatable, Sendable {
    public var order: Order
    /// What is chosen: a trial's number, a host's name; what typed text is looked for in.
    public var name: String
    public var text: String
    /// Asked before it is done; nil: it can be undone.
    public var question: String?
  }

  enum Outcome { case goesOn, cancelled, chosen(Choice) }

  public let kind: Kind
  public private(set) var typed = ""
  /// What is chosen at present; nil: the first one. By what it is, since the list changes while somebody looks at it.
  private var selected: Order?

  public init(kind: Kind) { self.kind = kind }

  public func choices(_ screen: RunScreen) -> [Choice] {
    let all: [Choice]
    switch kind {
    case .pause:
      all =
        screen.trials.map { trial in
          trial.isPausedByHand
            ? Choice(
              order: .resumeTrial(trial.number), name: "\(trial.number)",
              text: "resume trial \(trial.number): \(trial.status), \(trial.detail)", question: nil)
            : Choice(
              order: .pauseTrial(trial.number), name: "\(trial.number)",
              text: "\(Self.act(on: trial)): \(trial.status), \(trial.detail)", question: nil)
        } + [
          Choice(
            order: .pauseRun, name: "run", text: "pause the run: all trials are sealed, `resume` goes on",
            question: "Pause the whole run?")
        ]
    case .stop:
      all =
        screen.trials.map { trial in
          Choice(
            order: .stopTrial(trial.number), name: "\(trial.number)",
            text: "stop trial \(trial.number): \(trial.status), \(trial.detail)",
            question: "Stop trial \(trial.number) for good?")
        } + [
          Choice(order: .stopRun, name: "run", text: "stop the run for good", question: "Stop the whole run for good?")
        ]
    case .drain:
      all = screen.hosts.flatMap { host -> [Choice] in
        let busy = host.slots.count { $0.trial != nil }
        var choices: [Choice] = []
        if host.canDrain {
          choices.append(
            Choice(
              order: .drainHost(host.name), name: host.name,
              text:
                "drain \(host.name): \(host.state), \(busy) of \(Presentation.count(host.slots.count, "slot")) busy",
              question: nil))
        }
        if host.canReturn {
          choices.append(
            Choice(
              order: .returnHost(host.name), name: host.name, text: "bring back \(host.name): \(host.state)",
              question: nil))
        }
        return choices
      }
    }
    guard !typed.isEmpty else { return all }
    let wanted = typed.lowercased()
    // Whoever types 1 means trial 1 first, and not trial 10 that runs.
    func rank(_ choice: Choice) -> Int? {
      let name = choice.name.lowercased()
      return name == wanted ? 0 : name.hasPrefix(wanted) ? 1 : name.contains(wanted) ? 2 : nil
    }
    return (0...2).flatMap { wanted in all.filter { rank($0) == wanted } }
  }

  /// A trial that runs is paused; one at its milestone goes on no further, and one that waits gets no slot, until resumed.
  private static func act(on trial: RunScreen.Trial) -> String {
    switch trial.status {
    case "paused": "hold back trial \(trial.number), even if promoted"
    case "pending": "hold back trial \(trial.number), even if a slot is free"
    default: "pause trial \(trial.number)"
    }
  }

  /// The place of what is chosen.
  func place(in choices: [Choice]) -> Int { choices.firstIndex { $0.order == selected } ?? 0 }

  mutating func press(_ key: Key, _ screen: RunScreen) -> Outcome {
    let choices = choices(screen)
    var place = place(in: choices)
    switch key {
    case .escape: return .cancelled
    case .enter:
      guard choices.indices.contains(place) else { return .goesOn }
      return .chosen(choices[place])
    case .up: place -= 1
    case .down: place += 1
    case .pageUp: place -= 10
    case .pageDown: place += 10
    case .home: place = 0
    case .end: place = choices.count - 1
    case .backspace:
      guard !typed.isEmpty else { return .cancelled }
      typed.removeLast()
      selected = nil
      return .goesOn
    case .character("q") where typed.isEmpty && kind != .drain: return .cancelled
    case .character(let character):
      if typed.count < 64 { typed.append(character) }
      selected = nil
      return .goesOn
    }
    if !choices.isEmpty { selected = choices[max(0, min(choices.count - 1, place))].order }
    return .goesOn
  }
}

extension Choosing.Kind {
  var title: String {
    switch self {
    case .pause: "Pause or resume: which?"
    case .stop: "Stop: which?"
    case .drain: "Drain or bring back: which host?"
    }
  }

  var nothing: String {
    switch self {
    case .pause: "no trial can be paused"
    case .stop: "no trial can be stopped"
    case .drain: "no host can be drained or brought back"
    }
  }
}
