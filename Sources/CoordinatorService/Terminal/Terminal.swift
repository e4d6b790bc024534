import Foundation
import HostSystem
import LiveScreen
import TuningModel

/// The terminal that the view is shown on: taken over and given back as it was, whatever ends the view.
final class Terminal {
  private let before: termios
  /// A way of its own to the terminal: writes on it never wait, and the shell's ways stay as they are.
  private let output: Descriptor
  private var pending: [UInt8] = []
  private(set) var isTaken = false

  /// Whether standard input and output are a terminal that can show the view, this process is in front there, and the
  /// environment does not say otherwise.
  static func canShow(_ environment: [String: String] = ProcessInfo.processInfo.environment) -> Bool {
    let kind = environment["TERM"] ?? ""
    guard !kind.isEmpty, kind != "dumb", kind != "unknown" else { return false }
    return isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1 && tcgetpgrp(STDIN_FILENO) == getpgrp()
      && tcgetpgrp(STDOUT_FILENO) == getpgrp()
  }

  init() throws(SystemError) {
    var now = termios()
    guard tcgetattr(STDIN_FILENO, &now) == 0 else { throw SystemError(errno, "examine", "the terminal") }
    before = now
    let number = open("/proc/self/fd/\(STDOUT_FILENO)", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
    // Another user's terminal, after su: writes may wait there.
    output = Descriptor(owning: number >= 0 ? number : fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3))
  }

  /// Keys come as they are pressed and are not shown; Ctrl-C, Ctrl-Z and Ctrl-\ stay signals.
  func take() {
    var raw = before
    raw.c_lflag &= ~tcflag_t(ICANON | ECHO | IEXTEN)
    raw.c_iflag &= ~tcflag_t(IXON | ICRNL)
    // What was typed before was not meant for the view.
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &raw)
    CrashGuard.watch(before, output.number)
    isTaken = true
    pending = []
    write(Array(FrameWriter.enter.utf8))
  }

  func giveBack() {
    guard isTaken else { return }
    isTaken = false
    // Half a frame may be on its way; what follows clears the screen. A terminal that takes nothing any more is left so.
    pending = []
    write(Array(FrameWriter.leave.utf8))
    flush(within: .seconds(1))
    var state = before
    tcsetattr(STDIN_FILENO, TCSADRAIN, &state)
    CrashGuard.forget()
  }

  var size: (columns: Int, rows: Int) {
    var size = winsize()
    if ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 {
      return (Int(size.ws_col), Int(size.ws_row))
    }
    return (80, 24)
  }

  // MARK: Writing

  /// Whether all that was written has been taken: nothing more should be written before.
  var isReady: Bool { pending.isEmpty }
  var descriptor: CInt { output.number }

  func write(_ bytes: [UInt8]) {
    pending += bytes
    writePending()
  }

  func writePending() {
    while !pending.isEmpty {
      let count = pending.withUnsafeBytes { Glibc.write(output.number, $0.baseAddress, $0.count) }
      if count > 0 {
        pending.removeFirst(count)
      } else if count < 0, errno == EINTR {
        continue
      } else {
        // Gone for good, or full.
        if count < 0, errno != EAGAIN { pending = [] }
        return
      }
    }
  }

  private func flush(within limit: Duration) {
    let deadline = HostClock.now + limit
    while !pending.isEmpty, HostClock.now < deadline {
      guard waitWritable(output.number, for: deadline - HostClock.now) else { return }
      writePending()
    }
  }

  /// What was typed; nil: the terminal is gone.
  func read() -> [UInt8]? {
    var buffer = [UInt8](repeating: 0, count: 1024)
    let count = Glibc.read(STDIN_FILENO, &buffer, buffer.count)
    if count > 0 { return Array(buffer[..<count]) }
    return count < 0 && (errno == EINTR || errno == EAGAIN) ? [] : nil
  }
}

/// Gives the terminal back when the process crashes: a shell whose keys are not shown looks broken.
private enum CrashGuard {
  // Written by the one thread that shows the view, read by the handler of a crash, which may only use what is there.
  nonisolated(unsafe) private static var state = termios()
  nonisolated(unsafe) private static var output: CInt = -1
  /// The bytes that leave the view, allocated before: a handler must not allocate.
  nonisolated(unsafe) private static var bytes: UnsafeMutableBufferPointer<UInt8> = .allocate(capacity: 0)
  private static let signals = [SIGILL, SIGTRAP, SIGABRT, SIGSEGV, SIGBUS, SIGFPE]

  static func watch(_ before: termios, _ descriptor: CInt) {
    state = before
    if bytes.isEmpty {
      let text = Array(FrameWriter.leave.utf8)
      bytes = .allocate(capacity: text.count)
      _ = bytes.initialize(from: text)
    }
    output = descriptor
    for signal in signals {
      var action = sigaction()
      // Once: the same signal, raised again, ends the process as it would have.
      action.sa_flags = CInt(bitPattern: UInt32(SA_RESETHAND))
      action.__sigaction_handler.sa_handler = { number in
        if CrashGuard.output >= 0 {
          _ = Glibc.write(CrashGuard.output, CrashGuard.bytes.baseAddress, CrashGuard.bytes.count)
          tcsetattr(STDIN_FILENO, TCSANOW, &CrashGuard.state)
        }
        raise(number)
      }
      sigaction(signal, &action, nil)
    }
  }

  static func forget() {
    output = -1
    for signal in signals { Foundation.signal(signal, SIG_DFL) }
  }
}
