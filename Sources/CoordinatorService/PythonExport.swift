import Exports
import Foundation
import HostSystem
import TuningModel

/// An export by a Python package that owns the format: the records go to the standard input of a Python process, whose
/// program is `Cluster/python/pasha_export.py`.
struct PythonExport {
  let options: ExportOptions
  let output: String

  /// The process says what is wrong on standard error, and ends with a status of `pasha-coord`.
  func run(_ exporter: RunExporter) throws -> ExitCode {
    signal(SIGPIPE, SIG_IGN)
    let pid: Int
    do {
      let (started, input) = try start()
      pid = started
      try feed(exporter, to: input)
    }
    // The input is closed here: the process has all.
    guard case .exited(let status) = try wait(for: pid) else { return .software }
    return ExitCode(rawValue: Int32(status)) ?? .software
  }

  private func start() throws -> (pid: Int, input: Descriptor) {
    let pipe = try ProgramPipe()
    let output = try Descriptor.copy(of: STDERR_FILENO)
    var arguments = [options.python, "-c", PythonExporter.source, options.format.rawValue, self.output]
    if options.force { arguments.append("--force") }
    do throws(SpawnError) {
      let pid = try ChildProcess.start(
        ProcessRequest(
          arguments: arguments, environment: ProcessInfo.processInfo.environment.map { "\($0.key)=\($0.value)" },
          directory: FileManager.default.currentDirectoryPath, input: pipe.read, output: output, error: output))
      return (pid, pipe.write)
    } catch {
      throw ServiceError(.notFound, "\(error.message); --python names the Python that has the package")
    }
  }

  private func feed(_ exporter: RunExporter, to input: Descriptor) throws {
    do {
      try exporter.writeLines(to: input)
    } catch let error as SystemError where error.number == EPIPE {
      // It has ended before it read all, and has said why.
    }
  }

  private func wait(for pid: Int) throws -> ExitStatus {
    let process = try ProcessHandle(pid)
    let loop = try EventLoop()
    try loop.watch(process.descriptor, token: 0)
    while true {
      _ = try loop.wait()
      if let status = ChildProcess.reap(pid) { return status }
    }
  }
}

extension Descriptor {
  /// One more descriptor of an open file, which stands where that one stands.
  static func copy(of number: CInt) throws(SystemError) -> Descriptor {
    let copy = fcntl(number, F_DUPFD_CLOEXEC, 3)
    guard copy >= 0 else { throw SystemError(errno, "use", "descriptor \(number)") }
    return Descriptor(owning: copy)
  }
}
