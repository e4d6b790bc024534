import AgentCore
import Glibc
import HostSystem
import TuningModel
import Wire

/// The poll loop of a supervisor: carries what happens to the machine, and what it decides to the processes.
final class SupervisorLoop {
  private enum Token: Int { case signals, changes, channel, listener, agent, timer }

  private let loop: EventLoop
  private let timer: DeadlineTimer
  private let signals: SignalWatch
  private let watch: CheckpointWatch
  private let trial: TrialProcess
  private let channel: TrialChannel
  private let agent: AgentLine
  private let tail: ReportTail
  private let record: SupervisedRecord
  private let kills: MemoryKills
  private let quota: CheckpointQuota?
  private let bound: ProcessBound
  /// The trial's standard error.
  private let errorPath: String

  private var machine: Supervision
  private var end: SupervisionEnd?
  private var exitTold = false
  private var overwritingTold = false
  /// It was ended here, and not by the kernel for want of memory.
  private var isEnded = false
  /// There is more in the log than was read in one turn.
  private var hasMoreLog = false
  /// Resources at which the trial waits, each with where the log ended when it said so: its report stands before that.
  private var waits: [(resource: Int, logEnd: Int)] = []
  /// Where the log ended when the trial had exited.
  private var exitLogEnd: Int?

  /// Bytes of the log read in one turn, so that a flood of output delays nothing else.
  private static let logBytes = 1 << 20
  /// Waits that are kept; a trial that cooperates has one.
  private static let mostWaits = 64

  init(
    plan: AttemptPlan, folder: AttemptFolder, trial: TrialProcess, watch: CheckpointWatch, agent: AgentLine,
    signals: SignalWatch, record: SupervisedRecord, kills: MemoryKills, quota: CheckpointQuota?,
    bound: ProcessBound
  ) throws(SystemError) {
    self.trial = trial
    self.watch = watch
    self.agent = agent
    self.signals = signals
    self.record = record
    self.kills = kills
    self.quota = quota
    self.bound = bound
    errorPath = folder.error
    channel = TrialChannel(trial.channel)
    tail = try ReportTail(folder.output, resourceAttribute: plan.resourceAttribute, metric: plan.metric)
    machine = Supervision(
      settings: Supervision.Settings(
        holdsAtMilestone: plan.holdsAtMilestone, settle: plan.settle, holdLimit: plan.holdLimit, grace: plan.grace),
      milestone: plan.milestone, isLast: plan.isLastMilestone, lease: plan.lease)
    loop = try EventLoop()
    timer = try DeadlineTimer()
    try loop.watch(signals.descriptor, token: Token.signals.rawValue)
    try loop.watch(watch.descriptor, token: Token.changes.rawValue)
    try loop.watch(channel.descriptor, token: Token.channel.rawValue)
    try loop.watch(agent.listener, token: Token.listener.rawValue)
    try loop.watch(timer.descriptor, token: Token.timer.rawValue)
  }

  /// Runs until no process of the trial is left.
  func run() throws(SystemError) -> SupervisionEnd {
    acceptAgent()
    tell(.started(pid: trial.pid))
    while true {
      // In this order: what the trial wrote comes before what follows from it, its end last.
      try readChanges()
      answerWaits()
      try noteProcesses()
      if let end { return end }
      checkQuota()
      checkProcesses()
      timer.set([machine.deadline, quota?.due, bound.excess == nil ? bound.due : nil].compactMap { $0 }.min())
      let ready = try loop.wait(for: hasMoreLog ? .zero : nil)
      // Time last: what the agent said while this process stood still comes before what is due.
      for source in ready where source.token != Token.timer.rawValue {
        try handle(source)
        if let end { return end }
      }
      for source in ready where source.token == Token.timer.rawValue {
        try handle(source)
        if let end { return end }
      }
    }
  }

  private func handle(_ ready: EventLoop.Ready) throws(SystemError) {
    switch Token(rawValue: ready.token) {
    case .signals:
      while let signal = signals.next() {
        if signal == SIGTERM || signal == SIGINT { tell(.terminationRequested) }
      }
    case .changes: try readChanges()
    case .channel: try readChannel(ready)
    case .listener: acceptAgent()
    case .agent: try readAgent(ready)
    case .timer: if timer.consume() { tell(.timer) }
    case nil: break
    }
  }

  // MARK: What comes in

  private func readChannel(_ ready: EventLoop.Ready) throws(SystemError) {
    if ready.isWritable { channel.flush() }
    let waiting = channel.receive()
    if !waiting.isEmpty {
      let logEnd = tail.size
      waits += waiting.prefix(Self.mostWaits - waits.count).map { ($0, logEnd) }
      try readChanges()
      answerWaits()
    }
    if channel.isClosed {
      loop.ignore(channel.descriptor)
    } else {
      try loop.change(channel.descriptor, interest(channel.hasUnsent), token: Token.channel.rawValue)
    }
  }

  private func acceptAgent() {
    let before = agent.connection
    guard let connection = agent.accept() else { return }
    if let before { loop.ignore(before) }
    do throws(SystemError) {
      try loop.watch(connection, token: Token.agent.rawValue)
      if let status = machine.status { agent.send(status) }
    } catch {
      SupervisorLog.note(error.message)
      agent.drop()
    }
  }

