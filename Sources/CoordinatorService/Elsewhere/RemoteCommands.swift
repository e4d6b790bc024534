import Foundation
import Glibc
import HostSystem
import Launching
import TuningModel

/// `--on HOST`: coordinators that run on another host, and commands that look at them or steer them from here.
public enum RemoteCommands {
  /// How a run that is started elsewhere is shown.
  public struct Showing: Sendable {
    /// Not at all: its name is printed.
    public var detaches: Bool
    public var json: Bool
    /// Further words for the coordinator there, and for `attach`.
    public var runWords: [String]
    public var attachWords: [String]

    public init(detaches: Bool, json: Bool, runWords: [String] = [], attachWords: [String] = []) {
      self.detaches = detaches
      self.json = json
      self.runWords = runWords
      self.attachWords = attachWords
    }
  }

  /// Starts a run of a cluster file of this machine on the host, where its coordinator stays, and shows it.
  public static func run(on text: String, file: String, showing: Showing, home: String = RunFolder.home) throws
    -> ExitCode
  {
    let host = try RemoteHost(text)
    let state = Files.parent(of: home)
    let files = try RemoteFiles.pack(file: file, in: state)
    defer { files.remove() }
    let bundle = try RemotePrograms.bundle(state: state)
    let talk = try RemoteConversation(host, bundle: bundle)
    try talk.bringPrograms(say: complain)
    let name = "\(UInt64(HostClock.wall.microseconds))-\(getpid())"
    let place = try talk.bringFiles(files.packed, as: name)
    files.remove()
    let (code, line) = try talk.run(
      ["run", "--detach", "--json"] + showing.runWords + ["--", "\(place)/\(files.clusterFile)"])
    guard code == 0 else {
      try? talk.drop(name)
      complain("the run was not started on \(host.text): what the coordinator there says stands above")
      if files.namesKeys { complain(keysAdvice(host)) }
      return ExitCode(rawValue: code) ?? .software
    }
    return try show(started: line, on: host, bundle, talk, showing)
  }

  /// Goes on with a run there: `resume`, or `extend`, which go on in the background.
  private static func goOn(
    _ words: [String], on host: RemoteHost, _ bundle: AgentBundle, showing: Showing
  ) throws -> ExitCode {
    let talk = try RemoteConversation(host, bundle: bundle)
    try talk.bringPrograms(say: complain)
    let (code, line) = try talk.run(words + ["--detach", "--json"])
    guard code == 0 else { return ExitCode(rawValue: code) ?? .software }
    return try show(started: line, on: host, bundle, talk, showing)
  }

  /// - Parameters:
  ///   - line: the object that `--detach --json` printed.
  ///   - talk: held to the end: an SSH agent that was forwarded is there as long.
  private static func show(
    started line: String, on host: RemoteHost, _ bundle: AgentBundle, _ talk: RemoteConversation, _ showing: Showing
  ) throws -> ExitCode {
    let record = try? JSONValue(parsing: Array(line.utf8))
    guard let record, let run = record.text("run") else {
      // A request that a running coordinator has carried out.
      Commands.show(line)
      return .success
    }
    let attach = "pasha-coord attach --on \(host.text) \(run)"
    if showing.detaches {
      if showing.json {
        var members: [JSONValue.Member] = [.init("run", .string(run)), .init("host", .string(host.text))]
        if let pid = record.whole("pid") { members.append(.init("pid", .int(pid))) }
        Commands.show(JSONValue.object(members).jsonText(.strict))
      } else {
        Commands.show(run)
      }
      return .success
    }
    complain("\(run) runs on \(host.text), whether it is watched or not; `\(attach)` shows it again")
    defer { withExtendedLifetime(talk) {} }
    return try command(
      ["attach"] + showing.attachWords + (showing.json ? ["--json"] : []) + ["--", run], on: host, bundle)
  }

  // MARK: Other commands

  /// Commands whose files are on this machine, or that are no use elsewhere, with the way out.
  private static let here: [String: String] = [
    "check": "checks from this machine; the run that is started with --on is checked before anything is done there",
    "plan": "reads files of this machine and takes long: log in there and run it there",
    "benchmark": "reads files of this machine and takes long: log in there and run it there",
    "simulate": "needs no hosts: run it here",
    "reload": "takes a file of this machine: copy it to the host, log in there, and reload it there",
    "export": "writes files on the host: log in there",
  ]

