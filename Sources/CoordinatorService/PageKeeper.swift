import Foundation
import HostSystem
import Presentation
import TuningModel

/// Keeps the process alive that serves the run's page: starts it, starts it again when it dies, ends it with the
/// coordinator. Driven by the coordinator's loop like a launcher; whatever happens to the page is a line, never an error of
/// the run.
final class PageKeeper {
  private let folder: RunFolder
  private let executable: String
  private let hasTerminal: Bool
  /// Tried first; another one is taken where it is in use. After a restart the port of before, so that open pages go on.
  private var port: Int
  private var child: Child?
  private var startedAt = Instant.zero
  private var retryAt: Instant?
  private var quickDeaths = 0
  private var isEnding = false
  private var toldURL: String?

  private struct Child {
    let process: ProcessHandle
    /// Its standard input: it ends with this process, however that ends.
    let input: Descriptor
    let output: Descriptor
    let errors: Descriptor
    var said: [UInt8] = []
    var complained: [UInt8] = []
    var outputEnded = false
    var errorsEnded = false
  }

  /// Deaths in a row, each soon after the start, after which it is given up.
  static let quickDeathLimit = 8
  private static let quick = Duration.seconds(60)
  private static let textLimit = 4096

  /// - Parameter hasTerminal: whether lines go to a terminal, which only the run's owner reads: they hold the token then.
  init(_ folder: RunFolder, executable: String, port: Int, hasTerminal: Bool) {
    self.folder = folder
    self.executable = executable
    self.port = port
    self.hasTerminal = hasTerminal
  }

  var descriptors: [Descriptor] {
    guard let child else { return [] }
    return [child.process.descriptor] + (child.outputEnded ? [] : [child.output])
      + (child.errorsEnded ? [] : [child.errors])
  }
  var deadline: Instant? { child == nil ? retryAt : nil }

  /// Starts it; what there is to say about that.
  func begin() -> [String] {
    retryAt = nil
    startedAt = HostClock.now
    do {
      let (toPage, fromPage, errors) = (try ProgramPipe(), try ProgramPipe(), try ProgramPipe())
      let pid = try ChildProcess.start(
        ProcessRequest(
          arguments: [executable, folder.path, "--try-port", "\(port)", "--with-parent"],
          environment: ProcessInfo.processInfo.environment.map { "\($0.key)=\($0.value)" },
          directory: folder.path, input: toPage.read, output: fromPage.write, error: errors.write))
      try fromPage.read.stopWaiting()
      try errors.read.stopWaiting()
      child = Child(
        process: try ProcessHandle(pid), input: toPage.write, output: fromPage.read, errors: errors.read)
      return []
    } catch {
      return died("\(error)")
    }
  }

  /// Called when one of `descriptors` is ready or `deadline` has passed.
  func step() -> [String] {
    var lines: [String] = []
    readOutput(&lines)
    if let child, let status = ChildProcess.reap(child.process.pid) {
      let text = String(decoding: child.complained, as: UTF8.self).split(separator: "\n").last.map(String.init)
      self.child = nil
      folder.forgetPage(of: child.process.pid)
      if !isEnding { lines += died(text ?? Self.words(status)) }
    }
    if child == nil, !isEnding, let retryAt, HostClock.now >= retryAt { lines += begin() }
    return lines
  }

  /// Ends it, once it has told open pages that it goes.
  func end() {
    isEnding = true
    guard let child else { return }
    self.child = nil
    let (process, pid) = (child.process, child.process.pid)
    // Its standard input ends.
    withExtendedLifetime(child.input) {}
    process.signal(SIGTERM)
    waitReadable(process.descriptor.number, for: .seconds(2))
    if ChildProcess.reap(pid) == nil {
      process.signal(SIGKILL)
      waitReadable(process.descriptor.number, for: .seconds(1))
      _ = ChildProcess.reap(pid)
    }
    folder.forgetPage(of: pid)
  }

  // MARK: What it says

  private func readOutput(_ lines: inout [String]) {
    guard var child else { return }
    child.outputEnded = Self.read(child.output, into: &child.said)
    child.errorsEnded = Self.read(child.errors, into: &child.complained)
    if let end = child.said.firstIndex(of: UInt8(ascii: "\n")) {
      let line = child.said[..<end]
      child.said.removeFirst(end + 1)
      if let record = try? JSONValue(parsing: Array(line)), let url = record.text("url") { lines += told(url) }
    }
    self.child = child
  }

  /// Takes what is there, and keeps the end of it; whether nothing more comes.
  private static func read(_ descriptor: Descriptor, into text: inout [UInt8]) -> Bool {
    while true {
      do throws(SystemError) {
        let bytes = try descriptor.read(upTo: textLimit)
        if bytes.isEmpty { return true }
        text = Array((text + bytes).suffix(textLimit))
      } catch {
        return error.number != EAGAIN
      }
    }
  }

  private func told(_ url: String) -> [String] {
    if let known = PageAddress.port(of: url) { port = known }
    guard url != toldURL else { return ["the page is served again"] }
    toldURL = url
    let token = hasTerminal ? folder.servedPage?.token : nil
    return PageAddress.lines(url: url, token: token)
  }

  private func died(_ message: String) -> [String] {
    quickDeaths = HostClock.now - startedAt < Self.quick ? quickDeaths + 1 : 1
    let text = Presentation.printable(message)
    guard quickDeaths < Self.quickDeathLimit else {
      return ["the page is not served any more: \(text); `pasha-coord page` serves it"]
    }
    let pause = Duration.milliseconds(500 << quickDeaths)
    retryAt = HostClock.now + pause
    return ["the page is not served: \(text); tried again in \(pause.components.seconds) s"]
  }

  private static func words(_ status: ExitStatus) -> String {
    switch status {
    case .exited(let code): "pasha-page ended with exit code \(code)"
    case .signalled(let signal): "pasha-page was ended by signal \(signal)"
    }
  }
}

/// How a page is reached.
enum PageAddress {
  /// What a coordinator says of its page.
  /// - Parameter token: where whoever reads this may have it.
  static func lines(url: String, token: String?) -> [String] {
    let address = token.map { "\(url)#token=\($0)" } ?? url
    var lines = ["the page of the run: \(address)"]
    if let way = way(to: url) { lines.append("on your own machine: \(way), then the same address there") }
    if token == nil { lines.append("`pasha-coord page` prints its address with the token for commands") }
    return lines
  }

  /// How the page is reached from the machine that whoever reads this is logged in from; nil: he sits at this one.
  static func way(to url: String, environment: [String: String] = ProcessInfo.processInfo.environment) -> String? {
    guard let port = port(of: url), let connection = environment["SSH_CONNECTION"], !connection.isEmpty else {
      return nil
    }
    let own = connection.split(separator: " ")
    let host = own.count >= 3 ? String(own[2]) : ProcessInfo.processInfo.hostName
    let user = environment["USER"].flatMap { $0.isEmpty ? nil : "\($0)@" } ?? ""
    let local = url.contains("[::1]") ? "[::1]" : "127.0.0.1"
    let entrance = own.count >= 4 && own[3] != "22" ? "-p \(own[3]) " : ""
    return "ssh \(entrance)-L \(port):\(local):\(port) \(user)\(host)"
  }

  static func port(of url: String) -> Int? { URLComponents(string: url)?.port }
}
