/// What the user asked of the run, or of the view.
public enum Command: Equatable, Sendable {
  /// Leaves the view; the run goes on.
  case leave
  case order(Order)
  /// What was asked for with `ask`; nil: nothing was typed.
  case answer(String?)
}

/// What the coordinator is asked to do.
public enum Order: Equatable, Sendable {
  case pauseTrial(Int), resumeTrial(Int), stopTrial(Int)
  case pauseRun, stopRun
  case drainHost(String), returnHost(String)
}

extension Order {
  /// What is said once the coordinator has taken it.
  public var done: String {
    switch self {
    case .pauseTrial(let trial): "trial \(trial) is being paused; p again lets it go on"
    case .resumeTrial(let trial): "trial \(trial) goes on when a slot is free"
    case .stopTrial(let trial): "trial \(trial) is being stopped"
    case .pauseRun: "the run is being paused; `pasha-coord resume` goes on"
    case .stopRun: "the run is being stopped"
    case .drainHost(let host): "\(host) gets no new trials; those there go on to their milestones"
    case .returnHost(let host): "\(host) is being brought back"
    }
  }
}

/// What the keys have done to the view: a value, so that each key can be tried out.
public struct Interaction: Equatable, Sendable {
  public enum Mode: Equatable, Sendable {
    case main
    case help
    case choosing(Choosing)
    case confirming(Order, question: String)
    /// A secret is typed.
    case asking(question: String, typed: String)
  }

  public internal(set) var mode = Mode.main
  /// How many hosts are scrolled past.
  public internal(set) var hostOffset = 0
  public private(set) var notice: Notice?
  private var questions: [String] = []

  public struct Notice: Equatable, Sendable {
    public var text: String
    public var role: Role
  }

  public init() {}

  /// Whether all trials are to be listed, to choose from.
  public var isChoosing: Bool { if case .choosing = mode { true } else { false } }

  public mutating func say(_ text: String, _ role: Role = .strong) { notice = Notice(text: text, role: role) }

  /// Asks for a secret; the answer comes as `Command.answer`, in the order of the questions.
  public mutating func ask(_ question: String) {
    questions.append(question)
    nextQuestion()
  }

  private mutating func nextQuestion() {
    if case .asking = mode { return }
    guard !questions.isEmpty else { return }
    mode = .asking(question: questions.removeFirst(), typed: "")
  }

  /// - Parameter rows: how many rows the list of choices may have.
  public mutating func press(_ key: Key, _ screen: RunScreen) -> Command? {
    switch mode {
    case .main: return pressMain(key, screen)
    case .help:
      mode = .main
      return nil
    case .choosing(var choosing):
      mode = .main
      switch choosing.press(key, screen) {
      case .goesOn: mode = .choosing(choosing)
      case .cancelled: break
      case .chosen(let choice):
        if let question = choice.question {
          mode = .confirming(choice.order, question: question)
        } else {
          return .order(choice.order)
        }
      }
      return nil
    case .confirming(let order, _):
      if case .character(let character) = key, character == "y" || character == "Y" {
        mode = .main
        return .order(order)
      }
      if case .character(let character) = key, !"nNq".contains(character) { return nil }
      mode = .main
      say("nothing was done", .dim)
      return nil
    case .asking(let question, var typed):
      switch key {
      case .character(let character):
        // No passphrase is longer.
        if typed.utf8.count < 1000 { typed.append(character) }
      case .backspace: if !typed.isEmpty { typed.removeLast() }
      case .enter, .escape:
        mode = .main
        nextQuestion()
        return .answer(key == .enter && !typed.isEmpty ? typed : nil)
      default: break
      }
      mode = .asking(question: question, typed: typed)
      return nil
    }
  }

  private mutating func pressMain(_ key: Key, _ screen: RunScreen) -> Command? {
    notice = nil
    switch key {
    case .character("q"), .character("Q"): return .leave
    case .character("?"), .character("h"): mode = .help
    case .character("p"): begin(.pause, screen)
    case .character("s"): begin(.stop, screen)
    case .character("d"): begin(.drain, screen)
    case .up, .character("k"): hostOffset = max(0, hostOffset - 1)
    case .down, .character("j"): hostOffset = min(max(0, screen.hosts.count - 1), hostOffset + 1)
    case .pageUp: hostOffset = max(0, hostOffset - 10)
    case .pageDown: hostOffset = min(max(0, screen.hosts.count - 1), hostOffset + 10)
    case .home: hostOffset = 0
    case .end: hostOffset = max(0, screen.hosts.count - 1)
    default: break
    }
    return nil
  }

  private mutating func begin(_ kind: Choosing.Kind, _ screen: RunScreen) {
    if let refusal = screen.refusal { return say(refusal, .warning) }
    let choosing = Choosing(kind: kind)
    // Trials may not all be listed yet; the run can always be paused or stopped.
    guard kind != .drain || !choosing.choices(screen).isEmpty else { return say(kind.nothing, .warning) }
    mode = .choosing(choosing)
  }
}
