import Chronicle
import Coordination
import Foundation
import HostSystem
import LiveScreen
import Presentation
import TuningModel

/// Shows a run on the terminal until it ends or somebody leaves. It reads the journal as anybody may and asks the
/// coordinator as commands do: whatever becomes of it, the run goes on.
final class RunViewer {
  enum Outcome: Equatable {
    /// Over, or paused.
    case ended
    /// Somebody left.
    case left
    /// The signal that ended it, with its usual effect still to come.
    case signalled(Int32)
    /// The terminal is gone.
    case hungUp
  }

  /// The coordinator that the view has started itself.
  struct Child {
    var handle: ProcessHandle
    /// Its questions come here.
    var link: Descriptor
  }

  /// What threads that ask the coordinator bring back.
  private enum Report: Sendable {
    case look(CoordinatorPresence, hosts: JSONValue?)
    case ordered(Order, problem: String?)
  }

  private enum Token {
    static let (keys, signals, journal, reports, child, link, log, screen, other) = (0, 1, 2, 3, 4, 5, 6, 7, 8)
  }

  private let folder: RunFolder
  private let terminal: Terminal
  private let glyphs: Glyphs
  private let child: Child?
  private let loop: EventLoop
  private let signals: SignalWatch
  private let mailbox: Mailbox<Report>
  private(set) var feed: JournalFeed
  private var writer: FrameWriter
  private var interaction = Interaction()
  private var keys = KeyReader()
  private var around: RunScreen.Surroundings
  private var screen = RunScreen()
  private var log: CoordinatorLog?
  /// The coordinator, where somebody else has started it: its end is told by the kernel.
  private var other: ProcessHandle?
  private var outcome: Outcome?
  private var interrupts = 0

  private var isStale = true
  private var lastFrame: Instant?
  private var nextTick: Instant
  private var nextLook: Instant
  private var isLooking = false
  /// Whether it is known who runs the run.
  private var hasLooked: Bool
  private var isLinkOpen = true

  /// Frames in a second at most: ten of them, two while a long journal is read, and more where keys are pressed.
  private var framePause: Duration { .milliseconds(feed.hasCaughtUp ? 100 : 500) }
  private static let keyPause = Duration.milliseconds(25)
  private static let escapePause = Duration.milliseconds(60)
  /// How often the coordinator is asked for what stands in no journal: what becomes of hosts that are not in touch.
  private static let lookPause = Duration.seconds(5)
  private static let troubledLookPause = Duration.seconds(1)

  init(_ folder: RunFolder, child: Child? = nil) throws {
    self.folder = folder
    self.child = child
    let environment = ProcessInfo.processInfo.environment
    glyphs = Glyphs { environment[$0] }
    writer = FrameWriter(palette: FrameWriter.Palette(hasColour: (environment["NO_COLOR"] ?? "").isEmpty))
    terminal = try Terminal()
    feed = try JournalFeed(folder)
    loop = try EventLoop()
    mailbox = try Mailbox()
    signals = try SignalWatch([SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH, SIGTSTP, SIGCONT])
    around = RunScreen.Surroundings(
      presence: child.map { .running(pid: $0.handle.pid) } ?? .none,
      now: Stamp(wall: HostClock.wall, active: .zero))
    around.isLoading = true
    hasLooked = child != nil
    nextTick = HostClock.now
    nextLook = HostClock.now
    try loop.watch(number: STDIN_FILENO, token: Token.keys)
    try loop.watch(signals.descriptor, token: Token.signals)
    try loop.watch(feed.descriptor, token: Token.journal)
    try loop.watch(number: mailbox.wakeup.descriptor, token: Token.reports)
    if let child {
      try loop.watch(child.handle.descriptor, token: Token.child)
      try loop.watch(child.link, token: Token.link)
    }
  }

  var state: RunState { feed.chronicle.state }

  /// Shows the run. The terminal is as it was when this returns or throws.
  func run() throws -> Outcome {
    terminal.take()
    defer {
      terminal.giveBack()
      signals.release()
    }
    while true {
      if let outcome { return outcome }
      try step()
    }
  }

  private func step() throws {
    drawWhenDue()
    let ready = try loop.wait(for: waitingTime())
    var isJournalNews = false
    for item in ready {
      switch item.token {
      case Token.keys: readKeys()
      case Token.signals: while let signal = signals.next() { take(signal) }
      case Token.journal:
        if try !feed.acknowledge().isDisjoint(with: ["control.sock", "lock"]) { nextLook = HostClock.now }
        isJournalNews = true
      case Token.reports: for report in mailbox.take() { take(report) }
      case Token.child:
        try readAll()
        outcome = .ended
      case Token.link: readLink()
      case Token.log: isJournalNews = true
      case Token.screen: continueWriting()
      case Token.other:
        other.map { loop.ignore($0.descriptor) }
        (other, log) = (nil, nil)
        nextLook = HostClock.now
      default: break
      }
    }
    if !ready.contains(where: { $0.token == Token.keys }), keys.isWaiting, ready.isEmpty {
      press(keys.settle())
    }
    if isJournalNews || feed.pause != nil, ready.isEmpty || isJournalNews || !feed.hasCaughtUp { try readJournal() }
    if HostClock.now >= nextLook { look() }
  }

