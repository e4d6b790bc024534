import Glibc
import HostSystem

/// `pasha-agent relay [--dir FOLDER | --run NAME]`: the host's end of a tunnel on standard input and output.
public enum RelayCommand {
  /// Runs until the tunnel ends; the process's exit status. `arguments`: those after `relay`.
  public static func run(_ arguments: [String]) -> Int32 {
    guard let folder = folder(arguments) else {
      complain(
        "usage: pasha-agent relay [--dir FOLDER | --run NAME]; pasha-launch starts it over SSH, for hosts that do not "
          + "reach the coordinator")
      return EX_USAGE
    }
    let end = RelayServer.run(folder: folder, input: Descriptor(owning: 0), output: Descriptor(owning: 1))
    switch end.code {
    case .closed, .stopped: return 0
    case .busy: complain(end.message)
    default:
      complain(end.message)
      return EX_OSERR
    }
    return EX_TEMPFAIL
  }

  static func folder(_ arguments: [String]) -> RelayFolder? {
    switch (arguments.count, arguments.first) {
    case (0, _): .standard(for: "")
    case (2, "--dir"): RelayFolder(arguments[1])
    case (2, "--run"): .standard(for: arguments[1])
    default: nil
    }
  }

  private static func complain(_ message: String) {
    let line = Array("pasha-agent relay: \(message)\n".utf8)
    line.withUnsafeBytes { _ = write(2, $0.baseAddress, $0.count) }
  }
}
