import ClusterFile
import Foundation
import HostSystem
import Presentation
import TuningModel

/// `--detach`: the same program in a session of its own, writing to the run's log.
public enum DetachedRun {
  public static func begin(
    file: String, servesPage: Bool = true, json: Bool, home: String = RunFolder.home
  ) throws -> ExitCode {
    // Mistakes are told here, where somebody reads them.
    _ = try ClusterFile.load(path: file)
    let before = Set(RunFolder.names(in: home))
    let log = try place(in: home)
    let pid = try start(
      ["run", URL(filePath: file).absoluteURL.path(percentEncoded: false)] + (servesPage ? [] : ["--no-page"]), log: log
    )
    return try waitUntilUp(pid, log: log, json: json) {
      RunFolder.names(in: home).filter { !before.contains($0) }.map { RunFolder(path: home + "/" + $0) }
        .first { $0.coordinatorPID == pid }
    }
  }

  public static func resume(
    run: String?, servesPage: Bool = true, json: Bool, home: String = RunFolder.home
  ) throws -> ExitCode {
    let folder = try RunFolder.find(run, in: home)
    let log = try place(in: home)
    let pid = try start(["resume", folder.path] + (servesPage ? [] : ["--no-page"]), log: log)
    return try waitUntilUp(pid, log: log, json: json) { folder.coordinatorPID == pid ? folder : nil }
  }

  /// Where the coordinator writes until its run has a folder: beside the runs, where nobody else can write.
  private static func place(in home: String) throws -> String {
    do throws(SystemError) {
      try Files.makeFolder(home, intermediates: true)
    } catch {
      throw ServiceError(.cannotCreate, "cannot make the run's folder: \(error.message)")
    }
    return "\(home)/.detached-\(getpid()).log"
  }

  private static func start(_ arguments: [String], log: String) throws -> Int {
    let null = try Descriptor.open("/dev/null", O_RDWR)
    let output = try Descriptor.open(log, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_NOFOLLOW | O_NONBLOCK)
    return try ChildProcess.start(
      ProcessRequest(
        arguments: [try ownExecutable()] + arguments,
        environment: ProcessInfo.processInfo.environment.map { "\($0.key)=\($0.value)" },
        directory: FileManager.default.currentDirectoryPath, input: null, output: output, error: output))
  }

  /// Waits until the coordinator answers on its control socket, or has ended.
  private static func waitUntilUp(_ pid: Int, log: String, json: Bool, find: () -> RunFolder?) throws -> ExitCode {
    let deadline = HostClock.now + .seconds(60)
    let process = try ProcessHandle(pid)
    while HostClock.now < deadline {
      if let folder = find() {
        try? Files.rename(log, to: folder.log)
        Commands.show(
          json
            ? JSONValue.object([.init("run", .string(folder.name)), .init("pid", .int(pid))]).jsonText(.strict)
            : folder.name)
        return .success
      }
      if waitReadable(process.descriptor.number, for: .milliseconds(100)) { break }
    }
    let words = (try? Files.readText(log, limit: 1 << 20)) ?? ""
    try? Files.removeFile(log)
    // Why it did not come up is as good a reason here as in the foreground.
    var code = ExitCode.software
    if case .exited(let status) = ChildProcess.reap(pid), let known = ExitCode(rawValue: Int32(status)),
      known != .success
    {
      code = known
    }
    throw ServiceError(code, "the coordinator did not come up:\n\(words)")
  }
}
