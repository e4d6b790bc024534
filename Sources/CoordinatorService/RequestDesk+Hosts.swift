import ClusterFile
import Coordination
import HostSystem
import TuningModel

extension RequestDesk {
  func addHost(_ request: JSONValue) -> JSONValue {
    guard let text = request.text("host"), let folder = request.text("folder") else {
      return failure("no host is named")
    }
    do throws(ClusterFileError) {
      for host in try ClusterFile.hosts(fromArgument: text, baseDirectory: folder) {
        let answer = ask(.add(host))
        if answer.text("error") != nil { return answer }
      }
      return .object([.init("ok", .bool(true))])
    } catch {
      return failure(error.problems.map(\.message).joined(separator: "\n"))
    }
  }

  /// Brings back a host that the run knows, as it is in the cluster file or was added: with its user, port and the rest.
  func returnHost(_ request: JSONValue) -> JSONValue {
    guard let name = request.text("host") else { return failure("no host is named") }
    let promise = Promise<(state: RunState, live: LiveView)>()
    mailbox.post(.view(promise))
    guard let state = promise.wait(for: .seconds(10))?.state else { return failure("the coordinator did not answer") }
    let known = state.specification.cluster.hosts + state.addedHosts
    if let host = known.last(where: { $0.name == name }) { return ask(.add(host)) }
    // The coordinator's own machine, in a run whose file names no hosts.
    guard state.agents.contains(where: { $0.name == name && $0.origin == .launched }) else {
      return failure("\(name) was started by hand, and comes back in the same way")
    }
    return ask(.add(HostOptions(name: name, host: name)))
  }

  func change(_ request: JSONValue, _ command: (String) -> HostCommand) -> JSONValue {
    guard let name = request.text("host") else { return failure("no host is named") }
    return ask(command(name))
  }

  private func ask(_ command: HostCommand) -> JSONValue {
    let promise = Promise<JSONValue>()
    mailbox.post(.host(command, promise))
    return promise.wait(for: .seconds(10)) ?? failure("the coordinator did not answer")
  }

  /// Takes over the run's own file with other limits, which are named as in `stop_criterion`.
  func extend(_ request: JSONValue) -> JSONValue {
    guard case .object(let members) = request else { return failure("no limit is given") }
    var limits: [(key: String, value: ClusterFile.Limit)] = []
    for member in members where member.key != "op" {
      switch (member.key, member.value) {
      case ("max_wallclock_time", .double(let seconds)) where seconds > 0 && seconds < 1e10:
        // Whole seconds: the file is read by people.
        limits.append((member.key, .time(.seconds(Int64(seconds.rounded(.up))))))
      case ("max_cost", .double(let cost)): limits.append((member.key, .number(cost)))
      case (_, .int(let count)): limits.append((member.key, .count(count)))
      default: return failure("\(member.key) is no limit")
      }
    }
    fileLock.lock()
    defer { fileLock.unlock() }
    do {
      let text = try Files.readText(folder.clusterFile, limit: ClusterFile.sizeLimit)
      let origin = folder.originPath
      let changed = try ClusterFile.extending(
        text, fileName: folder.clusterFile, baseDirectory: Files.parent(of: origin), limits: limits)
      return takeOver(changed.text, from: origin)
    } catch let error as ClusterFileError {
      return failure(error.problems.map(\.message).joined(separator: "\n"))
    } catch {
      return failure("\(error)")
    }
  }

  /// Takes over a changed file. With `base` only where the run's file is still the one with that hash.
  func reload(_ request: JSONValue) -> JSONValue {
    guard let text = request.text("text"), let path = request.text("path") else { return failure("no file is given") }
    fileLock.lock()
    defer { fileLock.unlock() }
    if let base = request.text("base") {
      guard let current = try? Files.read(folder.clusterFile, limit: ClusterFile.sizeLimit),
        SHA256.hash(current) == base
      else { return failure(Self.changedMeanwhile) }
    }
    return takeOver(text, from: path)
  }

  /// What is said of a change of a file that another command has changed since.
  static let changedMeanwhile = "another command has changed the run's file at the same time; try again"

  /// How long the loop may take: a request that is given up could still be carried out, with another one's file.
  private static let reloadPatience = Duration.seconds(120)

  /// Puts the changed file beside the one that counts; the loop gives it its name once that is a fact.
  private func takeOver(_ text: String, from path: String) -> JSONValue {
    do {
      let decoded = try ClusterFile.decode(
        text: text, fileName: path, baseDirectory: Files.parent(of: path), checksFiles: false)
      let change = SpecificationChange.compare(
        try folder.specification(), decoded.specification, isTraining: try folder.state().training != nil)
      guard change.refused.isEmpty else {
        return failure("not taken over: " + change.refused.map(\.key).joined(separator: ", ") + " may not change")
      }
      let promise = Promise<JSONValue>()
      let before = folder.originPath
      try Files.writeDurably(folder.origin, Array(path.utf8))
      try Files.writeDurably(folder.nextClusterFile, Array(text.utf8))
      mailbox.post(.reload(decoded.specification, hash: SHA256.hash(Array(text.utf8)), promise))
      let answer = promise.wait(for: Self.reloadPatience) ?? failure("the coordinator did not answer")
      if answer.text("error") != nil { try Files.writeDurably(folder.origin, Array(before.utf8)) }
      return answer
    } catch {
      return failure("\(error)")
    }
  }
}
