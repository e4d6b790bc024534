import Coordination
import Presentation
import TuningModel

/// Hosts on which a trial is taken to go equally fast: the same architecture, the same GPUs by name, as many cores, as
/// much memory to the GiB, and the same `slots` and `gpus` in the cluster file.
struct HostGroup {
  /// In the order of the cluster file.
  var hosts: [HostReport]

  /// What they have in common, for people.
  var devices: String { hosts.first.map(Self.devices) ?? "" }

  /// Groups in the order of their first hosts; hosts without a report are in none.
  static func groups(of reports: [HostReport], _ cluster: ClusterOptions) -> [HostGroup] {
    var keys: [String] = []
    var groups: [HostGroup] = []
    for report in reports where report.failure == nil && report.report != nil {
      let key = key(of: report, cluster)
      if let index = keys.firstIndex(of: key) {
        groups[index].hosts.append(report)
      } else {
        keys.append(key)
        groups.append(HostGroup(hosts: [report]))
      }
    }
    return groups
  }

  private static func key(of host: HostReport, _ cluster: ClusterOptions) -> String {
    let memory = (host.report?.whole("memory_bytes") ?? 0) >> 30
    let selection = host.host.gpus ?? cluster.gpus.selection
    return [
      host.facts?.machine ?? "", host.gpuNames.joined(separator: ","), "\(host.report?.whole("cores") ?? 0)",
      "\(memory)", "\(host.host.slots.map { "\($0)" } ?? "-")", selection.json.jsonText(),
    ].joined(separator: "\n")
  }

  private static func devices(_ host: HostReport) -> String {
    let cores = host.report?.whole("cores").map { "\($0) cores" } ?? ""
    let gpus = host.gpuNames.isEmpty ? "" : host.gpuSummary
    return [gpus, cores, host.facts?.machine ?? ""].filter { !$0.isEmpty }.joined(separator: ", ")
  }

  /// Whether its trials are given GPUs.
  func usesGPUs(_ cluster: ClusterOptions) -> Bool {
    guard let first = hosts.first, !first.gpuNames.isEmpty else { return false }
    return (first.host.gpus ?? cluster.gpus.selection) != .none
  }
}
