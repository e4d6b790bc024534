import Foundation
import HostSystem
import TuningModel

/// The folder of one run on the coordinator's side. `Docs/files.md` lists what is in it.
public struct RunFolder: Sendable {
  public let path: String

  public init(path: String) { self.path = path }

  public var name: String { Files.name(of: path) }
  public var journal: String { path + "/journal.sqlite" }
  public var clusterFile: String { path + "/cluster.yml" }
  /// Where the cluster file stood when the run began: what its relative paths are relative to.
  public var origin: String { path + "/origin" }
  /// The path that `origin` holds; where it cannot be read, that of the run's own file.
  var originPath: String { (try? Files.readText(origin, limit: 65_536)) ?? clusterFile }
  public var secretKey: String { path + "/secret.key" }
  public var controlSocket: String { path + "/control.sock" }
  public var agentRecord: String { path + "/agent.json" }
  public var code: String { path + "/code" }
  /// Copies of sealed checkpoints.
  public var checkpoints: String { path + "/checkpoints" }
  /// Names of the hosts that need a tunnel.
  public var tunnels: String { path + "/tunnels" }
  /// A cluster file that is being taken over.
  public var nextClusterFile: String { path + "/cluster.yml.next" }
  /// What a program in place of a scheduler writes to its standard error.
  public var schedulerLog: String { path + "/scheduler.log" }
  public var log: String { path + "/coordinator.log" }

  // MARK: Where runs are

  /// `$PASHA_STATE/runs`, `$XDG_STATE_HOME/pasha/runs` or `~/.local/state/pasha/runs`.
  public static var home: String {
    let environment = ProcessInfo.processInfo.environment
    if let folder = environment["PASHA_STATE"], !folder.isEmpty { return folder + "/runs" }
    if let folder = environment["XDG_STATE_HOME"], !folder.isEmpty { return folder + "/pasha/runs" }
    let home = environment["HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil } ?? NSHomeDirectory()
    return home + "/.local/state/pasha/runs"
  }

  /// Makes the folder of a new run: the experiment's name, the UTC time and milliseconds, as Syne Tune names its
  /// experiments.
  public static func create(experiment: String, at time: Timestamp, in home: String) throws(ServiceError) -> RunFolder {
    do throws(SystemError) {
      try Files.makeFolder(home, intermediates: true)
      if try Files.isOnNetworkFileSystem(home) {
        throw SystemError(
          .unsuitable,
          message: "\(home) is on a network file system, where SQLite's locks and syncs cannot be relied on; "
            + "set PASHA_STATE to a folder on a local disk")
      }
      for milliseconds in 0..<1000 {
        let name = name(of: experiment, at: Timestamp(microseconds: time.microseconds + Int64(milliseconds) * 1000))
        guard !Files.exists(home + "/" + name) else { continue }
        try Files.makeFolder(home + "/" + name)
        return RunFolder(path: home + "/" + name)
      }
      throw SystemError(.exists, message: "too many runs in \(home) have the same name")
    } catch {
      throw ServiceError(.cannotCreate, "cannot make the run's folder: \(error.message)")
    }
  }

  private static func name(of experiment: String, at time: Timestamp) -> String {
    var seconds = time_t(time.microseconds / 1_000_000)
    var parts = tm()
    gmtime_r(&seconds, &parts)
    let date = String(
      format: "%04d-%02d-%02d-%02d-%02d-%02d-%03d", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday,
      parts.tm_hour, parts.tm_min, parts.tm_sec, time.microseconds / 1000 % 1000)
    // Syne Tune, which can read the folder, allows 63 characters in all.
    return "\(experiment.replacing("_", with: "-").prefix(39))-\(date)"
  }

  /// The run of this name, of a unique prefix of it, or of a path; without a name the one begun last.
  public static func find(_ name: String?, in home: String) throws(ServiceError) -> RunFolder {
    if name?.isEmpty == true { throw ServiceError(.usage, "the name of a run is empty; leave it out for the newest") }
    if let name, name.contains("/") {
      guard Files.exists(name + "/journal.sqlite") else {
        throw ServiceError(.notFound, "\(name) is not the folder of a run")
      }
      return RunFolder(path: URL(filePath: name).standardizedFileURL.path(percentEncoded: false).trimmedSlash)
    }
    let all = names(in: home)
    guard let name else {
      guard let last = all.max(by: { begun($0) < begun($1) }) else {
        throw ServiceError(.notFound, "there is no run in \(home); `pasha-coord cluster.yml` starts one")
      }
      return RunFolder(path: home + "/" + last)
    }
    if all.contains(name) { return RunFolder(path: home + "/" + name) }
    let matches = all.filter { $0.hasPrefix(name) }
    switch matches.count {
    case 1: return RunFolder(path: home + "/" + matches[0])
    case 0: throw ServiceError(.notFound, "there is no run \(name) in \(home)")
    default: throw ServiceError(.notFound, "\(name) may be \(matches.prefix(5).joined(separator: ", "))")
    }
  }

  static func names(in home: String) -> [String] {
    let entries = (try? Folders.list(home)) ?? []
    return entries.filter { $0.status.kind == .folder && Files.exists("\(home)/\($0.name)/journal.sqlite") }.map(\.name)
  }

  /// All runs, the newest first.
  static func newestFirst(in home: String) -> [RunFolder] {
    names(in: home).sorted { (begun($0), $0) > (begun($1), $1) }.map { RunFolder(path: home + "/" + $0) }
  }

  /// Names of all runs, the newest first.
  public static func newestNames(in home: String = home) -> [String] { newestFirst(in: home).map(\.name) }

  /// The date in a run's name, which sorts as time does.
  private static func begun(_ name: String) -> String { String(name.suffix(23)) }
}

extension String {
  var trimmedSlash: String { count > 1 && hasSuffix("/") ? String(dropLast()) : self }
}
