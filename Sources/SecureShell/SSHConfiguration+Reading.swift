import CSSH2
import Glibc
import HostSystem
import TuningModel

extension SSHConfiguration {
  /// `ssh -G` may run commands of the user's (`Match exec`), which may hang.
  private static let patience = Duration.seconds(15)
  private static let outputLimit = 1 << 20

  /// Asks the system's `ssh` what holds for a host. Without an `ssh`, its defaults hold.
  /// - Parameters:
  ///   - file: an SSH configuration in place of the user's and the system's.
  ///   - program: `ssh`, or its path.
  public static func read(
    _ login: HostLogin, file: String?, program: String = "ssh"
  ) throws(SecureShellError) -> SSHConfiguration {
    for text in [login.host, login.user, login.identityFile, file].compactMap({ $0 })
    where text.isEmpty || text.hasPrefix("-") || text.utf8.contains(where: { $0 < 32 }) {
      throw SecureShellError(.configuration, "'\(text)' cannot be a part of the login at '\(login.host)'")
    }
    guard login.port.map({ 1...65_535 ~= $0 }) ?? true else {
      throw SecureShellError(.configuration, "\(login.host): port \(login.port ?? 0) is not 1…65535")
    }
    var words = [program, "-G"]
    if let file { words += ["-F", file] }
    if let port = login.port { words += ["-p", "\(port)"] }
    if let user = login.user { words += ["-l", user] }
    if let key = login.identityFile { words += ["-i", UserPaths.expandTilde(key), "-o", "IdentitiesOnly=yes"] }
    words += ["--", login.host]
    do {
      let (output, errors, status) = try run(words)
      guard status == .exited(0) else {
        let reason = errors.split(whereSeparator: \.isNewline).last.map(String.init) ?? "it ended with \(status)"
        throw SecureShellError(
          .configuration, "\(login.host): the SSH configuration cannot be read: \(reason.prefix(300))")
      }
      return try SSHConfiguration(output: output, login: login)
    } catch let error as SecureShellError {
      throw error
    } catch let error as SpawnError where error.code == .program {
      guard file == nil else {
        throw SecureShellError(
          .configuration,
          "\(login.host): there is no ssh on this machine to read \(file ?? "") with: install OpenSSH's client")
      }
      var configuration = SSHConfiguration(withoutSSH: login)
      configuration.warnings.append(
        "there is no ssh on this machine: the user's SSH configuration does not count, and \(login.host) is taken for "
          + "the host's own name; install OpenSSH's client to have both")
      return configuration
    } catch {
      throw SecureShellError(.system, "\(login.host): cannot run ssh -G: \(error)")
    }
  }

  /// Runs a program that reads nothing and prints little.
  private static func run(_ words: [String]) throws -> (output: String, errors: String, ExitStatus) {
    let output = try DescriptorPipe()
    let errors = try DescriptorPipe()
    try output.read.makeNonBlocking()
    try errors.read.makeNonBlocking()
    let null = try Descriptor.open("/dev/null", O_RDWR)
    let pid: Int
    do {
      pid = try ChildProcess.start(
        ProcessRequest(
          arguments: words, environment: UserPaths.environment, input: null, output: output.takeWrite(),
          error: errors.takeWrite()))
    }
    let process = try ProcessHandle(pid)
    let deadline = HostClock.now + patience
    var text: [UInt8] = []
    var errorText: [UInt8] = []
    var isKilled = false
    while true {
      text += output.drain(limit: outputLimit - text.count)
      errorText += errors.drain(limit: outputLimit - errorText.count)
      if let status = ChildProcess.reap(pid) {
        text += output.drain(limit: outputLimit - text.count)
        errorText += errors.drain(limit: outputLimit - errorText.count)
        guard !isKilled else {
          throw SystemError(.other, message: "it took longer than \(Int(patience.inSeconds)) s")
        }
        return (String(decoding: text, as: UTF8.self), String(decoding: errorText, as: UTF8.self), status)
      }
      if !isKilled, HostClock.now >= deadline || max(text.count, errorText.count) >= outputLimit {
        isKilled = true
        ChildProcess.signalGroup(pid, SIGKILL)
      }
      // Its end is what counts: a pipe may be held open by something that it left behind.
      waitFor([process.descriptor], limit: .milliseconds(20))
    }
  }
}

/// A pipe whose ends are closed at exec.
final class DescriptorPipe {
  let read: Descriptor
  private var write: Descriptor?

  init() throws(SystemError) {
    var ends: [Int32] = [-1, -1]
    guard pipe2(&ends, O_CLOEXEC) == 0 else { throw SystemError(errno, "make", "a pipe") }
    read = Descriptor(owning: ends[0])
    write = Descriptor(owning: ends[1])
  }

  /// The end to write to, which the pipe keeps no longer.
  func takeWrite() -> Descriptor {
    guard let end = write else { preconditionFailure("the end of a pipe was taken twice") }
    write = nil
    return end
  }

  /// What is in the pipe now; its read end does not block.
  func drain(limit: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    while bytes.count < limit, let piece = try? read.read(upTo: min(65_536, limit - bytes.count)), !piece.isEmpty {
      bytes += piece
    }
    return bytes
  }
}

extension Descriptor {
  func makeNonBlocking() throws(SystemError) {
    let flags = fcntl(number, F_GETFL)
    guard flags >= 0, fcntl(number, F_SETFL, flags | O_NONBLOCK) >= 0 else {
      throw SystemError(errno, "set up", "a descriptor")
    }
  }
}
