import CSandbox

/// What this process can say of itself to the system.
public enum OwnProcess {
  /// Names the process in lists of processes (`ps -e`, `top`, `pgrep`); 15 bytes are kept.
  public static func setName(_ name: String) { _ = sandbox_name_process(name) }

  /// From here on names of hosts and users are looked up in files and by DNS alone, whatever /etc/nsswitch.conf says.
  /// For a process with a C library of its own: the plugins on the host belong to the host's. Must come before the first
  /// look-up.
  public static func lookUpNamesAlone() { _ = sandbox_look_up_names_alone() }
}
