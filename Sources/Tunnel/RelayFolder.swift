import Glibc
import HostSystem

/// The folder of a relay: two sockets and a lock, for its user alone.
public struct RelayFolder: Equatable, Sendable {
  /// Absolute.
  public let path: String

  public init(_ path: String) { self.path = path }

  /// The folder for something with a name, such as a run: short, since the paths of sockets are, and the same each time.
  public static func standard(for name: String) -> RelayFolder {
    RelayFolder("/tmp/pasha-\(geteuid())-\(SHA256.hash(Array(name.utf8)).prefix(12))")
  }

  /// Where agents connect for each channel.
  public static let controlName = "c"
  public static let bulkName = "b"

  public var control: String { "\(path)/\(Self.controlName)" }
  public var bulk: String { "\(path)/\(Self.bulkName)" }
  var lock: String { "\(path)/lock" }

  /// Makes the folder with mode 0700, or takes one that is there and is this user's own.
  /// - Throws: `folder`, with what is wrong and the way out.
  func prepare() throws(TunnelError) {
    guard path.hasPrefix("/"), !path.utf8.contains(0) else {
      throw TunnelError(.folder, "the relay's folder must be an absolute path, not '\(path)'")
    }
    guard control.utf8.count <= SocketCalls.pathLimit else {
      throw TunnelError(
        .folder,
        "the relay's folder \(path) has a name of \(path.utf8.count) bytes; sockets allow \(SocketCalls.pathLimit - 2): "
          + "choose a shorter one")
    }
    let folder: Descriptor
    let status: FileStatus
    do throws(SystemError) {
      try makeIfMissing()
      // Opened, so that what is examined is what gets the mode. A symbolic link is refused here.
      folder = try Descriptor.open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
      status = try folder.status()
    } catch {
      throw TunnelError(.folder, "the relay's folder cannot be used: \(error.message)")
    }
    guard status.user == geteuid() else {
      throw TunnelError(
        .folder, "the relay's folder \(path) belongs to user \(status.user), not to this one (\(geteuid())); remove it")
    }
    guard status.mode & 0o077 != 0 || status.mode & 0o700 != 0o700 else { return }
    do throws(SystemError) {
      try folder.setMode(0o700)
    } catch {
      throw TunnelError(.folder, "the relay's folder \(path) cannot be made private: \(error.message)")
    }
  }

  private func makeIfMissing() throws(SystemError) {
    guard try Files.status(path) == nil else { return }
    try Files.makeFolder(path, mode: 0o700)
  }
}
