import Coordination
import Foundation
import HostSystem
import Messaging
import Presentation
import TuningModel

/// The user's program that decides in place of a scheduler, from its start to its end. Driven by the loop of its owner:
/// `step` is called when one of `watched` is ready or `deadline` has passed. Nothing here waits but `end`.
final class SchedulerChild {
  enum Event: Equatable {
    case answer(SchedulerAnswer, line: String)
    /// It is of no use any more: it ended, did not answer, or printed what it must not.
    case failed(String)
  }

  private enum State {
    case running
    /// Told that nothing more comes: its input is closed, and it may end.
    case leaving
    case over
  }

  private let specification: RunSpecification
  private let options: SchedulerProgram
  private let errors: ProgramErrors
  private let process: ProcessHandle
  private var input: Descriptor?
  private var output: Descriptor?
  private var state = State.running
  /// What it is told, from `sent` on not taken yet.
  private var outgoing: [UInt8] = []
  private var sent = 0
  private var incoming: [UInt8] = []
  private var lines = 0
  /// Until when an answer is due.
  private(set) var deadline: Instant?
  private var patience = Duration.zero
  private var saidFinish = false
  /// Lines of `log` in the second that began with `since`.
  private var logs = (since: Instant.zero, count: 0)

  /// Bytes that wait to be read by the program at most.
  private static let backlogLimit = 256 << 20
  private static let readSize = 65_536
  /// Lines of `log` in a second at most: more would fill the disk of a run that takes weeks.
  private static let logLimit = 100
  /// Reads in one step, so that one which prints without end does not hold up the loop; more than a pipe holds.
  private static let readLimit = 32
  /// A deadline that was passed by so much was slept through by this process, and perhaps by the program.
  private static let lateness = Duration.seconds(1)

  /// Starts the program and says hello.
  /// - Parameter log: the file to which its standard error is added.
  init(
    _ options: SchedulerProgram, _ specification: RunSpecification, directory: String, log: String
  ) throws(ServiceError) {
    self.options = options
    self.specification = specification
    do {
      errors = try ProgramErrors(path: log)
      let toProgram = try ProgramPipe()
      let fromProgram = try ProgramPipe()
      var request = ProcessRequest(
        arguments: options.command,
        environment: ProcessInfo.processInfo.environment.map { "\($0.key)=\($0.value)" }, directory: directory,
        input: toProgram.read, output: fromProgram.write, error: errors.file)
      // A coordinator that is killed takes it along; its children see the end of their input.
      request.deathSignal = SIGKILL
      process = try ProcessHandle(try ChildProcess.start(request))
      input = toProgram.write
      output = fromProgram.read
      try toProgram.write.stopWaiting()
      try fromProgram.read.stopWaiting()
    } catch {
      throw ServiceError(.runFailed, "\(Self.name(options)) was not started: \(error)")
    }
    tell([SchedulerTelling(specification).hello])
  }

  private static func name(_ options: SchedulerProgram) -> String {
    "the scheduler's program (\(Presentation.printable(options.command.joined(separator: " "))))"
  }

  // MARK: Saying

  func tell(_ events: [JSONValue]) {
    guard case .running = state, input != nil else { return }
    for event in events {
      outgoing += event.jsonBytes()
      outgoing.append(UInt8(ascii: "\n"))
    }
    flush()
  }

  /// Asks what a slot gets; the answer is due within `patience`.
  func ask(within patience: Duration) {
    guard case .running = state else { return }
    self.patience = patience
    deadline = HostClock.now + patience
    tell([SchedulerTelling.suggest])
  }

  /// Nothing is asked any more: its input ends, and it may go.
  func leave() {
    guard case .running = state else { return }
    state = .leaving
    deadline = nil
    letGo()
  }

  /// What it has not read yet does not matter any more, and what it still prints is not read: it fills no memory, and
  /// keeps nobody awake.
  private func letGo() {
    (input, output) = (nil, nil)
    (outgoing, sent, incoming) = ([], 0, [])
  }

  private func flush() {
    guard let input else { return }
    while sent < outgoing.count {
      let count = outgoing[sent...].withUnsafeBytes { write(input.number, $0.baseAddress, min($0.count, 1 << 20)) }
      if count > 0 {
        sent += count
      } else if count < 0, errno == EINTR {
        continue
      } else {
        // EPIPE: that it closed its input is told by its end, or by the answer that does not come.
        if count < 0, errno == EPIPE { self.input = nil }
        break
      }
    }
    // Moved together now and then only: a long history goes out in many pieces.
    if sent == outgoing.count || self.input == nil {
      outgoing = []
      sent = 0
    } else if sent > outgoing.count / 2 {
      outgoing.removeFirst(sent)
      sent = 0
    }
  }

  // MARK: Hearing

  /// What to wait for.
  var watched: [(descriptor: Descriptor, events: PollEvents)] {
    if case .over = state { return [] }
    var result: [(descriptor: Descriptor, events: PollEvents)] = [(process.descriptor, .readable)]
    if let output { result.append((output, .readable)) }
    if let input, sent < outgoing.count { result.append((input, .writable)) }
    return result
  }

