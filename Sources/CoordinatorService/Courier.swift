import Coordination
import Foundation
import FoundationNetworking
import HostSystem
import Presentation
import TuningModel
import Wire

/// Delivers one message: runs a command, or posts to a webhook. Waits for it, within bounds.
struct Courier {
  /// Why a message was not taken.
  struct Failure {
    var text: String
    /// Another try would end the same.
    var isHopeless = false
  }

  let folder: RunFolder
  /// Becomes readable when the run is at its end.
  let end: Wakeup?
  let note: @Sendable (String) -> Void

  /// How long a command and a server may take; at the end of a run what is left of its patience.
  private static let commandLimit = Duration.seconds(60)
  private static let webhookLimit = Duration.seconds(20)
  private static let endLimit = Duration.seconds(10)
  /// A log beyond that is begun anew.
  private static let logLimit = 4 << 20

  /// The target in a line of the log, without what may be a secret.
  func name(_ target: NotificationTarget) -> String {
    switch target.way {
    case .command(let command):
      return "the command of notifications (\(Presentation.printable(String(command.prefix(60)))))"
    case .webhook(let address, _):
      let host = address.split(separator: "//", maxSplits: 1).last?.prefix { !"/:?#@".contains($0) } ?? ""
      let isKnown = !host.isEmpty && !host.contains("$")
      return "the webhook at \(isKnown ? Presentation.printable(String(host)) : "an address of the environment")"
    }
  }

  /// - Returns: nil: it was taken.
  func deliver(_ parcel: NewsDesk.Parcel, until deadline: Instant?) -> Failure? {
    switch parcel.target.way {
    case .command(let command): run(command, parcel, until: deadline).map { Failure(text: $0) }
    case .webhook(let address, let headers): post(parcel, to: address, headers, until: deadline)
    }
  }

  // MARK: Commands

  /// - Returns: what went wrong.
  private func run(_ command: String, _ parcel: NewsDesk.Parcel, until deadline: Instant?) -> String? {
    do {
      if let size = try Files.status(folder.notificationLog)?.size, size > Self.logLimit {
        try Files.removeFile(folder.notificationLog)
      }
      let log = try Descriptor.open(folder.notificationLog, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW)
      // A file in place of a pipe: a command that does not read holds up nobody.
      let path = folder.path + "/.notification-\(getpid())"
      let input = try Descriptor.open(path, O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW)
      try Files.removeFile(path)
      try input.write(parcel.json(run: folder.name).jsonBytes() + [10], at: 0)
      let pid = try ChildProcess.start(
        ProcessRequest(
          arguments: ["/bin/sh", "-c", command], environment: environment(parcel),
          directory: Files.parent(of: folder.originPath), input: input, output: log, error: log))
      let process = try ProcessHandle(pid)
      let isOver = wait(for: process.descriptor.number, Self.commandLimit, until: deadline)
      // What it left in the background goes on only if it made itself a session of its own.
      ChildProcess.signalGroup(pid, SIGKILL)
      if !isOver { waitReadable(process.descriptor.number, for: .seconds(5)) }
      let status = ChildProcess.reap(pid)
      guard isOver else { return "took longer than \(Self.seconds(Self.commandLimit)) and was ended" }
      switch status {
      case .exited(0): return nil
      case .exited(let code): return "ended with status \(code); what it printed is in \(folder.notificationLog)"
      case .signalled(let number): return "was ended by signal \(number)"
      case nil: return "is lost"
      }
    } catch {
      return "\(error)"
    }
  }

  private func environment(_ parcel: NewsDesk.Parcel) -> [String] {
    var values = ProcessInfo.processInfo.environment
    values["PASHA_EVENT"] = parcel.name
    values["PASHA_RUN"] = folder.name
    values["PASHA_RUN_FOLDER"] = folder.path
    values["PASHA_MESSAGE"] = String(parcel.message.prefix(16_384))
    values["PASHA_COUNT"] = "\(parcel.count)"
    let event = parcel.events.last
    values["PASHA_TRIAL"] = event?.trial.map { "\($0)" }
    values["PASHA_HOST"] = event?.host
    for member in event?.details ?? [] where ["metric", "value", "resource", "config"].contains(member.key) {
      values["PASHA_" + member.key.uppercased()] =
        if case .string(let text) = member.value { text } else { member.value.jsonText(.strict) }
    }
    return values.map { "\($0.key)=\($0.value)" }.filter { !$0.utf8.contains(0) }
  }

