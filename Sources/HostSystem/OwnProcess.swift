import CSandbox
import Glibc

/// What this process can say of itself to the system.
public enum OwnProcess {
  /// Names the process in lists of processes (`ps -e`, `top`, `pgrep`); 15 bytes are kept.
  public static func setName(_ name: String) { _ = sandbox_name_process(name) }

  /// Its user, by the number that the system counts processes for.
  public static var user: Int { Int(getuid()) }
  public static var isRoot: Bool { getuid() == 0 || geteuid() == 0 }

  /// From here on this process, which must have one thread, and all that it starts can signal nobody but each other.
  /// Whether that is so for certain: only then all that it started can be signalled at once (`signalEnclosed`).
  public static func enclose() -> Bool { sandbox_enclose() == 0 }

  /// Signals every process that this one has started since `enclose` gave true, and what those have started, those
  /// included that are being started now. Never without it: every process of the user would get the signal.
  public static func signalEnclosed(_ signal: Int32) { _ = sandbox_signal_enclosed(signal) }

  /// From here on no other process of the user can trace this one or read its memory and environment, and no core file is
  /// written of it. Where /proc hides processes that one may not look into (`hidepid`), others of ours would not find this
  /// one any more: there it stays as it is.
  public static func hideMemory() {
    if !isHidden(inMounts: (try? Files.readText("/proc/self/mounts", limit: 4 << 20)) ?? "") {
      _ = sandbox_become_opaque()
    }
  }

  /// Whether /proc is mounted with `hidepid`.
  static func isHidden(inMounts text: String) -> Bool {
    text.split(separator: "\n").contains { line in
      let words = line.split(separator: " ")
      guard words.count > 3, words[1] == "/proc", words[2] == "proc" else { return false }
      return words[3].split(separator: ",").contains {
        $0.hasPrefix("hidepid=") && $0 != "hidepid=0" && $0 != "hidepid=off"
      }
    }
  }

  /// From here on names of hosts and users are looked up in files and by DNS alone, whatever /etc/nsswitch.conf says.
  /// For a process with a C library of its own: the plugins on the host belong to the host's. Must come before the first
  /// look-up.
  public static func lookUpNamesAlone() { _ = sandbox_look_up_names_alone() }
}
