import ClusterFile
import Coordination
import HostSystem
import Launching

/// What is put onto hosts, and what is kept about them between runs, in the folder that also holds `runs/`.
enum AgentProgram {
  /// The bundle of the agent, made where it is not there yet.
  static func forHosts(_ executable: String, state: String) throws -> HostTask.Program {
    let bundle = try bundle(of: executable, state: state)
    return .bundle(path: bundle.path, hash: bundle.hash, bytes: bundle.bytes)
  }

  /// The bundle of the agent. A coordinator that came in a bundle itself has it with it: what it is made from is elsewhere.
  static func bundle(of executable: String, state: String) throws -> AgentBundle {
    if let folder = ProgramFile.bundleFolder, Files.parent(of: executable) == folder {
      if let carried = CarriedAgent.find(in: folder) { return carried }
      throw ServiceError(.software, "the agent in \(folder) is damaged: remove the folder, and start from afar again")
    }
    do throws(BundleError) {
      return try AgentBundle.make(executable: executable, cache: state + "/bundles")
    } catch {
      throw ServiceError(.software, "the agent cannot be packed for the hosts: \(error.message)")
    }
  }

  /// Where the keys of hosts are kept that `host_keys: accept-new` saw for the first time.
  static func knownHosts(state: String) -> String { state + "/known_hosts" }
}

extension RunFolder {
  /// Puts the changed cluster file with that hash in place of the one before: the fact of it is in the journal. Also what
  /// a coordinator began that died between the fact and this.
  func adoptNextClusterFile(expecting hash: String) {
    guard let text = try? Files.read(nextClusterFile, limit: ClusterFile.sizeLimit), SHA256.hash(text) == hash else {
      return
    }
    try? Files.rename(nextClusterFile, to: clusterFile)
    try? Files.syncFolder(path)
  }
}
