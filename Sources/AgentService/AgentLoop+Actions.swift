import AgentCore
import HostSystem
import Messaging
import TrialSandbox
import TuningModel
import Wire

/// Carrying out what the machine wants.
extension AgentLoop {
  func perform(_ action: AgentAction) {
    switch action {
    case .connect: connect()
    case .disconnect: disconnect()
    case .send(let message): send(message)
    case .prepare(let program):
      self.program = program
      stores.program = program
      if case .shared(let folder) = program.store { home.sharedFolder = folder }
      if let refusal = confine(program) {
        events.append(.prepared(Preparation(codeHash: program.codeHash ?? "", failure: refusal)))
      } else {
        preparer.begin(program)
      }
    case .launch(let launch):
      if !slots.holdsBack(launch, occupied: machine.occupiedSlots) { start(launch) }
    case .fetch(let attempt, let source): fetch(attempt, source)
    case .cancelFetch(let attempt):
      fetcher.cancel(attempt)
      stores.cancel(attempt)
    case .store(let name): stores.put(name, from: SealFolder(home.trial(name.trial).seals))
    case .command(let attempt, let command): links[attempt]?.send(command)
    case .follow(let attempt, let after, let credit):
      // There is nothing to follow before the start.
      if !slots.isHeldBack(attempt) { follow(attempt, after: after, credit: credit) }
    case .grant(let attempt, let credit): followers[attempt]?.grant(credit)
    case .forget(let attempt): forget(attempt)
    case .deleteCheckpoints(let trial, let keeping): deleteCheckpoints(of: trial, keeping: keeping)
    case .note(let text): log.write(text)
    case .exit(let exit): end(exit)
    }
  }

  /// Why this host may take no trials; nil: it may. That they are not confined is said once.
  private func confine(_ program: Program) -> String? {
    switch TrialConfinement(program.sandbox.level) {
    case .refused(let reason): return reason
    case .unconfined(let warning):
      if let warning { log.write(warning) }
      return nil
    case .confined: return nil
    }
  }

  private func connect() {
    disconnect()
    do throws(MessagingError) {
      var control = ChannelOptions.control
      control.maximumMessage = WireLimits.controlMessageBytes
      var bulk = ChannelOptions.bulk
      bulk.maximumMessage = WireLimits.coordinatorBulkMessageBytes
      connection = try AgentConnection(
        messaging, to: context.coordinator, keys: home.keys, controlOptions: control, bulkOptions: bulk)
    } catch {
      log.write("no connection can be made: \(error.message)")
      events.append(.disconnected(.broken))
    }
  }

  private func disconnect() {
    connection?.close()
    connection = nil
    mayUseBulk = false
    outbox = []
    bulkOutbox = []
  }

  func send(_ message: AgentMessage) {
    outbox.append(message.encoded())
    flushControl()
  }

  /// Sends what the connection takes now.
  func flush() {
    for message in preparer.takeOutgoing() + fetcher.takeOutgoing() { bulkOutbox.append(message.encoded()) }
    flushControl()
    flushBulk()
  }

  private func flushControl() {
    guard !outbox.isEmpty else { return }
    // What cannot be sent for want of a connection is made good by the next hello.
    guard let control = connection?.control else { return outbox = [] }
    let sent = outbox.prefix { control.send($0) == .sent }.count
    outbox.removeFirst(sent)
  }

  private func flushBulk() {
    guard mayUseBulk, !bulkOutbox.isEmpty, let bulk = connection?.bulk, bulk.isConnected else { return }
    let sent = bulkOutbox.prefix { bulk.send($0) == .sent }.count
    bulkOutbox.removeFirst(sent)
  }

  func start(_ launch: AgentLaunch) {
    let attempt = launch.start.attempt
    do throws(LaunchFailure) {
      let client = try launcher.launch(launch)
      links[attempt] = SupervisorLink(
        attempt, folder: client.folder, run: home.run, client: client, log: log)
      log.write("attempt \(attempt) starts in slot \(launch.start.slot) up to \(launch.start.milestone)")
    } catch {
      if error.isDeviceConflict {
        slots.noteConflict(in: launch.start.slot, error.refusal.detail)
        tellSlots()
      }
      events.append(.launchFailed(attempt, error.refusal))
    }
  }

  func follow(_ attempt: TrialAttempt, after: Int, credit: Int) {
    let folder = home.trial(attempt.trial).attempt(attempt.attempt)
    if followers[attempt] == nil { watch.add(attempt, folder: folder.path) }
    let needed = program.map { [$0.resourceAttribute, $0.metric] } ?? []
    let follower = ReportFollower(
      attempt, path: folder.output, neededKeys: needed, after: after, credit: credit)
    follower.isFinal = links[attempt] == nil
    followers[attempt] = follower
  }

  func letGo(of attempt: TrialAttempt) {
    watch.remove(attempt)
    followers[attempt] = nil
    links[attempt] = nil
  }

  private func forget(_ attempt: TrialAttempt) {
    letGo(of: attempt)
    do throws(SystemError) {
      try home.trial(attempt.trial).attempt(attempt.attempt).markAcknowledged()
    } catch {
      // The next agent tells the end once more.
      log.write("attempt \(attempt) cannot be marked as acknowledged: \(error.message)")
    }
  }

  private func fetch(_ attempt: TrialAttempt, _ source: CheckpointSource) {
    let seals = SealFolder(home.trial(attempt.trial).seals)
    switch (source.holder, program?.store) {
    case (.store, .command): stores.get(attempt, source, into: seals)
    case (.store, _):
      // In the folder that all hosts mount it is there, or nowhere.
      let missing = StartRefusal(code: .checkpointMissing, detail: "\(seals.path) does not hold the checkpoint")
      events.append(seals.holds(source.seal) ? .fetched(attempt, isNews: false) : .fetchFailed(attempt, missing))
    case (.agent, _), (.coordinator, _): fetcher.begin(attempt, source, into: seals)
    }
  }

  private func deleteCheckpoints(of trial: TrialID, keeping: [Int]) {
    do throws(SystemError) {
      let isActive = machine.liveAttempts.contains { $0.trial == trial }
      let gone = try CheckpointCleaner.delete(home.trial(trial), keeping: keeping, isActive: isActive)
      if case .command = program?.store { stores.delete(trial, generations: gone) }
    } catch {
      log.write("checkpoints of trial \(trial) cannot be deleted: \(error.message)")
    }
    events.append(.checkpointsDeleted(trial))
  }
}
