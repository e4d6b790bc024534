import Coordination
import Foundation
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
      let rest = address.split(separator: "//", maxSplits: 1).last ?? ""
      // What stands before the @ is a name and a password.
      let host = rest.prefix { !"/?#".contains($0) }.split(separator: "@").last?.prefix { $0 != ":" } ?? ""
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
      let input = try scratch()
      try input.write(parcel.json(run: folder.name).jsonBytes() + [10], at: 0)
      let output = try ProgramPipe()
      let pid = try ChildProcess.start(
        ProcessRequest(
          arguments: ["/bin/sh", "-c", command], environment: environment(parcel),
          directory: Files.parent(of: folder.originPath), input: input, output: output.write, error: output.write))
      let process = try ProcessHandle(pid)
      try output.read.stopWaiting()
      let printed = Printed(output.read)
      let isOver = wait(for: process.descriptor.number, Self.commandLimit, until: deadline, reading: printed)
      // What it left in the background goes on only if it made itself a session of its own.
      ChildProcess.signalGroup(pid, SIGKILL)
      if !isOver { waitReadable(process.descriptor.number, for: .seconds(5)) }
      let status = ChildProcess.reap(pid)
      printed.read()
      keep(printed.bytes)
      guard isOver else {
        return printed.isFull
          ? "printed more than \(Printed.limit >> 20) MiB and was ended" : "took longer than it may and was ended"
      }
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

  /// What a command prints, no more than so much of it: then it is not read any more, and waits.
  private final class Printed {
    static let limit = 1 << 20
    private let source: Descriptor
    private(set) var bytes: [UInt8] = []
    private(set) var isAtEnd = false

    init(_ source: Descriptor) { self.source = source }

    var isFull: Bool { bytes.count >= Self.limit }
    /// What is waited for to read on.
    var descriptor: CInt? { isFull || isAtEnd ? nil : source.number }

    func read() {
      while !isFull, !isAtEnd {
        guard let piece = try? source.read(upTo: min(65_536, Self.limit - bytes.count)) else { return }
        if piece.isEmpty { isAtEnd = true }
        bytes += piece
      }
    }
  }

  /// Adds to the log of the commands.
  private func keep(_ bytes: [UInt8]) {
    guard !bytes.isEmpty else { return }
    do throws(SystemError) {
      if let size = try Files.status(folder.notificationLog)?.size, size > Self.logLimit {
        try Files.removeFile(folder.notificationLog)
      }
      try folder.openForLines(folder.notificationLog).write(bytes)
    } catch {
      note("what a command of notifications printed is not kept: \(error.message)")
    }
  }

  private func environment(_ parcel: NewsDesk.Parcel) -> [String] {
    var values = ProcessInfo.processInfo.environment
    values["PASHA_EVENT"] = parcel.name
    values["PASHA_RUN"] = folder.name
    values["PASHA_RUN_FOLDER"] = folder.path
    values["PASHA_MESSAGE"] = parcel.message
    values["PASHA_COUNT"] = "\(parcel.count)"
    let event = parcel.events.last
    values["PASHA_TRIAL"] = event?.trial.map { "\($0)" }
    values["PASHA_HOST"] = event?.host
    for member in event?.details ?? [] where ["metric", "value", "resource", "config"].contains(member.key) {
      values["PASHA_" + member.key.uppercased()] =
        if case .string(let text) = member.value { text } else { member.value.jsonText(.strict) }
    }
    // No variable may be longer than 128 KiB (execve), and all are bounded together: what is long stands in the input.
    return values.map { "\($0.key)=\($0.value)" }.filter { text in
      !text.utf8.contains(0) && (text.utf8.count < 32_768 || !text.hasPrefix("PASHA_"))
    }
  }

  // MARK: Webhooks

  private func post(
    _ parcel: NewsDesk.Parcel, to address: String, _ headers: [NotificationTarget.Header], until deadline: Instant?
  ) -> Failure? {
    let filled: (address: String, headers: [NotificationTarget.Header])
    do throws(MissingVariable) {
      filled = (try Self.fill(address), try headers.map(Self.fill))
    } catch {
      return Failure(text: error.description, isHopeless: true)
    }
    let texts = [filled.address] + filled.headers.map(\.value)
    guard !texts.contains(where: { $0.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7F } }) else {
      return Failure(text: "its address or a header holds a control character", isHopeless: true)
    }
    let body = parcel.json(run: folder.name).jsonText(.strict)
    do {
      let (input, output, errors) = (try scratch(), try scratch(), try scratch())
      let content = try scratch()
      try input.write(Array(Self.request(filled.address, filled.headers).utf8), at: 0)
      try content.write(Array(body.utf8), at: 0)
      // Options on standard input: an address, or a header, may be a secret, and arguments are seen by all.
      var request = ProcessRequest(
        arguments: ["curl", "-q", "--config", "-"],
        environment: ProcessInfo.processInfo.environment.map { "\($0.key)=\($0.value)" }, directory: "/",
        input: input, output: output, error: errors)
      request.inherited = (content, 3)
      let pid: Int
      do throws(SpawnError) {
        pid = try ChildProcess.start(request)
      } catch {
        return Failure(text: "webhooks are posted by curl: \(error.message)", isHopeless: error.code == .program)
      }
      let process = try ProcessHandle(pid)
      let isOver = wait(for: process.descriptor.number, Self.webhookLimit + .seconds(2), until: deadline)
      ChildProcess.signalGroup(pid, SIGKILL)
      if !isOver { waitReadable(process.descriptor.number, for: .seconds(5)) }
      let status = ChildProcess.reap(pid)
      // A server that has said yes has, whatever it says behind that.
      let code = Int(Self.text(output)) ?? 0
      if status == .exited(0) || (200..<300).contains(code) { return Self.failure(of: code) }
      guard isOver else { return Failure(text: "did not answer in time") }
      let lines = Self.text(errors).split(separator: "\n").map(String.init)
      let words = lines.first { $0.hasPrefix("curl: (") } ?? lines.last ?? "curl did not end well"
      let isHopeless = [1, 2, 3, 4, 26, 43].contains { status == .exited($0) }
      return Failure(text: "cannot be reached: \(Presentation.printable(words))", isHopeless: isHopeless)
    } catch {
      return Failure(text: "\(error)")
    }
  }

  /// What `curl` is to do, in the form of its configuration files.
  private static func request(_ address: String, _ headers: [NotificationTarget.Header]) -> String {
    func quoted(_ text: String) -> String {
      "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    }
    let own = ["Content-Type: application/json", "User-Agent: pasha/\(PashaVersion.current)", "Expect:"]
    var lines = [
      "url = \(quoted(address))", "proto = \"=http,https\"", "globoff", "silent", "show-error",
      "output = \"/dev/null\"", "write-out = \"%{http_code}\"", "max-time = \(Int(webhookLimit.inSeconds))",
      "data-binary = \"@/dev/fd/3\"",
    ]
    // Those of the file may replace ours.
    let named = Set(headers.map { $0.name.lowercased() })
    lines += own.filter { !named.contains($0.prefix { $0 != ":" }.lowercased()) }.map { "header = \(quoted($0))" }
    lines += headers.map { "header = \(quoted("\($0.name): \($0.value)"))" }
    return lines.joined(separator: "\n") + "\n"
  }

  /// A file without a name: a program that does not read, or prints without end, holds up nobody.
  private func scratch() throws(SystemError) -> Descriptor {
    // A name of its own: targets are told at the same time.
    let path = folder.path + "/.notification-\(UUID().uuidString)"
    let file = try Descriptor.open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW)
    try Files.removeFile(path)
    return file
  }

  private static func text(_ file: Descriptor) -> String {
    String(decoding: (try? file.read(at: 0, upTo: 4096)) ?? [], as: UTF8.self)
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

  /// - Parameter printed: what is read meanwhile; nothing is waited for once it is full.
  /// - Returns: whether the descriptor can be read; false: the time has passed.
  private func wait(
    for descriptor: CInt, _ limit: Duration, until deadline: Instant?, reading printed: Printed? = nil
  ) -> Bool {
    var last = HostClock.now + limit
    if let deadline { last = min(last, deadline) }
    var isAtEnd = deadline != nil
    while true {
      let left = last - HostClock.now
      guard left > .zero, printed?.isFull != true else { return false }
      let ends = isAtEnd ? [] : [end?.descriptor].compactMap { $0 }
      let watched = [descriptor] + ends + [printed?.descriptor].compactMap { $0 }
      let ready = waitReadable(anyOf: watched, for: left)
      printed?.read()
      if ready.contains(0) { return true }
      if !ends.isEmpty, ready.contains(1) {
        // The run is at its end: whoever is just being told has a little time more.
        isAtEnd = true
        last = min(last, HostClock.now + Self.endLimit)
      }
    }
  }
}
