import Foundation
import Glibc
import HostSystem
import TestSupport
import Testing
import TuningModel

@testable import SecureShell

/// Nobody is there to say a passphrase.
struct NoSecrets: SecretSource {
  func passphrase(of keyFile: String, isRetry: Bool) -> String? { nil }
}

/// Says passphrases one after the other, and notes what it was asked.
final class GivenSecrets: SecretSource {
  private(set) var asked: [(file: String, isRetry: Bool)] = []
  private var answers: [String?]

  init(_ answers: [String?]) { self.answers = answers }

  func passphrase(of keyFile: String, isRetry: Bool) -> String? {
    asked.append((keyFile, isRetry))
    return answers.isEmpty ? nil : answers.removeFirst()
  }
}

/// How a command went.
struct Ran {
  var output: [UInt8] = []
  var errors: [UInt8] = []
  var exit: RemoteExit?
  var text: String { String(decoding: output, as: UTF8.self) }
  var errorText: String { String(decoding: errors, as: UTF8.self) }
}

extension TestSSHServer {
  var settings: ShellSettings { settings() }

  func settings(_ hostKeys: ShellSettings.HostKeys = .strict, own: String? = nil) -> ShellSettings {
    ShellSettings(hostKeys: hostKeys, ownKnownHosts: own, configurationFile: clientConfiguration)
  }

  func connect(secrets: any SecretSource = NoSecrets()) throws -> LibSSH2Shell {
    try LibSSH2Shell(HostLogin(host: alias), settings: settings, secrets: secrets)
  }
}

/// Runs a command to its end, feeding it and reading both streams at the same time.
func run(
  _ shell: any RemoteShell, _ command: String, input: [UInt8] = [], limit: Duration = .seconds(60)
) throws -> Ran {
  try finish(try shell.start(command), input: input, limit: limit)
}

func finish(_ command: RemoteCommand, input: [UInt8] = [], limit: Duration = .seconds(60)) throws -> Ran {
  var ran = Ran()
  var rest = input[...]
  var isOutputOpen = true
  var areErrorsOpen = true
  let deadline = HostClock.now + limit
  var buffer = [UInt8](repeating: 0, count: 1 << 18)
  if rest.isEmpty { command.closeInput() }
  while isOutputOpen || areErrorsOpen || command.status == nil {
    guard HostClock.now < deadline else {
      throw WaitedInVain(description: "a command did not end; it said \(ran.output.count) bytes, \(ran.errorText)")
    }
    var items = [
      pollfd(fd: isOutputOpen ? command.output.number : -1, events: Int16(POLLIN), revents: 0),
      pollfd(fd: areErrorsOpen ? command.errors.number : -1, events: Int16(POLLIN), revents: 0),
      pollfd(fd: command.input?.number ?? -1, events: Int16(POLLOUT), revents: 0),
      pollfd(fd: command.ended.number, events: Int16(isOutputOpen || areErrorsOpen ? 0 : POLLIN), revents: 0),
    ]
    _ = poll(&items, 4, 1000)
    if items[0].revents != 0 {
      let count = read(command.output.number, &buffer, buffer.count)
      if count > 0 { ran.output += buffer[..<count] }
      if count == 0 { isOutputOpen = false }
    }
    if items[1].revents != 0 {
      let count = read(command.errors.number, &buffer, buffer.count)
      if count > 0 { ran.errors += buffer[..<count] }
      if count == 0 { areErrorsOpen = false }
    }
    if items[2].revents != 0, let input = command.input {
      let count = rest.prefix(1 << 18).withUnsafeBytes { write(input.number, $0.baseAddress, $0.count) }
      if count > 0 { rest = rest.dropFirst(count) }
      if rest.isEmpty || (count < 0 && errno != EAGAIN) { command.closeInput() }
    }
  }
  ran.exit = command.status
  return ran
}

/// Bytes that no compression and no repetition makes easier.
func noise(_ count: Int) -> [UInt8] {
  var generator = SystemRandomNumberGenerator()
  return [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
    var index = 0
    while index < count {
      withUnsafeBytes(of: generator.next()) { word in
        for byte in word where index < count {
          buffer[index] = byte
          index += 1
        }
      }
    }
    filled = count
  }
}

/// The error that `body` throws.
func failure(_ body: () throws -> Void) -> SecureShellError? {
  do {
    try body()
    return nil
  } catch {
    return error as? SecureShellError
  }
}

/// Programs under test ignore SIGPIPE; so do these tests, which write to commands that end.
let ignoresBrokenPipes: Void = { signal(SIGPIPE, SIG_IGN) }()
