import HostSystem

/// Whether a folder lies on a disk of this machine. SQLite's write-ahead log needs shared memory, locks and syncs that
/// network file systems do not give (https://www.sqlite.org/wal.html, section 1): a journal there can be destroyed.
enum LocalDisk {
  /// Refuses a folder on a network file system.
  static func require(_ folder: String, for path: String) throws(JournalError) {
    let isNetwork: Bool
    let type: String?
    do throws(SystemError) {
      isNetwork = try Files.isOnNetworkFileSystem(folder)
      type = mountType(of: folder)
    } catch {
      throw JournalError(system: error, path)
    }
    guard isNetwork || type.map(isNetworkType) == true else { return }
    throw JournalError(
      .networkFileSystem, path,
      "the folder lies on a network file system (\(type ?? "of an unknown type")), where what is written can be lost "
        + "or destroyed. Keep runs in a folder on a disk of this machine")
  }

  /// Whether a type of the table of mounts is shared by machines. FUSE file systems that only look at local files stay
  /// allowed; what is not known here is taken for local.
  static func isNetworkType(_ type: String) -> Bool {
    let name = type.hasPrefix("fuse.") ? String(type.dropFirst(5)) : type
    return networkTypes.contains(name.lowercased())
  }

  private static let networkTypes: Set<String> = [
    // In the kernel.
    "nfs", "nfs4", "cifs", "smb3", "smbfs", "ncpfs", "9p", "lustre", "gpfs", "ceph", "beegfs", "beegfs_nodev", "afs",
    "coda", "gfs2", "ocfs2", "orangefs", "pvfs2", "panfs", "davfs",
    // By FUSE.
    "sshfs", "glusterfs", "s3fs", "rclone", "gcsfuse", "goofys", "mountpoint-s3", "juicefs", "curlftpfs", "smbnetfs",
    "moosefs", "mfs", "lizardfs", "seaweedfs", "cvmfs2", "hdfs", "fuse_dfs", "blobfuse", "blobfuse2", "alluxio-fuse",
  ]

  /// The type of the mount that a folder lies on; nil where the table does not tell.
  private static func mountType(of folder: String) -> String? {
    guard let status = try? Files.status(folder, followingLinks: true),
      let table = try? Files.readText("/proc/self/mountinfo", limit: 4 << 20)
    else { return nil }
    return mountType(device: status.device, in: table)
  }

  /// Reads lines like `36 35 98:0 / /mnt rw,noatime master:1 - ext3 /dev/root rw` (proc(5)).
  static func mountType(device: UInt64, in table: String) -> String? {
    // As the C library's `major` and `minor` take a device number apart.
    let major = (device >> 8 & 0xFFF) | (device >> 32 & 0xFFFF_F000)
    let minor = (device & 0xFF) | (device >> 12 & 0xFFFF_FF00)
    for line in table.split(separator: "\n") {
      let words = line.split(separator: " ")
      guard words.count > 2, words[2] == "\(major):\(minor)", let dash = words.firstIndex(of: "-"),
        dash + 1 < words.count
      else { continue }
      return String(words[dash + 1])
    }
    return nil
  }
}
