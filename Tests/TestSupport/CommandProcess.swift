import Foundation
import Glibc

/// A real program under test: started with a state folder of its own, its output collected, ended with the test.
public final class CommandProcess: @unchecked Sendable {
  // Sendable in truth: what the reading threads write is behind locks of its own.
  public let process = Process()
  private let outputText = Collected()
  private let errorText = Collected()
  private let outputPipe = Pipe()
  private let errorPipe = Pipe()

  /// Starts `executable` (a path, or the name of a product of this package).
  public init(
    _ executable: String, _ arguments: [String], environment: [String: String] = [:], directory: String? = nil,
    input: String? = nil
  ) throws {
    process.executableURL = URL(fileURLWithPath: executable.contains("/") ? executable : product(executable))
    process.arguments = arguments
    // Runs of tests are not to be looked at in a browser: another process each would slow them down.
    process.environment = ProcessInfo.processInfo.environment.merging(["PASHA_NO_PAGE": "1"]) { $1 }
      .merging(environment) { $1 }
    if let directory { process.currentDirectoryURL = URL(fileURLWithPath: directory) }
    process.standardOutput = outputPipe
    process.standardError = errorPipe
    if let input {
      let pipe = Pipe()
      process.standardInput = pipe
      try process.run()
      try pipe.fileHandleForWriting.write(contentsOf: Data(input.utf8))
      try pipe.fileHandleForWriting.close()
    } else {
      process.standardInput = FileHandle.nullDevice
      try process.run()
    }
    outputText.follow(outputPipe)
    errorText.follow(errorPipe)
  }

  deinit { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }

  public var pid: Int32 { process.processIdentifier }
  public var output: String { outputText.text }
  public var errors: String { errorText.text }
  public var hasEnded: Bool { !process.isRunning }

  /// Sends a signal.
  public func send(_ signal: Int32) { kill(pid, signal) }

  /// Waits for the end and gives the exit status (128 + signal after a signal); a program that does not end within
  /// `limit` seconds is killed, and the test fails with what it printed.
  @discardableResult
  public func wait(limit: Double = 120) throws -> Int32 {
    let deadline = Date().addingTimeInterval(limit)
    while process.isRunning {
      if Date() > deadline {
        kill(pid, SIGKILL)
        throw WaitedInVain(
          description: "\(process.arguments ?? []) did not end within \(limit) s:\n\(output)\n\(errors)")
      }
      usleep(5_000)
    }
    process.waitUntilExit()
    // The pipes are read to their end, unless something left behind holds them open.
    let patience = Date().addingTimeInterval(5)
    while !outputText.isClosed || !errorText.isClosed, Date() < patience { usleep(2_000) }
    return process.terminationReason == .uncaughtSignal ? 128 + process.terminationStatus : process.terminationStatus
  }
}

/// What a pipe gave so far, read by a thread of its own: tests block, and may take all threads that queues have.
private final class Collected: @unchecked Sendable {
  // Sendable in truth: everything is behind the lock.
  private let lock = NSLock()
  private var bytes = Data()
  private var isAtEnd = false

  var text: String { locked { String(decoding: bytes, as: UTF8.self) } }
  var isClosed: Bool { locked { isAtEnd } }

  func follow(_ pipe: Pipe) {
    let handle = pipe.fileHandleForReading
    Thread.detachNewThread {
      var buffer = [UInt8](repeating: 0, count: 1 << 16)
      while true {
        let count = read(handle.fileDescriptor, &buffer, buffer.count)
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { break }
        self.locked { self.bytes.append(contentsOf: buffer[..<count]) }
      }
      self.locked { self.isAtEnd = true }
    }
  }

  private func locked<Result>(_ body: () -> Result) -> Result {
    lock.lock()
    defer { lock.unlock() }
    return body()
  }
}

/// A place for runs of a test: a state folder and an agents' folder of its own, and the processes in it.
public final class RunPlace: Sendable {
  public let folder: TemporaryFolder

  public init(_ name: String) { folder = TemporaryFolder(name) }

  public var environment: [String: String] {
    ["PASHA_STATE": folder.file("state"), "HOME": folder.file("home"), "XDG_STATE_HOME": ""]
  }

  /// Starts `pasha-coord` here.
  public func coordinator(_ arguments: [String], environment more: [String: String] = [:]) throws -> CommandProcess {
    try FileManager.default.createDirectory(atPath: folder.file("home"), withIntermediateDirectories: true)
    return try CommandProcess(
      "pasha-coord", arguments, environment: environment.merging(more) { $1 }, directory: folder.path)
  }

  /// Runs a command of `pasha-coord` to its end and gives what it printed as JSON.
  public func json(_ arguments: [String], limit: Double = 60) throws -> Any {
    let command = try coordinator(arguments + ["--json"])
    let status = try command.wait(limit: limit)
    let line = command.output.split(separator: "\n").last.map(String.init) ?? ""
    guard let value = try? JSONSerialization.jsonObject(with: Data(line.utf8), options: [.fragmentsAllowed]) else {
      throw WaitedInVain(
        description: "\(arguments) gave no JSON (status \(status)): \(command.output)\(command.errors)")
    }
    return value
  }

  /// The folder of the only run here.
  public func runFolder() throws -> String {
    let runs = folder.file("state/runs")
    let names = try FileManager.default.contentsOfDirectory(atPath: runs)
    guard names.count == 1, let name = names.first else { throw WaitedInVain(description: "runs here: \(names)") }
    return "\(runs)/\(name)"
  }
}
