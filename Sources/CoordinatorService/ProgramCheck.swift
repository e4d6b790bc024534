import Coordination
import Foundation
import HostSystem
import Messaging
import Presentation
import TuningModel

/// What a program in place of a scheduler says to its first question, for `check`.
struct ProgramCheck {
  /// The line that it answered with; nil: there was none.
  private(set) var answer: String?
  /// What it printed beside.
  private(set) var others: [String] = []
  private(set) var problem: String?

  /// Starts the program, says hello, asks once, and ends it.
  /// - Parameter file: the cluster file, in whose folder the program runs.
  init(_ options: SchedulerProgram, _ specification: RunSpecification, file: String) {
    // A program that does not read ends the connection, not this process.
    signal(SIGPIPE, SIG_IGN)
    let log = NSTemporaryDirectory() + "/pasha-check-\(getpid()).log"
    defer { try? Files.removeFile(log) }
    do {
      let directory = URL(fileURLWithPath: file).deletingLastPathComponent().path
      let program = try SchedulerChild(options, specification, directory: directory, log: log)
      defer { program.end() }
      program.ask(within: options.answerWithin)
      var poller = Poller()
      while answer == nil, problem == nil {
        poller.removeAll()
        for watched in program.watched { poller.add(.descriptor(watched.descriptor.number), for: watched.events) }
        try poller.wait(for: program.deadline.map { max($0 - HostClock.now, .zero) })
        for event in program.step() { take(event) }
      }
    } catch {
      problem = "\(error)"
    }
  }

  private mutating func take(_ event: SchedulerChild.Event) {
    switch event {
    case .answer(.stop(let trial), let line): problem = problem ?? "it stops trial \(trial), and there is none: \(line)"
    case .answer(.promote(let trial, _), let line):
      problem = problem ?? "it promotes trial \(trial), and there is none: \(line)"
    case .answer(.log(let text), _): others.append(text)
    case .answer(.wait, let line):
      problem = problem ?? "it waits, and no trial is under way: nothing would ever change: \(line)"
    case .answer(let given, let line): if given.isDue { answer = answer ?? line }
    case .failed(let text): problem = problem ?? text
    }
  }

  var text: String {
    var lines = others.map { "    log: " + Presentation.printable($0) }
    if let answer { lines.append("    to its first question it answered \(answer)") }
    if let problem { lines.append("ERROR  " + Presentation.printable(problem, keepsNewlines: true)) }
    return lines.joined(separator: "\n")
  }

  var json: JSONValue {
    .object([
      .init("answer", answer.map { (try? JSONValue(parsing: $0)) ?? .string($0) } ?? .null),
      .init("problem", problem.map { .string($0) } ?? .null),
    ])
  }
}
