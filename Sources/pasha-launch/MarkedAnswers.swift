import HostSystem
import Launching
import SecureShell
import TuningModel

/// A script of `Scripts` that runs on the host: its lines in, its marked answers out.
struct MarkedAnswers {
  let run: RemoteRun
  private let host: String
  private let mark: String

  /// Starts a script and gives it its first lines.
  init(
    _ script: String, lines: [String], on shell: any RemoteShell, host: String, owner: Owner
  ) throws(HostFailure) {
    self.host = host
    mark = "pasha-" + String(UInt64.random(in: .min ... .max), radix: 16)
    let command: RemoteCommand
    do throws(SecureShellError) {
      command = try shell.start(script)
    } catch {
      throw HostFailure(error)
    }
    run = try RemoteRun(command, host: host, owner: owner)
    try say([mark] + lines)
  }

  /// Gives the script further lines.
  func say(_ lines: [String]) throws(HostFailure) {
    for line in lines where line.utf8.contains(10) || line.utf8.contains(0) {
      throw HostFailure(
        HostFailure.internal, "\(host): '\(line.filter { !$0.isNewline })' cannot be given to the host: a line break",
        isRetryable: false)
    }
    // A command that takes no more is noticed by its answer.
    _ = try run.write(lines.map { $0 + "\n" }.joined().utf8)
  }

  /// The next answer; what else the login prints is passed over. nil when the command has ended without one.
  func next(within patience: Duration, doing what: String) throws(HostFailure) -> (name: String, value: String)? {
    let deadline = HostClock.now + patience
    while let line = try run.line(within: max(.zero, deadline - HostClock.now), doing: what) {
      guard line.hasPrefix("\(mark):") else { continue }
      let answer = line.dropFirst(mark.utf8.count + 1)
      guard let sign = answer.firstIndex(of: "=") else { continue }
      return (String(answer[..<sign]), String(answer[answer.index(after: sign)...]))
    }
    return nil
  }

  /// The next answer, which must be there.
  func expect(within patience: Duration, doing what: String) throws(HostFailure) -> (name: String, value: String) {
    if let answer = try next(within: patience, doing: what) { return answer }
    throw try silence(what)
  }

  /// Why a command ended without the answer that it owed.
  func silence(_ what: String) throws(HostFailure) -> HostFailure {
    let exit = try run.exit(within: .seconds(5))
    let errors = run.errors
    if case .lost(let text)? = exit {
      return HostFailure(
        SecureShellError.Code.broken.rawValue, "\(host): the connection broke while \(what): \(text)", isRetryable: true
      )
    }
    if run.tellsOfFullDisk {
      return HostFailure(HostFailure.diskFull, "\(host): no room while \(what): \(errors)", isRetryable: false)
    }
    if errors.contains("restricted") {
      return HostFailure(
        HostFailure.system,
        "\(host): the login shell there is restricted and cannot run /bin/sh; another account, or another shell for "
          + "this one (chsh), is needed: \(errors)", isRetryable: false)
    }
    let status =
      switch exit {
      case .exited(let code)?: "exit status \(code)"
      case .signalled(let name)?: "signal \(name)"
      case .lost?, nil: "no exit status"
      }
    return HostFailure(
      HostFailure.system,
      run.withErrors(
        "\(host): the host ended the command while \(what) (\(status)); `ssh HOST /bin/sh -c true` must work there"),
      isRetryable: false)
  }
}

extension HostFailure {
  init(_ error: SecureShellError) {
    self.init(error.code.rawValue, error.message, isRetryable: error.isRetryable)
  }
}
