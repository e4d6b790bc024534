import Glibc
import HostSystem
import Wire

/// The reports in a trial's log, read as the log grows.
final class ReportTail {
  struct Report {
    var sequence: Int
    /// The resource, where the report counts for milestones: a whole number, and a number for the metric.
    var resource: Int?
  }

  private let file: Descriptor
  private let resourceAttribute: String
  private let metric: String
  private var reader = ReportLineReader()
  /// How the log began when it was read.
  private var head: [UInt8] = []
  private static let headSize = 256
  /// Whether the script emptied the log and wrote it anew: reports that stood in it are gone.
  private(set) var wasOverwritten = false
  private var buffer = [UInt8](repeating: 0, count: 1 << 16)

  init(_ path: String, resourceAttribute: String, metric: String) throws(SystemError) {
    file = try Descriptor.open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
    self.resourceAttribute = resourceAttribute
    self.metric = metric
  }

  /// Bytes that were read, and bytes that stand in the log now.
  var position: Int { reader.consumed }
  var size: Int { (try? file.status().size) ?? 0 }

  /// Reads on, at most about `limit` bytes; whether the end was reached.
  func read(upTo limit: Int, into reports: inout [Report]) throws(SystemError) -> Bool {
    var done = 0
    while done < limit {
      let offset = off_t(reader.consumed)
      let count = buffer.withUnsafeMutableBytes { pread(file.number, $0.baseAddress, $0.count, offset) }
      if count < 0, errno == EINTR { continue }
      if count < 0 { throw SystemError(errno, "read", "the trial's log") }
      if count == 0 {
        if !beginsAsBefore() { wasOverwritten = true }
        return true
      }
      if head.count < Self.headSize, reader.consumed == head.count {
        head += buffer[..<min(count, Self.headSize - head.count)]
      }
      buffer.withUnsafeBytes { bytes in
        reader.read(UnsafeRawBufferPointer(rebasing: bytes[..<count])) { event in
          if case .report(let sequence, let fields, _) = event {
            let counts = ReportFields.number(metric, in: fields) != nil
            let resource = counts ? ReportFields.wholeNumber(resourceAttribute, in: fields) : nil
            reports.append(Report(sequence: sequence, resource: resource))
          }
        }
      }
      done += count
    }
    return false
  }

  /// Opening /dev/stdout anew empties the file that standard output is; what is written next may end where the log
  /// ended before, so that its length alone tells nothing.
  private func beginsAsBefore() -> Bool {
    guard let status = try? file.status(), let bytes = try? file.read(at: 0, upTo: head.count) else { return true }
    return status.size >= reader.consumed && bytes == head
  }
}
