import Chronicle
import Coordination
import Foundation
import Presentation
import Scheduling
import Simulation
import TuningModel

@testable import LiveScreen

/// Screens to lay out.
enum SampleScreens {
  /// A search of 60 trials on four slots, in the middle.
  static func search(part: Double = 0.6, presence: CoordinatorPresence = .running(pid: 1)) throws -> RunScreen {
    let rows = (0..<60).map { index in
      CurveTable.Row(
        id: index, values: SyntheticCurves(epochs: 81, seed: 4).values(of: index),
        seconds: (1...81).map { Double($0) * (5 + Double(index % 7)) })
    }
    let options = SchedulerOptions(name: .pasha, maxResource: 81)
    let settings = SimulationSettings(
      method: .scheduler(options), label: "test", mode: .min, maxResource: 81, trials: 60, workers: 4, seed: 4)
    let run = try Simulation(table: CurveTable(name: "test", rows: rows), settings: settings).facts(of: options)
    let end = run.facts.last?.stamp.active.inSeconds ?? 0
    var chronicle = try Chronicle(specification: run.specification)
    var last: Stamp?
    for (index, fact) in run.facts.enumerated() where fact.stamp.active.inSeconds <= end * part {
      chronicle.take(fact, sequence: index + 1)
      last = fact.stamp
      for line in Presentation.lines(for: fact, in: chronicle.state) {
        chronicle.note(
          EventLog.Event(
            sequence: index + 1, stamp: fact.stamp, kind: fact.fact.kind, severity: EventLog.Severity(of: fact.fact),
            text: String(line.dropFirst(10)), trial: nil, host: nil))
      }
    }
    let around = RunScreen.Surroundings(
      presence: presence, now: last ?? Stamp(wall: Timestamp(microseconds: 0), active: .zero))
    var screen = RunScreen(chronicle, around, name: "search-2026-11-30-10-20-00-123")
    screen.run = "search-2026-11-30-10-20-00-123"
    screen.best?.configuration =
      "lr=0.0123456 hidden=128 activation=relu dropout=0.125 weight_decay=1e-05 optimizer=adamw batch_size=64 warmup=0.1"
    // The time of day depends on where the tests run.
    for index in screen.events.indices { screen.events[index].clock = "10:2\(index % 10):0\(index % 7)" }
    return screen
  }

  /// Many hosts, some in trouble, and two brackets.
  static func lab() throws -> RunScreen {
    var screen = try search()
    screen.hosts = (1...30).map { number in
      let state: (String, Role, String) =
        switch number {
        case 1:
          (
            "cannot be started", .error,
            "Permission denied (publickey); the next start is at 10:21:00 (3 starts failed)"
          )
        case 2: ("unreachable", .error, "nothing was heard of it; given up at 16:20:00 unless it answers")
        case 3: ("draining", .plain, "an operator asked for it; its trials go on to their milestones, then elsewhere")
        default: ("ready", .good, "")
        }
      let slots: [RunScreen.Slot] =
        number == 1
        ? []
        : (0..<4).map { slot in
          switch (number + slot) % 6 {
          case 0: RunScreen.Slot(phase: .idle)
          case 1: RunScreen.Slot(phase: .unusable)
          case 2: RunScreen.Slot(phase: .moving, trial: number * 4 + slot, resource: 3, milestone: 9)
          case 3: RunScreen.Slot(phase: .held, trial: number * 4 + slot, resource: 9, milestone: 9, value: "0.25")
          case 4: RunScreen.Slot(phase: .starting, trial: number * 4 + slot, resource: 0, milestone: 1)
          default:
            RunScreen.Slot(phase: .running, trial: number * 4 + slot, resource: 5, milestone: 9, value: "0.123456")
          }
        }
      return RunScreen.Host(
        name: "gpu\(number)", state: state.0, role: state.1, note: state.2, slots: slots, canDrain: number > 3,
        canReturn: number <= 3)
    }
    screen.hostSummary = "30, 27 ready; 116 slots, 77 busy"
    screen.brackets.append(screen.brackets[0])
    return screen
  }

  static let empty: RunScreen = {
    var screen = RunScreen()
    screen.run = "digits-2026-11-30-10-20-00-123"
    screen.scheduler = "PASHA"
    screen.goal = "maximise accuracy"
    screen.status = "running"
    screen.time = "2 s"
    screen.maximum = 81
    screen.left = "no estimate"
    screen.leftBasis = "too few reports yet"
    screen.spent = "0 epochs, 0 reports"
    return screen
  }()

  static let nasty = [
    "\u{1B}[2J\u{1B}]0;owned\u{07}", "a\u{0}b\u{7F}c\u{9B}31m", "漢字カタカナ한국어",
    "e\u{301}e\u{301}\u{302}\u{303}\u{304}\u{305}\u{306}",
    "👩‍👩‍👧‍👦🏳️‍🌈🇩🇪", "\u{202E}evil\u{2066}x", "\u{200D}\u{200B}\u{FEFF}", "tab\tline\nfeed\r\nx", "\u{E000}\u{10FFFF}",
    "ａｂｃ｜", "…—·→", "\u{300}\u{301}", String(repeating: "漢", count: 300), String(repeating: "x\u{489}", count: 200),
  ]

  /// Every text is something that a terminal must not be given, or that is wider than it looks.
  static func hostile(_ number: Int) throws -> RunScreen {
    var screen = try lab()
    var next = number
    func text() -> String {
      next += 1
      return nasty[next % nasty.count] + nasty[(next * 7) % nasty.count]
    }
    screen.run = text()
    screen.scheduler = text()
    screen.goal = text()
    screen.status = text()
    if number.isMultiple(of: 2) { screen.reason = text() }
    screen.time = text()
    screen.best = RunScreen.Best(value: text(), detail: text(), configuration: text() + text())
    screen.resource = text()
    screen.spent = text()
    screen.left = text()
    screen.leftBasis = text()
    screen.hostSummary = text()
    screen.limits = (0..<3).map { _ in RunScreen.Limit(name: text(), used: text(), limit: text(), share: 3) }
    screen.counts = (0..<4).map { RunScreen.Count(word: text(), count: $0 * 1_000_000, role: .warning) }
    for index in screen.hosts.indices {
      screen.hosts[index].name = text()
      screen.hosts[index].state = text()
      if index.isMultiple(of: 3) { screen.hosts[index].note = text() }
    }
    for index in screen.events.indices { screen.events[index].text = text() + " " + text() }
    for index in screen.trials.indices { screen.trials[index].detail = text() }
    return screen
  }
}
