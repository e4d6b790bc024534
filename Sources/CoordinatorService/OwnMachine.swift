import Foundation
import HostSystem
import Journal
import Launching
import Messaging
import Presentation
import TuningModel
import Wire

/// What `doctor` looks at on the coordinator's own machine.
struct OwnMachine {
  /// The folder that also holds `runs/`.
  let state: String
  /// Hosts that are reached by SSH; nil: no cluster file was given.
  let hosts: Int?

  /// Without much free the journal fails, and with it the run.
  private static let leastFreeBytes = 1 << 30
  private static let fewestFreeBytes = 64 << 20

  func findings() -> [Finding] {
    [agent(), libraries(), descriptors(), clock(), stateFolder()] + [disk(), python()].compactMap { $0 }
      + (needsSSH || hosts == nil ? [ssh(), launcher(), bundle()] : [])
  }

  private var needsSSH: Bool { (hosts ?? 0) > 0 }

  // MARK: Programs

  private func agent() -> Finding {
    do {
      let path = try agentExecutable()
      let version = Self.output([path, "--version"])
      guard version == PashaVersion.current else {
        return .failure(
          "programs",
          "\(path) is \(version.map { "version \($0)" } ?? "not to be started"), pasha-coord is "
            + PashaVersion.current, fix: "build both anew, or set PASHA_AGENT")
      }
      return .ok("programs", "pasha-coord and \(path), version \(PashaVersion.current)")
    } catch {
      return .failure("programs", "\(error)")
    }
  }

  private func libraries() -> Finding {
    let texts = [
      "libzmq \(MessagingLibrary.version)", "SQLite \(JournalLibrary.version ?? "?")",
      Self.systemLibrary,
    ]
    guard MessagingLibrary.hasCurve else {
      return .failure(
        "libraries", "libzmq \(MessagingLibrary.version) here is built without CURVE",
        fix: "install libzmq5 of the distribution, which has it")
    }
    return .ok("libraries", texts.joined(separator: ", "))
  }

  /// `glibc 2.36`.
  private static var systemLibrary: String {
    var text = [UInt8](repeating: 0, count: 64)
    let length = text.withUnsafeMutableBytes { confstr(Int32(_CS_GNU_LIBC_VERSION), $0.baseAddress, $0.count) }
    return String(decoding: text.prefix(max(1, min(length, 64)) - 1), as: UTF8.self)
  }

  private func ssh() -> Finding {
    guard let path = Self.program("ssh") else {
      let text = "there is no ssh, which reads the SSH configuration"
      return needsSSH
        ? .failure("ssh", text, fix: "apt-get install openssh-client")
        : .warning("ssh", text, fix: "apt-get install openssh-client, before a run on other hosts")
    }
    return .ok("ssh", path)
  }

  private func launcher() -> Finding {
    do {
      let path = try launchExecutable()
      guard let version = Self.output([path, "--version"]) else {
        return .failure("pasha-launch", "\(path) cannot be started", fix: "`ldd \(path)` names libraries that it lacks")
      }
      return .ok("pasha-launch", "\(path), \(version)")
    } catch {
      return needsSSH ? .failure("pasha-launch", "\(error)") : .warning("pasha-launch", "\(error)")
    }
  }

  private func bundle() -> Finding {
    do {
      guard case .bundle(_, let hash, let bytes) = try AgentProgram.forHosts(try agentExecutable(), state: state) else {
        return .ok("agent", "nothing to be packed")
      }
      return .ok("agent", "packed for hosts, \(Presentation.bytes(bytes)), \(hash.prefix(12))")
    } catch {
      return .failure("agent", "\(error)")
    }
  }

  private func python() -> Finding? {
    guard hosts == nil || hosts == 0 else { return nil }
    guard let path = Self.program("python3") else {
      return .warning("python", "there is no python3", fix: "training scripts in Python need it")
    }
    return .ok("python", "\(path), \(Self.output([path, "--version"]) ?? "of an unknown version")")
  }

  // MARK: The system

  private func descriptors() -> Finding {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
      return .warning("descriptors", "their limit cannot be found out")
    }
    let needed = 256 + 16 * (hosts ?? 0)
    guard limit.rlim_max >= needed else {
      return .failure(
        "descriptors", "at most \(limit.rlim_max) files and connections, and about \(needed) are needed",
        fix: "raise the hard limit (`ulimit -Hn`, /etc/security/limits.conf)")
    }
    return .ok("descriptors", "at most \(limit.rlim_max)")
  }

  private func clock() -> Finding {
    switch HostClock.isKept {
    case true?: .ok("clock", "kept by NTP or its like")
    case false?:
      .warning("clock", "nothing keeps this machine's clock", fix: "run chrony, ntpd or systemd-timesyncd")
    case nil: .ok("clock", "whether it is kept cannot be found out")
    }
  }

  private func stateFolder() -> Finding {
    let probe = "\(state)/.doctor.\(getpid())"
    do throws(SystemError) {
      try Files.makeFolder(state, intermediates: true)
      if try Files.isOnNetworkFileSystem(state) {
        return .failure(
          "state folder", "\(state) is on a network file system", fix: "set PASHA_STATE to a folder on a local disk")
      }
      try Files.writeDurably(probe, "doctor\n".utf8)
      try Files.removeFile(probe)
      return .ok("state folder", "\(state) can be written")
    } catch {
      try? Files.removeFile(probe)
      return .failure("state folder", error.message, fix: "set PASHA_STATE to a folder that you may write")
    }
  }

  private func disk() -> Finding? {
    var info = statvfs()
    guard statvfs(state, &info) == 0 else { return nil }
    let free = Int(clamping: info.f_bavail).multipliedReportingOverflow(by: Int(clamping: info.f_frsize)).partialValue
    let text = "\(Presentation.bytes(free)) free for \(state)"
    if free < Self.fewestFreeBytes { return .failure("disk", text, fix: "make room: `pasha-coord clean` helps") }
    if free < Self.leastFreeBytes { return .warning("disk", text, fix: "make room: `pasha-coord clean` helps") }
    return .ok("disk", text)
  }

  // MARK: Programs that are there

  private static func program(_ name: String) -> String? {
    let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"
    return path.split(separator: ":").map { "\($0)/\(name)" }.first { access($0, X_OK) == 0 }
  }

  /// The first line that a program prints; nil where it fails, or takes longer than some seconds.
  private static func output(_ words: [String]) -> String? {
    let process = Process()
    let output = Pipe()
    process.executableURL = URL(filePath: words[0])
    process.arguments = Array(words.dropFirst())
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return nil }
    let pid = process.processIdentifier
    let isDone = Locked(false)
    Thread.detachNewThread {
      usleep(10_000_000)
      isDone.withLock { if !$0 { kill(pid, SIGKILL) } }
    }
    let text = (try? output.fileHandleForReading.readToEnd()) ?? Data()
    process.waitUntilExit()
    isDone.withLock { $0 = true }
    guard process.terminationStatus == 0 else { return nil }
    return String(decoding: text, as: UTF8.self).split(whereSeparator: \.isNewline).first.map(String.init)
  }
}
