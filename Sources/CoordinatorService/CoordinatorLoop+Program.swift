import Coordination
import HostSystem
import Messaging
import TuningModel

/// The user's program that decides in place of a scheduler: started with the run, told what becomes fact.
extension CoordinatorLoop {
  /// What the loop needs to start it.
  struct ProgramStart {
    var options: SchedulerProgram
    /// The cluster file's folder.
    var directory: String
    /// Takes its standard error.
    var log: String
    /// What the journal tells, as lines to say.
    var history: [JSONValue]
    /// Made from the facts of the journal.
    var telling: SchedulerTelling
  }

  func beginProgram(_ start: ProgramStart) {
    guard state.training == nil, state.closing?.suspends != false else { return }
    telling = start.telling
    do throws(ServiceError) {
      let program = try SchedulerChild(
        start.options, state.specification, directory: start.directory, log: start.log)
      program.tell(start.history)
      self.program = program
    } catch {
      events.append(.schedulerFailed(error.message))
    }
  }

  func take(_ happenings: [SchedulerChild.Event]) {
    for happening in happenings {
      switch happening {
      case .answer(.log(let text), _): note("scheduler: \(text)")
      case .answer(let answer, let line): events.append(.scheduler(answer, line: line))
      case .failed(let message): events.append(.schedulerFailed(message))
      }
    }
  }

  /// Tells the program what has become durable.
  func tellProgram(_ facts: [StampedFact]) {
    guard let program else { return }
    for fact in facts {
      program.tell(telling?.events(of: fact.fact) ?? [])
      switch fact.fact {
      case .trainingBegan, .runClosing, .runFinished: program.leave()
      default: break
      }
    }
  }

  func askProgram() {
    program?.ask(within: state.specification.program?.answerWithin ?? SchedulerProgram.usualPatience)
  }
}