  /// Looks what has happened.
  func step() -> [Event] {
    if case .over = state { return [] }
    flush()
    // Whether it ended is asked first: what it printed before is read all the same.
    let hasEnded = ChildProcess.hasEnded(process.pid)
    var events = read()
    let status = hasEnded ? reap() : nil
    if case .leaving = state {
      if status != nil { state = .over }
      return []
    }
    if case .failed? = events.last {
      abandon()
      if status != nil { state = .over }
    } else if let status {
      state = .over
      deadline = nil
      if saidFinish, status == .exited(0) { return events }
      events.append(.failed("\(Self.name(options)) \(Self.words(status))\(errors.tail)"))
    } else if let late = deadline.map({ HostClock.now - $0 }), late >= Self.lateness {
      deadline = HostClock.now + patience
    } else if let deadline, HostClock.now >= deadline {
      events.append(
        .failed("\(Self.name(options)) did not answer suggest within \(patience.inSeconds) s\(errors.tail)"))
      abandon()
    } else if outgoing.count - sent > Self.backlogLimit {
      events.append(.failed("\(Self.name(options)) does not read what it is told\(errors.tail)"))
      abandon()
    }
    return events
  }

  /// Its end; what it started and left behind ends with it. Until it is reaped its group's number is its own.
  private func reap() -> ExitStatus? {
    ChildProcess.signalGroup(process.pid, SIGKILL)
    return ChildProcess.reap(process.pid)
  }

  private func read() -> [Event] {
    guard let output else { return [] }
    var events: [Event] = []
    for _ in 0..<Self.readLimit {
      do throws(SystemError) {
        let bytes = try output.read(upTo: Self.readSize)
        if bytes.isEmpty {
          self.output = nil
          break
        }
        incoming += bytes
      } catch {
        if error.code != .wouldBlock { self.output = nil }
        break
      }
      events += takeLines()
      if case .failed? = events.last { return events }
    }
    return events
  }

  private func takeLines() -> [Event] {
    var events: [Event] = []
    var begin = 0
    while let end = incoming[begin...].firstIndex(of: UInt8(ascii: "\n")) {
      let line = incoming[begin..<end]
      begin = end + 1
      lines += 1
      guard line.contains(where: { $0 != 0x20 && $0 != 0x0D && $0 != 0x09 }) else { continue }
      let event = take(Array(line))
      if case .answer(.log, _) = event {
        events += heard(event)
        continue
      }
      events.append(event)
      if case .failed = event { return events }
    }
    incoming.removeFirst(begin)
    if incoming.count > SchedulerAnswer.maximumBytes {
      events.append(
        .failed("\(Self.name(options)) printed a line of more than \(SchedulerAnswer.maximumBytes) bytes\(errors.tail)")
      )
    }
    return events
  }

  /// What is kept of a `log`: so many in a second, and how many were left out.
  private func heard(_ log: Event) -> [Event] {
    var events: [Event] = []
    if HostClock.now - logs.since >= .seconds(1) {
      if logs.count > Self.logLimit {
        let text = "\(logs.count - Self.logLimit) more lines of its log were left out"
        events.append(.answer(.log(text), line: text))
      }
      logs = (HostClock.now, 0)
    }
    logs.count += 1
    if logs.count <= Self.logLimit { events.append(log) }
    return events
  }

  private func take(_ line: [UInt8]) -> Event {
    let text = Presentation.printable(String(String(decoding: line, as: UTF8.self).prefix(200)))
    do throws(SchedulerAnswerError) {
      let answer = try SchedulerAnswer(line: line, for: specification)
      if answer.isDue { deadline = nil }
      if answer == .finish { saidFinish = true }
      return .answer(answer, line: text)
    } catch {
      return .failed(
        "\(Self.name(options)) printed as line \(lines) what \(error); it printed: \(text)\(errors.tail)")
    }
  }

  private static func words(_ status: ExitStatus) -> String {
    switch status {
    case .exited(let code): "ended with status \(code)"
    case .signalled(let signal): "was ended by signal \(signal)"
    }
  }

  // MARK: The end

  /// What it says counts no more.
  private func abandon() {
    state = .leaving
    deadline = nil
    letGo()
    ChildProcess.signalGroup(process.pid, SIGTERM)
  }

  /// Ends it: first it may go by itself, then it and what it started are asked to, then they are ended.
  func end(within patience: Duration = .seconds(1)) {
    if case .over = state { return }
    leave()
    for signal in [nil, SIGTERM, SIGKILL] as [Int32?] {
      if let signal { ChildProcess.signalGroup(process.pid, signal) }
      // Also after SIGKILL, so that it is reaped.
      waitReadable(process.descriptor.number, for: patience)
      if ChildProcess.hasEnded(process.pid), reap() != nil { break }
    }
    state = .over
  }
}

/// A pipe; both ends are closed at exec.
struct ProgramPipe {
  let read: Descriptor
  let write: Descriptor

  init() throws(SystemError) {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { throw SystemError(errno, "make", "a pipe") }
    read = Descriptor(owning: ends[0])
    write = Descriptor(owning: ends[1])
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
  }
}

extension Descriptor {
  /// Reads and writes of it do not wait any more.
  func stopWaiting() throws(SystemError) {
    let flags = fcntl(number, F_GETFL)
    guard flags >= 0, fcntl(number, F_SETFL, flags | O_NONBLOCK) >= 0 else {
      throw SystemError(errno, "set up", "a pipe")
    }
  }
}

/// Where the program's standard error goes.
private struct ProgramErrors {
  let path: String
  let file: Descriptor
  /// Where what this program writes begins.
  private let begin: Int

  /// Bytes of its last words.
  private static let tailBytes = 4096

  init(path: String) throws(SystemError) {
    self.path = path
    file = try Descriptor.open(path, O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW)
    begin = try file.status().size
  }

  /// The last lines, to stand at the end of a message; empty when it wrote nothing.
  var tail: String {
    guard let size = try? file.status().size, size > begin,
      let bytes = try? file.read(at: max(begin, size - Self.tailBytes), upTo: Self.tailBytes)
    else { return "" }
    let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n").suffix(20)
    return lines.isEmpty ? "" : "; the end of its standard error (\(path)):\n" + lines.joined(separator: "\n")
  }
}
