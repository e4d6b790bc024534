import Coordination
import Foundation
import HostSystem
import TuningModel
import Wire

/// The hosts of the run: their launcher, and what an operator asks of them.
extension CoordinatorLoop {
  /// - Parameter agentsMayRun: the coordinator before this one did not dismiss its agents: they come back by themselves.
  func beginFarm(agentsMayRun: Bool) {
    guard let farm else { return }
    let known = Set(state.agents.filter { $0.origin == .launched && $0.greeting != nil }.map(\.name))
    farm.begin(state.hosts.filter(ClusterOptions.isRemote), known: known, agentsMayRun: agentsMayRun)
  }

  func take(_ happenings: [FarmLauncher.Event]) {
    for happening in happenings {
      switch happening {
      case .announced(let key, let host):
        if let other = state.agent(withKey: key).flatMap({ state[$0]?.name }), other != host, farm?.hosts[other] != nil
        {
          farm?.refuse(host, other: other)
        } else {
          events.append(.admit(publicKey: key, name: host))
        }
      case .note(let text): note(text)
      case .ask(let keyFile, let isRetry):
        SecretPrompt.ask(keyFile, isRetry: isRetry, console: console) { [mailbox] in
          mailbox.post(.secret(keyFile: keyFile, $0))
        }
      case .hopeless(let text): events.append(.noUsableHost(text))
      }
    }
  }

  func take(_ command: HostCommand, _ promise: Promise<JSONValue>) {
    if let problem = problem(with: command) {
      let code = problem.isUnknown ? "not_found" : "usage"
      return promise.fulfil(.object([.init("error", .string(problem.text)), .init("code", .string(code))]))
    }
    events.append(.host(command))
    // Somebody may have mended what kept it from starting.
    if case .add(let host) = command { farm?.retry(host.name) }
    promise.fulfil(.object([.init("ok", .bool(true))]))
  }

  private func problem(with command: HostCommand) -> (text: String, isUnknown: Bool)? {
    switch command {
    case .add(let host):
      guard farm == nil, ClusterOptions.isRemote(host) else { return nil }
      let text =
        "this run has no hosts: its coordinator listens for this machine alone; start a run whose file names hosts"
      return (text, true)
    case .drain(let name), .remove(let name), .lost(let name):
      let names = state.hosts.map(\.name) + state.agents.map(\.name)
      guard names.contains(name) else {
        let known = Set(names).sorted().joined(separator: ", ")
        return ("the run has no host \(name); its hosts are \(known.isEmpty ? "none" : known)", true)
      }
      // Its agent is this coordinator's own, which starts it again whenever it ends.
      guard farm == nil, case .remove = command,
        state.agents.contains(where: { $0.name == name && $0.origin == .launched })
      else { return nil }
      let text =
        "\(name) is the coordinator's own machine, and cannot leave the run: `pasha-coord hosts drain` keeps trials from "
        + "starting there, `pasha-coord pause` pauses the run"
      return (text, false)
    }
  }
}

extension Fact {
  /// Whether it may change which hosts are wanted, or which of them are in touch.
  var concernsHosts: Bool {
    switch self {
    case .agentAdmitted, .agentGreeted, .agentPrepared, .agentReachability, .hostAdded, .hostMarked,
      .specificationChanged:
      true
    default: false
    }
  }
}

extension Event {
  var isReload: Bool { if case .reload = self { true } else { false } }
}

/// Asks for a passphrase at the terminal or in the view that shows the run, on a thread of its own: the loop goes on meanwhile.
enum SecretPrompt {
  /// - Parameter answer: gets nil where there is no terminal, or nothing was typed.
  static func ask(
    _ keyFile: String, isRetry: Bool, console: ConsoleLink? = nil, answer: @escaping @Sendable (String?) -> Void
  ) {
    if let console {
      let thread = WorkerThread(name: "pasha-prompt") { answer(console.askSecret(keyFile, isRetry: isRetry)) }
      if thread == nil { answer(nil) }
      return
    }
    guard isatty(STDIN_FILENO) == 1 else { return answer(nil) }
    let thread = WorkerThread(name: "pasha-prompt") {
      let prompt = "\(isRetry ? "wrong passphrase; " : "")passphrase of \(keyFile): "
      var buffer = [CChar](repeating: 0, count: 1024)
      let isRead = readpassphrase(prompt, &buffer)
      let text = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
      for index in buffer.indices { buffer[index] = 0 }
      answer(isRead && !text.isEmpty ? text : nil)
    }
    if thread == nil { answer(nil) }
  }

  /// A line of the terminal, without showing it.
  private static func readpassphrase(_ prompt: String, _ buffer: inout [CChar]) -> Bool {
    let terminal = open("/dev/tty", O_RDWR | O_CLOEXEC)
    guard terminal >= 0 else { return false }
    defer { close(terminal) }
    var before = termios()
    guard tcgetattr(terminal, &before) == 0 else { return false }
    var silent = before
    silent.c_lflag &= ~tcflag_t(ECHO)
    tcsetattr(terminal, TCSAFLUSH, &silent)
    defer {
      tcsetattr(terminal, TCSAFLUSH, &before)
      writeAll(terminal, Array("\n".utf8))
    }
    writeAll(terminal, Array(prompt.utf8))
    var count = 0
    while count < buffer.count - 1 {
      var byte: UInt8 = 0
      guard read(terminal, &byte, 1) == 1 else { return false }
      if byte == UInt8(ascii: "\n") { return true }
      buffer[count] = CChar(bitPattern: byte)
      count += 1
    }
    return true
  }
}
