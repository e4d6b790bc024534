import ClusterFile
import Foundation
import HostSystem

/// A host that a coordinator runs on, other than this machine. It is talked to by OpenSSH's own client: names, users, keys,
/// jump hosts, prompts and host keys are its business.
struct RemoteHost: Equatable, Sendable {
  /// As it was given, for messages and for the words that people are told to type.
  let text: String
  let host: String
  let user: String?
  let port: Int?

  /// - Parameter text: `[USER@]HOST[:PORT]`; HOST may be an alias of the SSH configuration.
  init(_ text: String) throws {
    guard !text.hasPrefix("{") else { throw Self.mistake(text, "name one host") }
    let hosts: [(host: String, user: String?, port: Int?)]
    do throws(ClusterFileError) {
      hosts = try ClusterFile.hosts(fromArgument: text, baseDirectory: "/", checksFiles: false).map {
        ($0.host, $0.user, $0.port)
      }
    } catch {
      throw Self.mistake(text, error.problems.map(\.message).joined(separator: "; "))
    }
    guard hosts.count == 1 else { throw Self.mistake(text, "name one host") }
    guard hosts[0].host != "local" else { throw Self.mistake(text, "that is this machine: leave --on out") }
    self.text = text
    (host, user, port) = hosts[0]
  }

  private static func mistake(_ text: String, _ why: String) -> ServiceError {
    ServiceError(.usage, "--on \(text): \(why); write [USER@]HOST[:PORT], as in bob@login.lab")
  }

  /// The client: `$PASHA_SSH`, a path or a name, by default `ssh`.
  static var client: String {
    let named = ProcessInfo.processInfo.environment["PASHA_SSH"] ?? ""
    return named.isEmpty ? "ssh" : named
  }

  /// The words of a command that runs `command` there.
  /// - Parameter hasTerminal: with a terminal there, whose size follows the one here.
  func words(_ command: String, hasTerminal: Bool) -> [String] {
    var words = [Self.client, hasTerminal ? "-t" : "-T"]
    // A connection that is dead is noticed within a minute, however the user's configuration has it.
    words += ["-o", "ServerAliveInterval=15", "-o", "ServerAliveCountMax=4", "-o", "LogLevel=ERROR"]
    if let port { words += ["-p", "\(port)"] }
    if let user { words += ["-l", user] }
    return words + ["--", host, command]
  }

  /// Starts the client. It stays in this process's session: its prompts and Ctrl-C are the terminal's.
  func start(
    _ command: String, hasTerminal: Bool, input: Descriptor, output: Descriptor, error: Descriptor
  ) throws -> ProcessHandle {
    var request = ProcessRequest(
      arguments: words(command, hasTerminal: hasTerminal),
      environment: ProcessInfo.processInfo.environment.map { "\($0.key)=\($0.value)" },
      directory: FileManager.default.currentDirectoryPath, input: input, output: output, error: error)
    request.leadsSession = false
    do {
      return try ProcessHandle(try ChildProcess.start(request))
    } catch let error as SpawnError {
      throw ServiceError(
        .notFound, "--on needs OpenSSH's client: \(error.message); install openssh-client, or set PASHA_SSH to its path"
      )
    }
  }
}
