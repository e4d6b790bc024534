import Glibc

/// One change that inotify told of.
public struct FileEvent: Equatable, Sendable {
  /// The watch that it belongs to; -1 when the kernel's queue was full and events are missing.
  public let watch: Int
  public let mask: UInt32
  /// The name in a watched folder, empty for the watched file itself.
  public let name: String

  public var isOverflow: Bool { mask & UInt32(IN_Q_OVERFLOW) != 0 }
  /// The watch is gone: its file or folder was deleted, or the watch removed.
  public var isGone: Bool { mask & UInt32(IN_IGNORED) != 0 }
  public var isFolder: Bool { mask & UInt32(IN_ISDIR) != 0 }
  public func contains(_ bits: UInt32) -> Bool { mask & bits != 0 }
}

/// Changes of files and folders, told by the kernel in the order in which they happened (inotify).
public final class FileWatcher: Sendable {
  /// Somebody wrote to a file, closed it after writing, or put one in place by renaming or linking.
  public static let writes: UInt32 = UInt32(IN_MODIFY | IN_CLOSE_WRITE | IN_MOVED_TO)
  public static let modification: UInt32 = UInt32(IN_MODIFY)
  /// Fails for what is no folder, so that a link or file in a folder's place is not watched for it.
  public static let folderOnly: UInt32 = UInt32(IN_ONLYDIR)
  public static let creation: UInt32 = UInt32(IN_CREATE)
  public static let removal: UInt32 = UInt32(IN_DELETE | IN_MOVED_FROM)

  /// Readable when something has changed.
  public let descriptor: Descriptor

  public init() throws(SystemError) {
    let flags = Int32(IN_NONBLOCK | IN_CLOEXEC)
    do throws(SystemError) {
      descriptor = Descriptor(owning: try checked("watch", "files") { inotify_init1(flags) })
    } catch {
      guard error.number == EMFILE else { throw error }
      throw SystemError(
        .other,
        message: "cannot watch files: this user has too many inotify instances (raise fs.inotify.max_user_instances)")
    }
  }

  /// Watches a file or folder; the number stands in its events. Symbolic links are not followed.
  public func add(_ path: String, _ mask: UInt32) throws(SystemError) -> Int {
    let flags = mask | UInt32(IN_DONT_FOLLOW)
    return Int(try checked("watch", path) { inotify_add_watch(descriptor.number, path, flags) })
  }

  /// Watches it no longer.
  public func remove(_ watch: Int) { _ = inotify_rm_watch(descriptor.number, Int32(truncatingIfNeeded: watch)) }

  /// What has happened since the last call, in order, at most about 64 KiB of it at a time.
  public func events() -> [FileEvent] {
    guard let bytes = try? descriptor.read(upTo: 65_536) else { return [] }
    let header = MemoryLayout<inotify_event>.size
    var events: [FileEvent] = []
    var offset = 0
    bytes.withUnsafeBytes { buffer in
      while offset + header <= buffer.count {
        let event = buffer.loadUnaligned(fromByteOffset: offset, as: inotify_event.self)
        let end = min(buffer.count, offset + header + Int(event.len))
        let name = buffer[(offset + header)..<end].prefix { $0 != 0 }
        events.append(FileEvent(watch: Int(event.wd), mask: event.mask, name: String(decoding: name, as: UTF8.self)))
        offset = end
      }
    }
    return events
  }
}
