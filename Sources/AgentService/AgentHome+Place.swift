import Glibc
import HostSystem
import TuningModel

extension AgentHome {
  /// The random name of the folder, made with it. Machines that are copies of each other have the same machine id and
  /// the same paths, yet not the same checkpoints.
  func placeName() throws(SystemError) -> String { try Self.placeName(path) }

  static func placeName(_ path: String) throws(SystemError) -> String {
    let file = "\(path)/place"
    if try Files.status(file) == nil {
      var bytes = [UInt8](repeating: 0, count: 16)
      let random = try Descriptor.open("/dev/urandom", O_RDONLY)
      bytes = try random.read(upTo: bytes.count)
      let digits = Array("0123456789abcdef".utf8)
      let text = bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
      // Two agents may make it at once: the first one counts.
      let own = "\(file).\(getpid())"
      try Files.writeDurably(own, text + [0x0A])
      if link(own, file) != 0, errno != EEXIST { throw SystemError(errno, "make", file) }
      try Files.removeFile(own)
    }
    return String(try Files.readText(file, limit: 64).prefix { !$0.isNewline })
  }

  /// Names of the checkpoints' folder of a trial: at its own place, or below the folder that all hosts mount.
  func trial(_ id: TrialID, sharedFolder: String?) -> TrialFolder {
    TrialFolder("\(trialsFolder)/\(id)", seals: sharedFolder.map { "\($0)/\(run)/trials/\(id)/seals" })
  }
}