  // MARK: Webhooks

  private final class Answer: Sendable {
    let failure = Locked<Failure?>(Failure(text: "there was no answer"))
    let wakeup: Wakeup

    init(_ wakeup: Wakeup) { self.wakeup = wakeup }
  }

  private func post(
    _ parcel: NewsDesk.Parcel, to address: String, _ headers: [NotificationTarget.Header], until deadline: Instant?
  ) -> Failure? {
    let filled: (address: String, headers: [NotificationTarget.Header])
    do throws(MissingVariable) {
      filled = (try Self.fill(address), try headers.map(Self.fill))
    } catch {
      return Failure(text: error.description, isHopeless: true)
    }
    guard let url = URL(string: filled.address), let scheme = url.scheme?.lowercased(),
      ["http", "https"].contains(scheme), url.host != nil
    else { return Failure(text: "its address is none", isHopeless: true) }
    guard let wakeup = Wakeup() else { return Failure(text: "no file descriptor is left (ulimit -n)") }
    var request = URLRequest(url: url, timeoutInterval: Self.webhookLimit.inSeconds)
    request.httpMethod = "POST"
    request.httpBody = Data(parcel.json(run: folder.name).jsonBytes())
    request.setValue("application/json", forHTTPHeaderField: "Content-Type")
    request.setValue("pasha/\(PashaVersion.current)", forHTTPHeaderField: "User-Agent")
    for header in filled.headers { request.setValue(header.value, forHTTPHeaderField: header.name) }
    let session = URLSession(configuration: .ephemeral)
    defer { session.invalidateAndCancel() }
    let answer = Answer(wakeup)
    session.dataTask(with: request) { _, response, error in
      answer.failure.withLock { failure in
        if let error {
          failure = Failure(text: "cannot be reached: \(Presentation.printable(error.localizedDescription))")
        } else if let code = (response as? HTTPURLResponse)?.statusCode {
          failure = Self.failure(of: code)
        }
      }
      answer.wakeup.signal()
    }.resume()
    let isOver = wait(for: wakeup.descriptor, Self.webhookLimit, until: deadline)
    if isOver { return answer.failure.withLock { $0 } }
    return Failure(text: "did not answer within \(Self.seconds(Self.webhookLimit))")
  }

  /// What is wrong with a request does not change; that a server is busy does (RFC 9110, section 15.5; 429: RFC 6585).
  private static func failure(of code: Int) -> Failure? {
    if (200..<300).contains(code) { return nil }
    let mayPass = code >= 500 || [408, 425, 429].contains(code)
    return Failure(text: "answered with \(code)", isHopeless: !mayPass)
  }

  struct MissingVariable: Error, CustomStringConvertible {
    let name: String
    var description: String { "the environment of the coordinator has no variable \(name)" }
  }

  private static func fill(_ header: NotificationTarget.Header) throws(MissingVariable) -> NotificationTarget.Header {
    NotificationTarget.Header(name: header.name, value: try fill(header.value))
  }

  /// The text with `${NAME}` replaced.
  static func fill(
    _ text: String, environment: [String: String] = ProcessInfo.processInfo.environment
  ) throws(MissingVariable) -> String {
    var result = ""
    var rest = text[...]
    while let start = rest.range(of: "${"), let end = rest[start.upperBound...].firstIndex(of: "}") {
      result += rest[..<start.lowerBound]
      let name = String(rest[start.upperBound..<end])
      guard let value = environment[name] else { throw MissingVariable(name: name) }
      result += value
      rest = rest[rest.index(after: end)...]
    }
    return result + rest
  }

  // MARK: Waiting

  /// - Returns: whether the descriptor can be read; false: the time has passed.
  private func wait(for descriptor: CInt, _ limit: Duration, until deadline: Instant?) -> Bool {
    var last = HostClock.now + limit
    if let deadline { last = min(last, deadline) }
    var watched = [descriptor]
    if deadline == nil, let end { watched.append(end.descriptor) }
    while true {
      let left = last - HostClock.now
      guard left > .zero else { return false }
      let ready = waitReadable(anyOf: watched, for: left)
      if ready.contains(0) { return true }
      if ready.contains(1) {
        // The run is at its end: whoever is just being told has a little time more.
        watched.removeLast()
        last = min(last, HostClock.now + Self.endLimit)
      }
    }
  }

  private static func seconds(_ duration: Duration) -> String { "\(Int(duration.inSeconds)) s" }
}
