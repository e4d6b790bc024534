import ClusterFile
import Coordination
import Foundation
import HostSystem
import Presentation
import TuningModel

/// `run`, `resume` and `extend` on a terminal: the coordinator is a process in a session of its own, and this one shows it.
/// Whoever leaves the view, or loses the terminal, leaves the run as it is.
public enum ViewedRun {
  /// Whether there is a terminal to show a run on.
  public static var isPossible: Bool { Terminal.canShow() }

  public static func begin(file: String, servesPage: Bool, home: String = RunFolder.home) throws -> ExitCode {
    // Mistakes are told here, in the same words as without the view.
    _ = try ClusterFile.load(path: file)
    return try show(["run", URL(filePath: file).absoluteURL.path(percentEncoded: false)], servesPage, home)
  }

  public static func resume(run: String?, servesPage: Bool, home: String = RunFolder.home) throws -> ExitCode {
    try show(["resume", try RunFolder.find(run, in: home).path], servesPage, home)
  }

  private static func show(_ arguments: [String], _ servesPage: Bool, _ home: String) throws -> ExitCode {
    do throws(SystemError) {
      try Files.makeFolder(home, intermediates: true)
    } catch {
      throw ServiceError(.cannotCreate, "cannot make the run's folder: \(error.message)")
    }
    let log = "\(home)/.coordinator-\(getpid()).log"
    defer { try? Files.removeFile(log) }
    // Ctrl-C is the coordinator's to answer, from the first moment on.
    let signals = try SignalWatch([SIGINT, SIGTERM])
    let (own, its) = try UnixSocket.pair()
    let pid = try start(arguments + ["--console"] + (servesPage ? [] : ["--no-page"]), log: log, input: its)
    let handle = try ProcessHandle(pid)
    guard let folder = try waitUntilUp(own, handle, signals) else {
      let words = text(log)
      complain(words.isEmpty ? "the coordinator did not come up" : words)
      return code(pid)
    }
    // Warnings, and what came before the view, stay where they can be read after it.
    let words = text(log)
    if !words.isEmpty { Commands.show(words) }
    try? Files.rename(log, to: folder.log)
    let viewer = try RunViewer(folder, child: RunViewer.Child(handle: handle, link: own))
    return finish(try viewer.run(), viewer, folder, pid)
  }

  private static func start(_ arguments: [String], log: String, input: Descriptor) throws -> Int {
    let output = try Descriptor.open(log, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW)
    return try ChildProcess.start(
      ProcessRequest(
        arguments: [try ownExecutable()] + arguments,
        environment: ProcessInfo.processInfo.environment.map { "\($0.key)=\($0.value)" },
        directory: FileManager.default.currentDirectoryPath, input: input, output: output, error: output))
  }

  /// Waits until the coordinator says where its run is; nil: it has ended before.
  private static func waitUntilUp(
    _ link: Descriptor, _ handle: ProcessHandle, _ signals: SignalWatch
  ) throws -> RunFolder? {
    let loop = try EventLoop()
    try loop.watch(signals.descriptor, token: 2)
    try loop.watch(link, token: 0)
    try loop.watch(handle.descriptor, token: 1)
    var isTold = false
    while true {
      let ready = try loop.wait(for: isTold ? nil : .seconds(1))
      if ready.isEmpty, !isTold {
        isTold = true
        complain("the coordinator is starting …")
      }
      while signals.next() != nil { handle.signal(SIGINT) }
      if case .packet(let bytes) = UnixSocket.receive(link, limit: 1 << 16),
        let path = (try? JSONValue(parsing: bytes))?.text("run")
      {
        return RunFolder(path: path)
      }
      if ready.contains(where: { $0.token == 1 }) { return nil }
    }
  }

  private static func finish(
    _ outcome: RunViewer.Outcome, _ viewer: RunViewer, _ folder: RunFolder, _ pid: Int
  ) -> ExitCode {
    switch outcome {
    case .left:
      Commands.show(
        "\(folder.name) goes on: `pasha-coord attach \(folder.name)` shows it, `pasha-coord pause \(folder.name)` pauses it"
      )
      if let line = Commands.pageLine(folder) { Commands.show(line) }
      return .success
    case .hungUp: return .success
    case .signalled(let number): return Commands.end(bySignal: number)
    case .ended: break
    }
    let state = viewer.state
    let code = code(pid)
    if let end = state.end {
      // The view that said so is gone from the terminal.
      Commands.show("\(Presentation.runStatus(state)): \(Presentation.reason(end.reason, state))")
      return RunService.tell(state, folder: folder, json: false)
    }
    // What it said last, which is the reason: the run is paused, or the coordinator has failed.
    let last = text(folder.log).split(separator: "\n").suffix(code == .paused ? 1 : 3).joined(separator: "\n")
    if !last.isEmpty { Commands.show(last) }
    return code
  }

  /// How the coordinator ended, in its own numbers.
  private static func code(_ pid: Int) -> ExitCode {
    switch ChildProcess.reap(pid) {
    case .exited(let status): return ExitCode(rawValue: Int32(clamping: status)) ?? .software
    case .signalled(let number):
      complain("the coordinator was ended by signal \(number); `pasha-coord resume` goes on")
      return .software
    case nil: return .software
    }
  }

  private static func text(_ path: String) -> String {
    let text = (try? Files.readText(path, limit: 16 << 20)) ?? ""
    return Presentation.printable(String(text.suffix(1 << 16)), keepsNewlines: true)
      .trimmingCharacters(in: .newlines)
  }
}

extension Commands {
  /// `attach` on a terminal.
  static func view(_ folder: RunFolder) throws -> ExitCode {
    let viewer = try RunViewer(folder)
    let outcome = try viewer.run()
    let state = viewer.state
    switch outcome {
    case .left:
      guard folder.service.isThere || state.end != nil || state.isSuspended else {
        throw ServiceError(
          .notRunning, "no coordinator runs \(folder.name); `pasha-coord resume \(folder.name)` goes on")
      }
      show("\(folder.name) goes on: `pasha-coord attach \(folder.name)` shows it again")
      if let line = pageLine(folder) { show(line) }
      return .success
    case .hungUp: return .success
    case .signalled(let number): return end(bySignal: number)
    case .ended: return close(state, json: false)
    }
  }

  /// The process ends as it would have without the view, so that shells see it too.
  static func end(bySignal number: Int32) -> ExitCode {
    signal(number, SIG_DFL)
    raise(number)
    return .abandoned
  }
}
