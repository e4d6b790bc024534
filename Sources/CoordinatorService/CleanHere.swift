import Foundation
import HostSystem
import Journal
import Launching
import TrialSandbox
import TuningModel

/// What `clean` removes of the coordinator's own state folder.
struct CleanHere {
  /// The folder that also holds `runs/`.
  let state: String

  /// Packed agents of other versions, and what trial runs left that were killed.
  func leftOvers(removes: Bool) -> CleanOutcome {
    var outcome = CleanOutcome(host: "this machine")
    for entry in (try? Folders.list(state)) ?? [] where entry.status.kind == .folder && entry.name.hasPrefix("plan-") {
      guard let pid = Int(entry.name.dropFirst(5)), ProcessTable.entry(pid) == nil else { continue }
      outcome.items.append(Self.remove("plan", "\(state)/\(entry.name)", removes))
    }
    outcome.items += bundles(removes: removes)
    return outcome
  }

  private func bundles(removes: Bool) -> [CleanItem] {
    let folder = state + "/bundles"
    // The one of now is made where it is missing: only so is known which it is.
    guard let entries = try? Folders.list(folder), entries.contains(where: { $0.name.hasPrefix("agent-") }),
      let executable = try? agentExecutable(),
      case .bundle(let current, _, _)? = try? AgentProgram.forHosts(executable, state: state)
    else { return [] }
    let own = Files.name(of: current).prefix { $0 != "." }
    var items: [CleanItem] = []
    for entry in entries where entry.name.hasPrefix("agent-") && !entry.name.hasSuffix(".lock") {
      let key = entry.name.prefix { $0 != "." }
      guard key != own, entry.status.kind == .file || entry.status.kind == .folder else { continue }
      // Somebody makes it just now. The lock files stay: others may wait there.
      guard let lock = try? FileLock.tryAcquire("\(folder)/\(key).lock") else { continue }
      items.append(Self.remove("bundle", "\(folder)/\(entry.name)", removes))
      withExtendedLifetime(lock) {}
    }
    return items
  }

  /// Copies of checkpoints of a run that are not kept.
  static func copies(of folder: RunFolder, keeping keep: Set<Int>, removes: Bool) -> CleanItem? {
    var size = TreeSize()
    var trials = 0
    var problem: String?
    for entry in (try? Folders.list(folder.checkpoints)) ?? [] where entry.status.kind == .folder {
      guard let number = Int(entry.name), !keep.contains(number) else { continue }
      let path = "\(folder.checkpoints)/\(entry.name)"
      size.add(path)
      trials += 1
      guard removes else { continue }
      do throws(SystemError) { try Folders.removeTree(path) } catch { problem = problem ?? error.message }
    }
    guard trials > 0 else { return nil }
    return CleanItem(
      kind: "copies", run: folder.name, path: folder.checkpoints, bytes: size.bytes, trials: trials,
      isRemoved: removes && problem == nil, problem: problem)
  }

  static func remove(_ kind: String, _ path: String, of run: String? = nil, _ removes: Bool) -> CleanItem {
    var size = TreeSize()
    size.add(path)
    var item = CleanItem(kind: kind, run: run, path: path, bytes: size.bytes)
    guard removes else { return item }
    do throws(SystemError) {
      try Folders.removeTree(path)
      item.isRemoved = true
    } catch {
      item.problem = error.message
    }
    return item
  }
}
