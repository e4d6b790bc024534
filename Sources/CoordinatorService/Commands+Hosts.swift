import ClusterFile
import Coordination
import Foundation
import HostSystem
import Presentation
import TuningModel

/// The hosts of a running run, and another cluster file for it.
extension Commands {
  public static func hosts(run: String?, json: Bool, home: String = RunFolder.home) throws -> ExitCode {
    let folder = try RunFolder.find(run, in: home)
    show(
      try table(folder, json ? "hosts_json" : "hosts") { state, _ in
        json ? Presentation.hostsJSON(state).jsonText(.strict) : Presentation.hosts(state)
      })
    return .success
  }

  /// - Parameter host: as it may stand in `cluster.hosts`.
  public static func addHost(run: String?, host: String, json: Bool, home: String = RunFolder.home) throws -> ExitCode {
    let here = FileManager.default.currentDirectoryPath
    let hosts: [HostOptions]
    do throws(ClusterFileError) {
      hosts = try ClusterFile.hosts(fromArgument: host, baseDirectory: here)
    } catch {
      throw ServiceError(.usage, error.problems.map(\.message).joined(separator: "\n"))
    }
    return try ask(
      run, [.init("op", .string("add_host")), .init("host", .string(host)), .init("folder", .string(here))], home
    ) { _ in
      let names = hosts.map(\.name).joined(separator: ", ")
      show(json ? #"{"ok":true}"# : "\(names): being brought into the run; `pasha-coord hosts list` shows it")
    }
  }

  public enum HostAction: String, Sendable { case drain, remove, lost }

  public static func change(
    _ action: HostAction, run: String?, host: String, json: Bool, home: String = RunFolder.home
  ) throws -> ExitCode {
    let words =
      switch action {
      case .drain: "takes no new trials; those that run there go on to their milestones and move"
      case .remove: "leaves: its trials are paused, its checkpoints brought to the coordinator"
      case .lost: "counts as dead: its trials start again elsewhere"
      }
    return try ask(run, [.init("op", .string("\(action.rawValue)_host")), .init("host", .string(host))], home) { _ in
      show(json ? #"{"ok":true}"# : "host \(host) \(words)")
    }
  }

  /// Takes over a file that differs from the run's in what may change while it goes on, and in nothing else: the file is
  /// the run's from then on.
  public static func reload(run: String?, file: String, json: Bool, home: String = RunFolder.home) throws -> ExitCode {
    let folder = try RunFolder.find(run, in: home)
    let state = try folder.state()
    if let over = over(folder, state) { throw over }
    let text: String
    do throws(SystemError) {
      text = try Files.readText(file, limit: ClusterFile.sizeLimit)
    } catch {
      throw ServiceError(.notFound, error.message)
    }
    let path = URL(filePath: file).absoluteURL.path(percentEncoded: false)
    let new = try ClusterFile.decode(
      text: text, fileName: file, baseDirectory: Files.parent(of: path), checksFiles: true)
    let old = try folder.specification()
    let change = SpecificationChange.compare(
      old, new.specification, isTraining: state.training != nil)
    guard change.refused.isEmpty else {
      let lines = change.refused.map { "\($0.key) cannot change while the run goes on: \($0.reason)" }
      throw ServiceError(.usage, lines.joined(separator: "\n") + "\nnothing of \(file) was taken over")
    }
    let applicable = change.applicable.map(\.text)
    guard !change.applicable.isEmpty else {
      throw ServiceError(.usage, "\(file) changes nothing that can be changed while the run goes on")
    }
    let members: [JSONValue.Member] = [
      .init("op", .string("reload")), .init("text", .string(text)), .init("path", .string(path)),
    ]
    return try ask(folder.path, members, home) { _ in
      if json {
        show(JSONValue.object([.init("applied", .array(change.applicable.map { .string($0.key) }))]).jsonText(.strict))
      } else {
        for line in applicable { show(line) }
      }
    }
  }
}
