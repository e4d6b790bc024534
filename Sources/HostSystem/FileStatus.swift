import Glibc
import TuningModel

/// What the kernel knows of a file.
public struct FileStatus: Equatable, Sendable {
  public enum Kind: Equatable, Sendable {
    case file
    case folder
    case link
    /// A FIFO, a socket or a device: never opened, read or copied.
    case special
  }

  public let kind: Kind
  /// Bytes.
  public let size: Int
  /// Bytes that take room on the disk: less than `size` where the file has holes.
  public let allocated: Int
  /// Permission bits.
  public let mode: UInt32
  public let modified: Timestamp
  public let device: UInt64
  public let inode: UInt64
  public let user: UInt32
  /// Names that the file has.
  public let links: Int

  public var isExecutable: Bool { mode & 0o111 != 0 }

  init(_ info: stat) {
    switch info.st_mode & S_IFMT {
    case S_IFREG: kind = .file
    case S_IFDIR: kind = .folder
    case S_IFLNK: kind = .link
    default: kind = .special
    }
    size = Int(info.st_size)
    allocated = Int(info.st_blocks) * 512
    mode = info.st_mode & 0o7777
    modified = Timestamp(seconds: Int64(info.st_mtim.tv_sec), nanoseconds: Int64(info.st_mtim.tv_nsec))
    device = UInt64(info.st_dev)
    inode = UInt64(info.st_ino)
    user = info.st_uid
    links = Int(info.st_nlink)
  }
}
