import AgentCore
import Glibc
import HostSystem
import Wire

/// The file that says how an attempt ended. What a trial did must be known also when it has filled the disk: room for the
/// file is taken before the trial starts.
struct ExitFile {
  let folder: AttemptFolder

  /// An end with the longest words takes no more.
  private static let bytes = 16 << 10

  private var reserve: String { folder.exit + ".room" }

  /// Takes the room, where there is any.
  func takeRoom() {
    do throws(SystemError) {
      let file = try Descriptor.open(reserve, O_WRONLY | O_CREAT | O_NOFOLLOW)
      // Zeros that were written are room on every file system; what was merely asked for is not.
      try file.write([UInt8](repeating: 0, count: Self.bytes), at: 0)
    } catch {
      SupervisorLog.note(error.message)
    }
  }

  /// Writes the file durably, in the room that was taken where there is no other.
  func write(_ end: AttemptEnd) throws(SystemError) {
    let content = end.encoded()
    do throws(SystemError) {
      try Files.writeDurably(folder.exit, content)
      try? Files.removeFile(reserve)
    } catch {
      guard content.count <= Self.bytes, let file = try? Descriptor.open(reserve, O_WRONLY | O_NOFOLLOW),
        (try? file.status().size) == Self.bytes
      else { throw error }
      try file.write(content, at: 0)
      guard ftruncate(file.number, off_t(content.count)) == 0 else { throw error }
      try file.sync()
      try Files.rename(reserve, to: folder.exit)
      try? Files.syncFolder(folder.path)
    }
  }
}
