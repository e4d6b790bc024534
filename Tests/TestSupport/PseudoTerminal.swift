import Foundation
import Glibc

/// A program on a terminal of its own: its screen is looked at, and keys are typed.
public final class PseudoTerminal: @unchecked Sendable {
  // Sendable in truth: what the reading thread writes is behind the lock; the rest does not change.
  public let pid: pid_t
  private let master: CInt
  private let device: String
  private let lock = NSLock()
  private var shown: VirtualScreen
  private var bytes: [UInt8] = []
  private var status: Int32?
  private var isOpen = true
  private var isReadToEnd = false

  /// Starts `executable` (a path, or the name of a product of this package) as the leader of a session whose terminal this is.
  public init(
    _ executable: String, _ arguments: [String], environment: [String: String?] = [:], directory: String? = nil,
    columns: Int = 100, rows: Int = 30
  ) throws {
    master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
    var lock: CInt = 0
    var number: CInt = 0
    // TIOCSPTLCK, TIOCGPTN: macros that Swift does not see.
    guard master >= 0, ioctl(master, 0x4004_5431, &lock) == 0, ioctl(master, 0x8004_5430, &number) == 0 else {
      throw WaitedInVain(description: "no pseudo terminal: \(errno)")
    }
    device = "/dev/pts/\(number)"
    shown = VirtualScreen(columns: columns, rows: rows)
    var size = winsize(ws_row: UInt16(rows), ws_col: UInt16(columns), ws_xpixel: 0, ws_ypixel: 0)
    _ = ioctl(master, UInt(TIOCSWINSZ), &size)
    var all = ProcessInfo.processInfo.environment
    for (key, value) in ["TERM": "xterm-256color", "LC_ALL": "", "LC_CTYPE": "", "LANG": "C.UTF-8", "NO_COLOR": nil] {
      all[key] = value
    }
    for (key, value) in environment { all[key] = value }
    let path = executable.contains("/") ? executable : product(executable)
    // The first terminal that the leader of a session opens becomes that of the session.
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, device, O_RDWR, 0)
    posix_spawn_file_actions_adddup2(&actions, 0, 1)
    posix_spawn_file_actions_adddup2(&actions, 0, 2)
    typealias ChangeFolder = @convention(c) (UnsafeMutableRawPointer, UnsafePointer<CChar>) -> CInt
    if let directory, let function = dlsym(nil, "posix_spawn_file_actions_addchdir_np") {
      _ = withUnsafeMutablePointer(to: &actions) { unsafeBitCast(function, to: ChangeFolder.self)($0, directory) }
    }
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK) | 0x80)  // POSIX_SPAWN_SETSID
    var child: pid_t = 0
    var arguments = ([path] + arguments).map { strdup($0) } + [nil]
    var variables = all.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for text in arguments + variables { free(text) } }
    let result = posix_spawn(&child, path, &actions, &attributes, &arguments, &variables)
    guard result == 0 else { throw WaitedInVain(description: "cannot start \(path): \(result)") }
    pid = child
    Thread.detachNewThread { [weak self, master] in
      var buffer = [UInt8](repeating: 0, count: 1 << 16)
      while true {
        let count = read(master, &buffer, buffer.count)
        if count < 0, errno == EINTR { continue }
        guard let self else { return }
        guard count > 0 else { return self.locked { self.isReadToEnd = true } }
        self.locked {
          self.bytes += buffer[..<count]
          self.shown.take(Array(buffer[..<count]))
        }
      }
    }
  }

  deinit {
    if status == nil { kill(pid, SIGKILL) }
    if isOpen { close(master) }
  }

  private func locked<Result>(_ body: () throws -> Result) rethrows -> Result {
    lock.lock()
    defer { lock.unlock() }
    return try body()
  }

  public var screen: VirtualScreen { locked { shown } }
  public var text: String { screen.text }
  /// Everything that was written so far.
  public var written: [UInt8] { locked { bytes } }

  public func type(_ text: String) {
    let bytes = Array(text.utf8)
    _ = bytes.withUnsafeBytes { write(master, $0.baseAddress, $0.count) }
  }

  public func send(_ signal: Int32) { kill(pid, signal) }

  public func resize(columns: Int, rows: Int) {
    locked { shown.resize(columns: columns, rows: rows) }
    var size = winsize(ws_row: UInt16(rows), ws_col: UInt16(columns), ws_xpixel: 0, ws_ypixel: 0)
    _ = ioctl(master, UInt(TIOCSWINSZ), &size)
  }

  /// The terminal goes, as when a window is closed.
  public func hangUp() {
    isOpen = false
    close(master)
  }

  /// Waits until the screen is as wanted.
  @discardableResult
  public func wait(
    for what: String = "the screen", within limit: Duration = .seconds(30), _ condition: (VirtualScreen) -> Bool
  ) throws -> VirtualScreen {
    do {
      return try eventually(what, within: limit) {
        let screen = self.screen
        return condition(screen) ? screen : nil
      }
    } catch {
      throw WaitedInVain(description: "waited in vain for \(what); the screen:\n\(text)")
    }
  }

  /// Waits until a text stands on the screen.
  @discardableResult
  public func wait(for text: String, within limit: Duration = .seconds(30)) throws -> VirtualScreen {
    try wait(for: "'\(text)'", within: limit) { $0.text.contains(text) }
  }

  /// Whether the terminal shows what is typed and gives it line by line, as a shell expects it.
  public var isAsShellsExpect: Bool {
    var state = termios()
    guard tcgetattr(master, &state) == 0 else { return false }
    let wanted = tcflag_t(ICANON | ECHO | ISIG)
    return state.c_lflag & wanted == wanted && state.c_iflag & tcflag_t(IXON | ICRNL) == tcflag_t(IXON | ICRNL)
  }

  /// Waits for the end; the exit status, 128 + signal after a signal.
  public func waitForEnd(limit: Duration = .seconds(60)) throws -> Int32 {
    if let status { return status }
    let found: Int32
    do {
      found = try eventually("the end", within: limit) {
        var status: Int32 = 0
        return waitpid(pid, &status, WNOHANG) == pid ? status : nil
      }
    } catch {
      throw WaitedInVain(description: "the program did not end; the screen:\n\(text)")
    }
    let signal = found & 0x7F
    status = signal == 0 ? (found >> 8) & 0xFF : 128 + signal
    // What it wrote last may still be on its way; the terminal ends with the last process that has it open.
    try? eventually("the end of what was written", within: .seconds(10)) { locked { isReadToEnd } || !isOpen }
    return status ?? -1
  }
}
