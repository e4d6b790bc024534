import Glibc
import HostSystem
import TuningModel

/// What the process that serves a run's page needs of its folder.
extension RunFolder {
  /// Where the page is, and by which process: while it is served.
  public var pageRecord: String { path + "/page.json" }
  /// What commands from the page are let in by, as long as the run's folder is there: pages that are open go on when their
  /// server is started again.
  public var pageToken: String { path + "/page.token" }

  /// The run's token; nil: there is none, or other users could have read or written it.
  public var token: String? {
    guard let file = try? Descriptor.open(pageToken, O_RDONLY | O_NOFOLLOW), let status = try? file.status(),
      status.kind == .file, status.mode & 0o077 == 0, status.user == geteuid(), let bytes = try? file.read(upTo: 64),
      bytes.last == UInt8(ascii: "\n")
    else { return nil }
    let text = String(decoding: bytes.dropLast(), as: UTF8.self)
    return text.utf8.count == 32 && text.utf8.allSatisfy { $0 < 128 && Character(UnicodeScalar($0)).isHexDigit }
      ? text : nil
  }

  /// Asks the run's coordinator. nil: none answers.
  public func ask(_ question: JSONValue, within timeout: Duration = .seconds(12)) -> JSONValue? {
    // One that is stopped answers nobody: it is not waited for.
    holder?.isStopped == true ? nil : ControlSocket.ask(question, at: controlSocket, within: timeout)
  }

  /// Where the page is served now, and the token of its commands; nil: it is not.
  public var servedPage: (url: String, token: String)? {
    guard let text = try? Files.readText(pageRecord, limit: 4096), let record = try? JSONValue(parsing: text),
      let url = record.text("url"), let token = record.text("token"), let pid = record.whole("pid"),
      let entry = ProcessTable.entry(pid), !entry.isDead,
      let name = try? Files.readText("/proc/\(pid)/comm", limit: 64), name.hasPrefix("pasha-page")
    else { return nil }
    return (url, token)
  }

  /// Removes the record of a page that is not served any more, where it is still that of this process.
  public func forgetPage(of pid: Int) {
    guard let text = try? Files.readText(pageRecord, limit: 4096), let record = try? JSONValue(parsing: text),
      record.whole("pid") == pid
    else { return }
    try? Files.removeFile(pageRecord)
  }
}
