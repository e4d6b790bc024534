import Foundation
import HostSystem
import Presentation
import TuningModel

/// How a page is served from the command line.
public struct PageServing: Equatable, Sendable {
  /// nil: the usual one, where that is free, else any that is; 0: any that is free.
  public var port: Int?
  public var readOnly = false
  public var guardReading = false
  /// An address of this machine; other ones than loopback with a certificate alone.
  public var listen: String?
  /// Files in PEM format.
  public var certificate: String?
  public var key: String?
  /// Names under which browsers may ask for the page, beside the address.
  public var hostNames: [String] = []

  public init() {}

  var arguments: [String] {
    var words: [String] = []
    if let port { words += ["--port", "\(port)"] }
    if readOnly { words.append("--read-only") }
    if guardReading { words.append("--guard-reading") }
    if let listen { words += ["--listen", listen] }
    if let certificate { words += ["--tls-certificate", certificate] }
    if let key { words += ["--tls-key", key] }
    for name in hostNames { words += ["--host-name", name] }
    return words
  }
}

extension Commands {
  /// Serves the page of a run from a process of its own until it is interrupted. Where it is served already, and nothing
  /// else is asked for, tells where. The run may go on, be paused or over.
  public static func page(
    run: String?, serving: PageServing = PageServing(), json: Bool, home: String = RunFolder.home
  ) throws -> ExitCode {
    let folder = try RunFolder.find(run, in: home)
    if serving == PageServing(), let (url, token) = folder.servedPage {
      tell(folder, url, token, json)
      return .success
    }
    signal(SIGPIPE, SIG_IGN)
    let signals = try SignalWatch([SIGINT, SIGTERM, SIGHUP])
    // Its standard input ends with this process, however that ends.
    let toPage = try ProgramPipe()
    let fromPage = try ProgramPipe()
    defer { withExtendedLifetime(toPage.write) {} }
    let errors = try Descriptor.duplicate(STDERR_FILENO)
    let pid = try ChildProcess.start(
      ProcessRequest(
        arguments: [try pageExecutable(), folder.path, "--with-parent"] + serving.arguments,
        environment: ProcessInfo.processInfo.environment.map { "\($0.key)=\($0.value)" },
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
          // One short line, written at once.
          if let record = try? JSONValue(parsing: fromPage.read.read(upTo: 65_536)), let url = record.text("url") {
            tell(folder, url, folder.token ?? "", json)
          }
        }
      }
    }
  }

  /// Where the run's page is served now; with the token on a terminal alone, where only the run's owner reads it.
  static func pageLine(_ folder: RunFolder) -> String? {
    guard let (url, token) = folder.servedPage else { return nil }
    let lines = PageAddress.lines(url: url, token: isatty(STDOUT_FILENO) == 1 ? token : nil)
    return lines.joined(separator: "\n")
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
