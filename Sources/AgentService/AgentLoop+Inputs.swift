import AgentCore
import HostSystem
import Messaging
import TuningModel
import Wire

/// Taking in what came: from the coordinator, from supervisors, from logs.
extension AgentLoop {
  func takeControl() {
    for _ in 0..<Self.batch {
      guard outcome == nil, let event = connection?.control.receive() else { return }
      switch event {
      case .connected: tell(.connected)
      case .disconnected: tell(.disconnected(.broken))
      case .refused: tell(.disconnected(.refused))
      case .wrongServer: tell(.disconnected(.wrongPeer))
      case .malformed(let frames):
        log.write("a message of \(frames) frames came on the control socket")
        tell(.disconnected(.broken))
      case .message(let bytes):
        do throws(WireError) {
          tell(.received(try CoordinatorMessage(decoding: bytes)))
        } catch {
          log.write("a message of the coordinator was not understood: \(error)")
          tell(.disconnected(.broken))
        }
      }
    }
  }

  func takeBulk() {
    for _ in 0..<Self.batch {
      guard outcome == nil, let event = connection?.bulk.receive() else { return }
      switch event {
      case .connected:
        bulkOutbox = [AgentBulkMessage.hello.encoded()]
        preparer.bulkConnected()
        fetcher.bulkConnected()
      case .disconnected: bulkOutbox = []
      case .refused, .wrongServer, .malformed: break
      case .message(let bytes):
        do throws(WireError) {
          take(try CoordinatorBulkMessage(decoding: bytes))
        } catch {
          log.write("a bulk message of the coordinator was not understood: \(error)")
        }
      }
      flush()
    }
  }

  private func take(_ message: CoordinatorBulkMessage) {
    switch message {
    case .logRequest(let number, let request):
      // Who asks for more than the socket takes gets no answer to some, and asks again.
      guard bulkOutbox.count < Self.answerLimit else { return }
      bulkOutbox.append(AgentBulkMessage.logChunk(request: number, LogReader.answer(request, in: home)).encoded())
    case .checkpointRequest(let request):
      guard bulkOutbox.count < Self.answerLimit else { return }
      bulkOutbox.append(AgentBulkMessage.checkpointAnswer(pieces.answer(request)).encoded())
    case .checkpointAnswer(let answer): fetcher.take(answer)
    case .manifest, .chunk, .noSuchTree: preparer.take(message)
    }
  }

  func takeSupervisors() {
    let now = HostClock.now
    for attempt in links.keys.sorted() {
      guard let link = links[attempt] else { continue }
      if link.hasUnsent { link.flush() }
      for event in link.receive() {
        // What the trial printed before its supervisor spoke is told before.
        takeLog(of: attempt)
        tell(.supervisor(attempt, event))
      }
      guard let end = link.step(at: now) else { continue }
      links[attempt] = nil
      followers[attempt]?.isFinal = true
      followers[attempt]?.isDirty = true
      tell(.supervisorGone(attempt, end))
    }
  }

  func takeLogs() {
    logsLookedAt = HostClock.now
    if let changed = watch.changes() {
      for attempt in changed { followers[attempt]?.isDirty = true }
    } else {
      for follower in followers.values { follower.isDirty = true }
    }
    for attempt in followers.keys.sorted() { takeLog(of: attempt) }
  }

  private func takeLog(of attempt: TrialAttempt) {
    guard let follower = followers[attempt], follower.hasWork else { return }
    let reports = follower.read()
    if !reports.isEmpty { tell(.reportsRead(attempt, reports)) }
    if follower.isFinished { tell(.logFinished(attempt)) }
  }

  func takeCheckpoints() {
    let now = HostClock.now
    fetcher.step(at: now)
    stores.step(at: now)
    for event in fetcher.takeEvents() + stores.takeEvents() { tell(event) }
  }

  func takePreparation() {
    preparer.step(at: HostClock.now)
    if let result = preparer.takeResult() { tell(.prepared(result)) }
  }
}