  // MARK: Time

  private func waitingTime() -> Duration? {
    let now = HostClock.now
    var waits: [Duration] = []
    if let pause = feed.pause { waits.append(pause) }
    if keys.isWaiting { waits.append(Self.escapePause) }
    if isStale, terminal.isTaken, terminal.isReady, let last = lastFrame {
      waits.append(max(.zero, last + framePause - now))
    }
    if isGoingOn { waits.append(max(.zero, nextTick - now)) }
    if !isLooking, isGoingOn || around.presence == .none { waits.append(max(.zero, nextLook - now)) }
    return waits.min()
  }

  /// Whether ages grow.
  private var isGoingOn: Bool { state.end == nil && !state.isSuspended && around.presence.isThere }

  // MARK: Drawing

  private func drawWhenDue() {
    let now = HostClock.now
    if isGoingOn, now >= nextTick {
      isStale = true
      nextTick = now + .seconds(1)
    }
    guard isStale, terminal.isTaken, terminal.isReady else { return }
    if let last = lastFrame, now - last < framePause { return }
    draw()
  }

  private func look(at chronicle: Chronicle) {
    around.now = moment()
    around.isLoading = !feed.hasCaughtUp || !hasLooked
    around.notes = log?.notes ?? []
    screen = RunScreen(chronicle, around, name: folder.name, listsTrials: interaction.isChoosing)
  }

  private func draw() {
    look(at: feed.chronicle)
    isStale = false
    lastFrame = HostClock.now
    let size = terminal.size
    let picture = Layout(columns: size.columns, rows: size.rows, glyphs: glyphs).picture(screen, interaction)
    let bytes = writer.bytes(for: picture, columns: size.columns, glyphs: glyphs)
    guard !bytes.isEmpty else { return }
    terminal.write(bytes)
    if !terminal.isReady { try? loop.watch(number: terminal.descriptor, .writable, token: Token.screen) }
  }

  private func continueWriting() {
    terminal.writePending()
    if terminal.isReady { loop.ignore(number: terminal.descriptor) }
  }

  /// How long the run has been up goes on with the clock, as long as a coordinator runs it.
  private func moment() -> Stamp {
    let wall = HostClock.wall
    guard let last = state.lastStamp else { return Stamp(wall: wall, active: .zero) }
    guard isGoingOn else { return last }
    let since = max(0, wall.seconds - last.wall.seconds)
    return Stamp(wall: wall, active: last.active + .milliseconds(Int64(min(since, 1e9) * 1000)))
  }

  // MARK: Journal

  private func readJournal() throws {
    log?.read()
    // A piece at a time while the journal is long; keys come between.
    let news = try feed.read()
    if news == .hosts { nextLook = HostClock.now }
    if feed.hasCaughtUp, var own = log {
      own.decide(feed.recent, now: HostClock.wall)
      log = own
    }
    if news != .none || log != nil { isStale = true }
    guard feed.hasCaughtUp, child == nil else { return }
    if state.end != nil || state.isSuspended { outcome = .ended }
  }

  /// Everything that is there: nobody writes any more.
  private func readAll() throws {
    repeat {} while try feed.read() != .none || !feed.hasCaughtUp
  }

  // MARK: The coordinator

  private func look() {
    guard !isLooking, !(state.end != nil || state.isSuspended) || !feed.hasCaughtUp else {
      nextLook = HostClock.now + Self.lookPause
      return
    }
    isLooking = true
    let folder = self.folder
    let mailbox = self.mailbox
    let thread = WorkerThread(name: "pasha-look") {
      let presence = folder.service
      var hosts: JSONValue?
      if case .running = presence {
        let text = folder.ask(.object([.init("op", .string("hosts_json"))]), within: .seconds(5))?.text("text")
        hosts = text.flatMap { try? JSONValue(parsing: $0, limits: JSONLimits(bytes: ControlSocket.answerLimit)) }
      }
      mailbox.post(.look(presence, hosts: hosts))
    }
    if thread == nil { isLooking = false }
    nextLook = HostClock.now + Self.lookPause
  }

  private func take(_ report: Report) {
    isStale = true
    switch report {
    case .look(let presence, let hosts):
      isLooking = false
      hasLooked = true
      around.presence = presence
      around.hosts = [:]
      var isTroubled = !presence.isThere
      if case .array(let all)? = hosts {
        for host in all {
          guard let name = host.text("host") else { continue }
          let word = host.text("state") ?? ""
          around.hosts[name] = (word, host.text("reason") ?? "", host.text("next") ?? "")
          let known = HostHealth.Word.allCases.first { $0.text == word }
          if let known, known < .leaving { isTroubled = true }
        }
      }
      nextLook = HostClock.now + (isTroubled && presence.isThere ? Self.troubledLookPause : Self.lookPause)
      follow(presence.pid)
    case .ordered(let order, nil):
      interaction.say(order.done)
      nextLook = HostClock.now
    case .ordered(_, let problem?): interaction.say(problem, .warning)
    }
  }

