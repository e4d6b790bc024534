import Foundation
import HostSystem
import Presentation
import TuningModel

extension Commands {
  /// Serves the page of a run from a process of its own until it is interrupted, or tells where it is served already.
  public static func page(
    run: String?, port: Int, readOnly: Bool, guardReading: Bool, json: Bool, home: String = RunFolder.home
  ) throws -> ExitCode {
    let folder = try RunFolder.find(run, in: home)
    if let (url, token) = folder.servedPage {
      tell(folder, url, token, json)
      return .success
    }
    signal(SIGPIPE, SIG_IGN)
    let signals = try SignalWatch([SIGINT, SIGTERM, SIGHUP])
    var arguments = [try pageExecutable(), folder.path, "--port", "\(port)", "--with-parent"]
    if readOnly { arguments.append("--read-only") }
    if guardReading { arguments.append("--guard-reading") }
    // Its standard input ends with this process, however that ends.
    let toPage = try ProgramPipe()
    let fromPage = try ProgramPipe()
    defer { withExtendedLifetime(toPage.write) {} }
    let errors = try Descriptor.open("/proc/self/fd/2", O_WRONLY)
    let pid = try ChildProcess.start(
      ProcessRequest(
        arguments: arguments, environment: ProcessInfo.processInfo.environment.map { "\($0.key)=\($0.value)" },
        directory: FileManager.default.currentDirectoryPath, input: toPage.read, output: fromPage.write, error: errors))
    let process = try ProcessHandle(pid)
    let loop = try EventLoop()
    try loop.watch(signals.descriptor, token: 0)
    try loop.watch(process.descriptor, token: 1)
    try loop.watch(fromPage.read, token: 2)
    while true {
      for ready in try loop.wait() {
        switch ready.token {
        case 0:
          _ = signals.next()
          _ = process.signal(SIGTERM)
        case 1:
          guard case .exited(let status) = ChildProcess.reap(pid) else { return .software }
          return ExitCode(rawValue: Int32(status)) ?? .software
        default:
          loop.ignore(fromPage.read)
          if let (url, token) = folder.servedPage { tell(folder, url, token, json) }
        }
      }
    }
  }

  private static func tell(_ folder: RunFolder, _ url: String, _ token: String, _ json: Bool) {
    let address = "\(url)#token=\(token)"
    if json {
      show(JSONValue.object([.init("run", .string(folder.name)), .init("url", .string(address))]).jsonText(.strict))
    } else {
      show("the page of \(folder.name): \(address)")
    }
  }
}