  /// Carries out a command on the host.
  /// - Parameter words: the command with its arguments, without `--on HOST`.
  public static func pass(_ words: [String], on text: String, home: String = RunFolder.home) throws -> ExitCode {
    let host = try RemoteHost(text)
    let name = words.first ?? ""
    if let reason = here[name] { throw ServiceError(.usage, "\(name) takes no --on: it \(reason)") }
    if let word = words.first(where: { word in
      ["-o", "--output", "--serve"].contains { word == $0 || word.hasPrefix($0 + "=") }
    }) {
      throw ServiceError(
        .usage, "\(word) and --on do not go together: the file, or the server, would be on \(host.text)")
    }
    let bundle = try RemotePrograms.bundle(state: Files.parent(of: home))
    let options = words.prefix { $0 != "--" }
    let isOfTrial = name == "resume" && options.contains { $0 == "--trial" || $0.hasPrefix("--trial=") }
    let helps = options.contains("--help") || options.contains("-h")
    if ["extend", "resume"].contains(name), !isOfTrial, !helps {
      let own: Set<String> = ["--detach", "--json", "--quiet", "-q", "--plain"]
      let showing = Showing(detaches: options.contains("--detach"), json: options.contains("--json"))
      return try goOn(words.filter { !own.contains($0) }, on: host, bundle, showing: showing)
    }
    return try command(words, on: host, bundle)
  }

  /// Runs a command there, with this process's input and output.
  private static func command(_ words: [String], on host: RemoteHost, _ bundle: AgentBundle) throws -> ExitCode {
    // With a terminal there, input is the terminal's and standard error comes with the output.
    let hasTerminal = [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO].allSatisfy { isatty($0) == 1 }
    var hasBrought = false
    while true {
      let input = try hasTerminal ? Descriptor.duplicate(STDIN_FILENO) : Descriptor.open("/dev/null", O_RDONLY)
      let process = try host.start(
        RemoteScripts.command(words, hash: bundle.hash), hasTerminal: hasTerminal, input: input,
        output: try Descriptor.duplicate(STDOUT_FILENO), error: try Descriptor.duplicate(STDERR_FILENO))
      let status = wait(for: process)
      guard status == .exited(RemoteScripts.absent), !hasBrought else { return try result(status, words, host) }
      hasBrought = true
      let talk = try RemoteConversation(host, bundle: bundle)
      try talk.bringPrograms(say: complain)
    }
  }

  /// Waits for its end. Ctrl-C is for the client here, which ends by it; then this process says how to go on.
  private static func wait(for process: ProcessHandle) -> ExitStatus {
    let before = signal(SIGINT, SIG_IGN)
    defer { signal(SIGINT, before) }
    while true {
      waitReadable(process.descriptor.number, for: .seconds(3600))
      if let status = ChildProcess.reap(process.pid) { return status }
    }
  }

  private static func result(_ status: ExitStatus, _ words: [String], _ host: RemoteHost) throws -> ExitCode {
    let isAttached = words.first == "attach"
    let again =
      isAttached
      ? "; `pasha-coord attach --on \(host.text)\(words.last.map { $0 == "attach" ? "" : " \($0)" } ?? "")` shows it again"
      : ""
    switch status {
    case .exited(255):
      throw ServiceError(
        .connectionLost,
        "the connection to \(host.text) failed or is lost; what ssh says of it stands above. "
          + (isAttached ? "A run there goes on" + again : "Try `ssh \(host.text) true`"))
    case .exited(Int(ExitCode.abandoned.rawValue)), .signalled(Int(SIGINT)):
      if isAttached { complain("the run goes on on \(host.text)" + again) }
      return .abandoned
    case .exited(let code): return ExitCode(rawValue: Int32(code)) ?? .software
    case .signalled(let number):
      throw ServiceError(.connectionLost, "ssh was ended by signal \(number)" + again)
    }
  }

  private static func keysAdvice(_ host: RemoteHost) -> String {
    "the cluster file names keys or an SSH configuration (identity_file, ssh_config): those are files of \(host.text), "
      + "and are never copied there. Put them there under the same path, or leave them out where ~/.ssh of \(host.text) or an "
      + "SSH agent that runs there knows the hosts; keys of this machine serve through agent forwarding (ForwardAgent yes "
      + "for \(host.text)) only as long as you are attached"
  }
}
