import HostSystem
import TuningModel

/// What the process that serves a run's page needs of its folder.
extension RunFolder {
  /// Where the page is, and by which process: while it is served.
  public var pageRecord: String { path + "/page.json" }
  /// What commands from the page are let in by.
  public var pageToken: String { path + "/page.token" }

  /// Asks the run's coordinator. nil: none answers.
  public func ask(_ question: JSONValue, within timeout: Duration = .seconds(12)) -> JSONValue? {
    // One that is stopped answers nobody: it is not waited for.
    holder?.isStopped == true ? nil : ControlSocket.ask(question, at: controlSocket, within: timeout)
  }

  /// Where the page is served now, and the token of its commands; nil: it is not.
  var servedPage: (url: String, token: String)? {
    guard let text = try? Files.readText(pageRecord, limit: 4096), let record = try? JSONValue(parsing: text),
      let url = record.text("url"), let token = record.text("token"), let pid = record.whole("pid"),
      let entry = ProcessTable.entry(pid), !entry.isDead,
      let name = try? Files.readText("/proc/\(pid)/comm", limit: 64), name.hasPrefix("pasha-page")
    else { return nil }
    return (url, token)
  }
}