  /// Another coordinator may print into another log.
  private func follow(_ pid: Int?) {
    if child == nil, let pid, other?.pid != pid, let handle = try? ProcessHandle(pid) {
      other.map { loop.ignore($0.descriptor) }
      try? loop.watch(handle.descriptor, token: Token.other)
      (other, log) = (handle, nil)
    }
    guard log == nil, let pid, let found = CoordinatorLog(folder, coordinator: pid) else { return }
    log = found
    try? loop.watch(found.descriptor, token: Token.log)
    log?.read()
    if feed.hasCaughtUp { log?.decide(feed.recent, now: HostClock.wall) }
  }

  private func carryOut(_ order: Order) {
    let folder = self.folder
    let mailbox = self.mailbox
    let question = JSONValue.object(order.question)
    let thread = WorkerThread(name: "pasha-order") {
      guard let answer = folder.ask(question) else {
        return mailbox.post(.ordered(order, problem: "the coordinator does not answer"))
      }
      mailbox.post(.ordered(order, problem: answer.text("error")))
    }
    if thread == nil { interaction.say("the system has no room for one more thread", .warning) }
  }

  // MARK: Keys and signals

  private func readKeys() {
    guard let bytes = terminal.read() else {
      outcome = .hungUp
      return
    }
    press(keys.read(bytes))
  }

  private func press(_ pressed: [Key]) {
    for key in pressed {
      switch interaction.press(key, screen) {
      case .leave: outcome = .left
      case .order(let order): carryOut(order)
      case .answer(let secret): answer(secret)
      case nil: break
      }
      // The next key may choose among them already.
      if interaction.isChoosing, !screen.listsTrials { look(at: feed.chronicle) }
    }
    guard !pressed.isEmpty, terminal.isTaken, terminal.isReady else { return }
    if let last = lastFrame, HostClock.now - last < Self.keyPause {
      isStale = true
    } else {
      draw()
    }
  }

  private func take(_ signal: Int32) {
    switch signal {
    case SIGWINCH: isStale = true
    case SIGTSTP: putAside()
    case SIGCONT: if terminal.isTaken { show() }
    case SIGINT where child != nil, SIGTERM where child != nil:
      interrupts += 1
      child?.handle.signal(SIGINT)
      interaction.say(
        interrupts == 1
          ? "pausing; once more (Ctrl-C) ends at once and leaves the agents running"
          : "the coordinator ends; the agents go on", .warning)
      isStale = true
    case SIGHUP where child != nil: outcome = .hungUp
    default: outcome = .signalled(signal)
    }
  }

  /// Ctrl-Z: the shell has its terminal, until it lets this process go on.
  private func putAside() {
    terminal.giveBack()
    var set = sigset_t()
    sigemptyset(&set)
    sigaddset(&set, SIGTSTP)
    raise(SIGTSTP)
    pthread_sigmask(SIG_UNBLOCK, &set, nil)
    pthread_sigmask(SIG_BLOCK, &set, nil)
    show()
  }

  private func show() {
    terminal.take()
    writer.forget()
    isStale = true
    lastFrame = nil
  }

  // MARK: Questions of the coordinator

  private func readLink() {
    guard let child, isLinkOpen else { return }
    while true {
      switch UnixSocket.receive(child.link, limit: 1 << 16) {
      case .packet(let bytes):
        guard let question = try? JSONValue(parsing: bytes), let file = question.text("ask") else { continue }
        let isRetry = question.member("retry") == .bool(true)
        interaction.ask("\(isRetry ? "wrong passphrase; " : "")passphrase of \(file):")
        isStale = true
      case .nothing: return
      case .closed, .tooLong:
        isLinkOpen = false
        loop.ignore(child.link)
        return
      }
    }
  }

  private func answer(_ secret: String?) {
    guard let child, isLinkOpen else { return }
    let answer = JSONValue.object([.init("secret", secret.map { .string($0) } ?? .null)])
    _ = try? UnixSocket.send(child.link, answer.jsonBytes(.strict))
  }
}

extension Order {
  /// As the coordinator is asked.
  var question: [JSONValue.Member] {
    func about(_ operation: String, _ trial: Int? = nil, _ host: String? = nil) -> [JSONValue.Member] {
      [.init("op", .string(operation))] + (trial.map { [.init("trial", .int($0))] } ?? [])
        + (host.map { [.init("host", .string($0))] } ?? [])
    }
    return switch self {
    case .pauseTrial(let trial): about("pause", trial)
    case .resumeTrial(let trial): about("resume_trial", trial)
    case .stopTrial(let trial): about("stop", trial)
    case .pauseRun: about("pause")
    case .stopRun: about("stop")
    case .drainHost(let host): about("drain_host", nil, host)
    case .returnHost(let host): about("return_host", nil, host)
    }
  }
}