  private func readAgent(_ ready: EventLoop.Ready) throws(SystemError) {
    guard let connection = agent.connection else { return }
    if ready.isWritable { agent.flush() }
    guard let commands = agent.receive() else {
      // An agent may die; the trial goes on.
      loop.ignore(connection)
      agent.drop()
      return
    }
    if !commands.isEmpty { try readChanges() }
    for command in commands { tell(.command(command)) }
    try loop.change(connection, interest(agent.hasUnsent), token: Token.agent.rawValue)
  }

  private func interest(_ hasUnsent: Bool) -> EventLoop.Interest { hasUnsent ? [.readable, .writable] : .readable }

  /// Reads what the kernel tells of the log and the checkpoint, and the log itself, and puts both in one order.
  private func readChanges() throws(SystemError) {
    var changes: [CheckpointWatch.Change] = []
    var reports: [ReportTail.Report] = []
    hasMoreLog = false
    // Read again until nothing is new, so that what is told and what stands in the log belong together.
    for _ in 0..<4 {
      let fresh = watch.changes()
      for change in fresh where change != changes.last { changes.append(change) }
      let known = reports.count
      hasMoreLog = try !tail.read(upTo: Self.logBytes, into: &reports)
      if hasMoreLog || fresh.isEmpty && reports.count == known { break }
    }
    if tail.wasOverwritten { endOverwrittenTrial() }
    let writes = changes.filter { $0 == .output }.count
    var next = 0
    for (index, change) in changes.enumerated() {
      switch change {
      case .write:
        quota?.noteWrite()
        tell(.checkpointWritten)
      case .output:
        // As many as there were writes: one for each. Otherwise they count as late as possible, so that a checkpoint is
        // not believed to cover more than it does.
        let isLast = !changes[(index + 1)...].contains(.output)
        let count = writes == reports.count ? 1 : (isLast ? reports.count - next : 0)
        for report in reports[next..<(next + count)] { tell(report) }
        next += count
      }
    }
    for report in reports[next...] { tell(report) }
  }

  /// A trial whose log cannot be trusted is ended, loudly.
  private func endOverwrittenTrial() {
    guard !overwritingTold else { return }
    overwritingTold = true
    endTrial(Self.overwriting)
  }

  /// A trial whose checkpoint folder has grown too large is ended before the disk is full. What follows from it says
  /// `AttemptEnding`.
  private func checkQuota() {
    guard let quota, quota.check(at: HostClock.now), let excess = quota.excess else { return }
    endTrial(excess)
  }

  private func checkProcesses() {
    guard bound.check(at: HostClock.now, count: trial.tasks(upTo:)), let excess = bound.excess else { return }
    endTrial(excess)
  }

  /// Kills the trial and says why in its standard error.
  private func endTrial(_ reason: String) {
    isEnded = true
    SupervisorLog.note(reason)
    if let error = try? Descriptor.open(errorPath, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW) {
      try? error.write("pasha: \(reason)\n".utf8)
    }
    trial.kill()
  }

  private static let overwriting =
    "the script emptied its own standard output, and reports in it are lost: it must not open /dev/stdout anew "
    + "(or redirect to it with >), but write to the standard output it was given"

  /// Whether what stood in the log before a place has been read. Where it has not, one turn after another reads on: a
  /// trial that writes faster than its log is read holds up neither its lease nor its agent's words.
  private func hasRead(to logEnd: Int) -> Bool { !hasMoreLog || tail.position >= logEnd }

  private func answerWaits() {
    while let wait = waits.first, hasRead(to: wait.logEnd) {
      waits.removeFirst()
      tell(.waiting(resource: wait.resource))
    }
  }

  private func noteProcesses() throws(SystemError) {
    let isEmpty = trial.reap()
    if let exit = trial.exit, !exitTold {
      let logEnd = exitLogEnd ?? tail.size
      exitLogEnd = logEnd
      try readChanges()
      guard hasRead(to: logEnd) else { return }
      answerWaits()
      exitTold = true
      let exit: TrialExit =
        switch exit {
        // Whatever it says of itself, its reports are not what it printed.
        case .exited(let status): .status(tail.wasOverwritten && status == 0 ? 1 : status)
        case .signalled(let signal): .signal(signal)
        }
      let wasKilled = exit == .signal(Int(SIGKILL)) || exit == .status(128 + Int(SIGKILL))
      tell(.exited(exit, outOfMemory: wasKilled && !isEnded && kills.hasIncreased()))
    }
    if machine.isEmptying, isEmpty || trial.reap() { tell(.groupEmpty) }
  }

  // MARK: What goes out

  private func tell(_ report: ReportTail.Report) {
    tell(.report(sequence: report.sequence, resource: report.resource))
  }

  private func tell(_ event: SupervisionEvent) {
    for action in machine.handle(event, at: HostClock.now) { carryOut(action) }
  }

  private func carryOut(_ action: SupervisionAction) {
    switch action {
    case .stopGroup:
      trial.stop()
      tell(.groupStopped(isSaving: trial.isSaving()))
    case .continueGroup: trial.signal(SIGCONT)
    case .terminateGroup:
      trial.signal(SIGTERM)
      trial.signal(SIGCONT)
    case .killGroup: trial.kill()
    case .tellTrial(let answer):
      channel.send(answer)
      if channel.hasUnsent {
        try? loop.change(channel.descriptor, [.readable, .writable], token: Token.channel.rawValue)
      }
    case .tellAgent(let event):
      agent.send(event)
      if agent.hasUnsent, let connection = agent.connection {
        try? loop.change(connection, [.readable, .writable], token: Token.agent.rawValue)
      }
    case .record(let milestone): record.note(milestone: milestone)
    case .finish(let end): self.end = end
    }
  }
}
